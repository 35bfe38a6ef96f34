//! Why a request is not let in.

use std::time::Duration;

use cairn_store::shared::{SharedError, TokenRefusal};

/// Why a credential is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// There is none.
    #[error("no token was given")]
    Missing,
    /// The text is not that of a token, or its signature is wrong.
    #[error("the text of the token is malformed")]
    Malformed,
    /// There is no such token.
    #[error("there is no such token")]
    Unknown,
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// Its account is disabled.
    #[error("the account of the token is disabled")]
    Disabled,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// Its uses are spent.
    #[error("all uses of the token are spent")]
    Spent,
    /// It has none of the needed scopes.
    #[error("the token does not have the scope for this request")]
    Scope,
    /// Too many requests with this token, or too many failed attempts from this address.
    #[error("too many requests: at most {limit}, try again in {retry_after:?}")]
    RateLimited {
        /// Maximum number of requests in a period.
        limit: u32,
        /// How many are left.
        remaining: u32,
        /// The time until all are available again.
        reset: Duration,
        /// The time until the next request is accepted.
        retry_after: Duration,
    },
    /// The rows cannot be read.
    #[error("cannot check the token")]
    Rows(#[from] SharedError),
}

impl From<TokenRefusal> for AuthError {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Revoked => Self::Revoked,
            TokenRefusal::Disabled => Self::Disabled,
            TokenRefusal::Expired => Self::Expired,
            TokenRefusal::Spent => Self::Spent,
            TokenRefusal::Scope => Self::Scope,
            // Refusals of later versions say no more to us.
            _ => Self::Unknown,
        }
    }
}
