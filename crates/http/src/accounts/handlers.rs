//! The endpoints.

use cairn_store::shared::{Account, AccountChange, AccountId, SharedRows, TokenId};
use cairn_wire::accounts::{
    AccountPage, CreateAccount, CreateToken, CreatedToken, DeleteAccount, GetAccount,
    GetOwnAccount, ListAccounts, ListTokens, RevokeToken, TokenPage, UpdateAccount,
};

use super::error::{self, Refusal, bad_request, no_account, no_token, rows};
use super::{AccountsFace, convert};
use crate::rest::{Answer, Handler, Input};

/// Maximum lifetime of a token, in seconds: 100 years.
const MAX_LIFETIME: u64 = 3_155_760_000;

/// The size of a page. A full one may be followed by an empty one.
fn page_size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl AccountsFace {
    fn rows(&self) -> &dyn SharedRows {
        self.0.rows()
    }

    async fn named(&self, name: &str) -> Result<Account, Refusal> {
        let found = self.rows().account_named(name).await;
        found
            .map_err(|error| rows(&error))?
            .ok_or_else(|| no_account(name))
    }
}

impl Handler<AccountsFace> for ListAccounts {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let size = page_size(self.limit);
        let found = call
            .service
            .rows()
            .accounts(self.after.map(AccountId), size)
            .await
            .map_err(|error| rows(&error))?;
        let full = found.len() >= size;
        let next = found.last().filter(|_| full).map(|last| last.id.0);
        let accounts = found.into_iter().map(convert::account).collect();
        Ok(AccountPage { accounts, next })
    }
}

impl Handler<AccountsFace> for CreateAccount {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let wanted = call.body;
        let quota = wanted.quota.map(convert::quota).unwrap_or_default();
        let rows = call.service.rows();
        let made = rows.create_account_with(&wanted.name, quota).await;
        made.map(convert::account)
            .map_err(|error| error::rows(&error))
    }
}

impl Handler<AccountsFace> for GetAccount {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let account = call.service.named(&self.account).await?;
        Ok(convert::account(account))
    }
}

impl Handler<AccountsFace> for GetOwnAccount {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let id = call.caller.caller()?.account;
        let found = call.service.rows().account(id).await;
        found
            .map_err(|error| rows(&error))?
            .map(convert::account)
            // Deleted since it was authenticated.
            .ok_or_else(|| cairn_wire::rest::Denial::Unknown.into())
    }
}

impl Handler<AccountsFace> for UpdateAccount {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let id = call.service.named(&self.account).await?.id;
        let store = call.service.rows();
        let change = AccountChange {
            disabled: call.body.disabled,
            quota: call.body.quota.map(convert::quota),
        };
        let changed = store.change_account(id, change).await;
        changed.map_err(|error| rows(&error))?;
        let found = store.account(id).await.map_err(|error| rows(&error))?;
        found
            .map(convert::account)
            .ok_or_else(|| no_account(&self.account))
    }
}

impl Handler<AccountsFace> for DeleteAccount {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let id = call.service.named(&self.account).await?.id;
        let removed = call.service.rows().remove_account(id).await;
        if removed.map_err(|error| rows(&error))? {
            Ok(())
        } else {
            Err(no_account(&self.account))
        }
    }
}

impl Handler<AccountsFace> for ListTokens {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let account = call.service.named(&self.account).await?.id;
        let size = page_size(self.limit);
        let found = call
            .service
            .rows()
            .tokens(account, self.after.map(TokenId), size)
            .await
            .map_err(|error| rows(&error))?;
        let full = found.len() >= size;
        let next = found.last().filter(|_| full).map(|last| last.id.0);
        let tokens = found.into_iter().map(convert::token).collect();
        Ok(TokenPage { tokens, next })
    }
}

impl Handler<AccountsFace> for CreateToken {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let account = call.service.named(&self.account).await?.id;
        if call.body.scopes.is_empty() {
            return Err(bad_request("a token without scopes cannot be used"));
        }
        if call
            .body
            .expires_in
            .is_some_and(|seconds| !(1..=MAX_LIFETIME).contains(&seconds))
        {
            return Err(bad_request(
                "the lifetime has to be between a second and 100 years",
            ));
        }
        let (wanted, form) = convert::wanted(account, call.body);
        let made = call.service.0.create_token(wanted, form).await;
        let (token, text) = made.map_err(|error| rows(&error))?;
        Ok(CreatedToken {
            token: convert::token(token),
            secret: text.reveal().to_owned(),
        })
    }
}

impl Handler<AccountsFace> for RevokeToken {
    async fn handle(self, call: Input<AccountsFace, Self>) -> Result<Answer<Self>, Refusal> {
        let account = call.service.named(&self.account).await?.id;
        let store = call.service.rows();
        let revoked = store.revoke_token(account, TokenId(self.token)).await;
        if revoked.map_err(|error| rows(&error))? {
            Ok(())
        } else {
            Err(no_token())
        }
    }
}
