//! `/accounts/{account}/tokens`.

use super::{Accounts, CreatedToken, NewToken, TokenPage};
use crate::shape::{Json, NoBody};

endpoint! {
    /// List the tokens of an account, the oldest first.
    pub struct ListTokens: GET "/accounts/{account}/tokens" as "listTokens" of Accounts {
        path {
            /// The name of the account.
            account: String = "account";
        }
        query {
            /// Only tokens behind this number: `next` of the page before.
            after: Option<i64> = Value "after";
            /// Maximum number of tokens.
            limit: u32 = Value "limit", 1..=1000, default 100;
        }
        body: NoBody,
        reply: 200 One<TokenPage>,
        errors: [400, 401, 403, 404],
        access: Scope("accounts:admin"),
        safe: true,
        command: "accounts/tokens/ls",
    }
}

endpoint! {
    /// Create a token. Its text is in the response and is not shown again.
    pub struct CreateToken: POST "/accounts/{account}/tokens" as "createToken" of Accounts {
        path {
            /// The name of the account.
            account: String = "account";
        }
        query {}
        body: Json<NewToken>,
        reply: 201 One<CreatedToken>,
        errors: [400, 401, 403, 404, 409],
        access: Scope("accounts:admin"),
        safe: false,
        command: "accounts/tokens/add",
    }
}

endpoint! {
    /// Revoke a token. It is refused from then on.
    pub struct RevokeToken: DELETE "/accounts/{account}/tokens/{token}" as "revokeToken" of Accounts {
        path {
            /// The name of the account.
            account: String = "account";
            /// The number of the token.
            token: i64 = "token";
        }
        query {}
        body: NoBody,
        reply: 204 Nothing,
        errors: [400, 401, 403, 404],
        access: Scope("accounts:admin"),
        safe: false,
        command: "accounts/tokens/rm",
    }
}
