//! Accounts and their tokens: who may call the services, and how often.

mod error;
mod jwt;
mod rates;
mod settings;
mod text;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use cairn_store::shared::{
    AccountId, NewToken, Scopes, SharedError, SharedRows, Token, TokenHash, TokenId,
};
use tokio::sync::OnceCell;

pub use self::error::AuthError;
use self::rates::Rates;
pub use self::rates::{Limit, Rate};
pub use self::settings::AccountSettings;
pub use self::text::{TOKEN_PREFIX, TokenText};

/// The name of the secret that signs JSON Web Tokens.
const SIGNING: &str = "token-signing";

/// The authenticated caller of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The token; absent for callers that need none, such as commands of the node's owner.
    pub token: Option<TokenId>,
    /// The token's name.
    pub token_name: String,
    /// The token's scopes.
    pub scopes: Scopes,
}

impl From<Token> for Caller {
    fn from(token: Token) -> Self {
        Self {
            account: token.account,
            token: Some(token.id),
            token_name: token.name,
            scopes: token.scopes,
        }
    }
}

/// The API of a request: each has its own rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateClass {
    /// The pinning service, and accounts and tokens.
    Pinning,
    /// The upload API.
    Upload,
}

/// The outcome of [`Accounts::admit`].
#[derive(Debug)]
pub struct Admission {
    /// Where the token stands; absent if there is no limit.
    pub rate: Option<Rate>,
    /// The caller, or why it is refused.
    pub outcome: Result<Caller, AuthError>,
}

/// The form of a new token's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenForm {
    /// Random.
    #[default]
    Random,
    /// A JSON Web Token as those of nft.storage.
    Jwt,
}

/// Accounts and tokens in shared rows, and the rates of one process.
#[derive(Debug)]
pub struct Accounts {
    rows: Rows,
    uploads: Option<Rates<TokenHash>>,
    pinning: Option<Rates<TokenHash>>,
    failures: Option<Rates<IpAddr>>,
    signing: OnceCell<jwt::Secret>,
}

struct Rows(Arc<dyn SharedRows>);

impl std::fmt::Debug for Rows {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SharedRows")
    }
}

impl Accounts {
    /// The accounts of these rows.
    #[must_use]
    pub fn new(rows: Arc<dyn SharedRows>, settings: &AccountSettings) -> Self {
        Self {
            rows: Rows(rows),
            uploads: settings.upload_rate.map(Rates::new),
            pinning: settings.pinning_rate.map(Rates::new),
            failures: settings.failures.map(Rates::new),
            signing: OnceCell::new(),
        }
    }

    /// The shared rows.
    #[must_use]
    pub fn rows(&self) -> &dyn SharedRows {
        &*self.rows.0
    }

    /// Accepts a token for one use, whatever its rate. It needs one of the scopes in `needed`, unless there are none.
    /// Refusals do not count as uses.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn authenticate(&self, bearer: &str, needed: Scopes) -> Result<Caller, AuthError> {
        let hash = self.hash(bearer).await?;
        Ok(self.rows.0.use_token(hash, needed).await??.into())
    }

    /// As [`Accounts::authenticate`], within the limits: the rate of the token, and of failures of the client's
    /// address. Refusals because of them do not count as uses.
    pub async fn admit(
        &self,
        bearer: &str,
        needed: Scopes,
        class: RateClass,
        client: Option<IpAddr>,
    ) -> Admission {
        let refused = |rate, error| Admission {
            rate,
            outcome: Err(error),
        };
        let hash = match self.hash(bearer).await {
            Ok(hash) => hash,
            Err(error) => return refused(None, self.failed(client, error)),
        };
        let rates = match class {
            RateClass::Pinning => self.pinning.as_ref(),
            RateClass::Upload => self.uploads.as_ref(),
        };
        // A token that was accepted before is held against its rate before the database is asked.
        let known = rates.and_then(|rates| rates.count_known(&hash));
        if let Some(error) = known.as_ref().and_then(limited) {
            return refused(known, error);
        }
        if known.is_none()
            && let Some(error) = self.searching(client)
        {
            return refused(None, error);
        }
        match self.rows.0.use_token(hash, needed).await {
            Ok(Ok(token)) => Admission {
                rate: known.or_else(|| rates.map(|rates| rates.count(hash))),
                outcome: Ok(token.into()),
            },
            Ok(Err(refusal)) => {
                let error = AuthError::from(refusal);
                let error = match (&error, known) {
                    (AuthError::Scope, _) | (_, Some(_)) => error,
                    _ => self.failed(client, error),
                };
                refused(known, error)
            }
            Err(error) => refused(known, error.into()),
        }
    }

    /// Why nothing is looked up for an address that has failed too often.
    fn searching(&self, client: Option<IpAddr>) -> Option<AuthError> {
        let failures = self.failures.as_ref()?;
        limited(&failures.refused(&network(client?))?)
    }

    /// Counts a failed attempt; beyond the limit it does not say any more what was wrong.
    fn failed(&self, client: Option<IpAddr>, error: AuthError) -> AuthError {
        match (&self.failures, client, &error) {
            (_, _, AuthError::Rows(_)) | (None, ..) | (_, None, _) => error,
            (Some(failures), Some(client), _) => {
                limited(&failures.count(network(client))).unwrap_or(error)
            }
        }
    }

    /// The hash of a credential that can be a token's.
    async fn hash(&self, bearer: &str) -> Result<TokenHash, AuthError> {
        if bearer.is_empty() {
            return Err(AuthError::Missing);
        }
        let is_token = bearer.len() <= text::MAX_TEXT
            && if jwt::is_jwt(bearer) {
                jwt::verify(self.signing().await?, bearer).is_some()
            } else {
                text::is_token(bearer)
            };
        if is_token {
            Ok(TokenHash::of(bearer))
        } else {
            Err(AuthError::Malformed)
        }
    }

    async fn signing(&self) -> Result<&jwt::Secret, SharedError> {
        let secret = || async { self.rows.0.secret(SIGNING, random()?).await };
        self.signing.get_or_try_init(secret).await
    }

    /// Creates a token, and its text, which cannot be shown again.
    ///
    /// # Errors
    /// As [`cairn_store::shared::TokenRows::create_token`].
    pub async fn create_token(
        &self,
        wanted: WantedToken,
        form: TokenForm,
    ) -> Result<(Token, TokenText), SharedError> {
        let text = match form {
            TokenForm::Random => TokenText::new(random()?),
            TokenForm::Jwt => {
                let issued = self.rows.0.now().await?;
                let signed = jwt::sign(self.signing().await?, wanted.account, issued, &wanted.name)
                    .map_err(|_| SharedError::BadName {
                        reason: "cannot be written as JSON",
                    })?;
                TokenText::signed(signed)
            }
        };
        let new = NewToken {
            account: wanted.account,
            name: wanted.name,
            scopes: wanted.scopes,
            hash: text.hash(),
            lifetime: wanted.lifetime,
            max_uses: wanted.max_uses,
        };
        let token = self.rows.0.create_token(new).await?;
        Ok((token, text))
    }
}

/// A token to create.
#[derive(Clone, Debug)]
pub struct WantedToken {
    /// Whose it is.
    pub account: AccountId,
    /// Its name, unique among the account's tokens that are not revoked.
    pub name: String,
    /// Its scopes.
    pub scopes: Scopes,
    /// Its lifetime; unlimited if absent.
    pub lifetime: Option<Duration>,
    /// Maximum number of uses, at least 1; unlimited if absent.
    pub max_uses: Option<u64>,
}

/// The refusal of a request beyond its rate.
fn limited(rate: &Rate) -> Option<AuthError> {
    Some(AuthError::RateLimited {
        limit: rate.limit,
        remaining: rate.remaining,
        reset: rate.reset,
        retry_after: rate.retry_after?,
    })
}

/// Who shares the limit of an address: users of IPv6 have whole networks.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

fn random() -> Result<[u8; 32], SharedError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| SharedError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
