//! Errors that any endpoint can have.

use super::Invalid;

/// Errors that a request to any endpoint can cause.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A parameter is invalid.
    #[error(transparent)]
    Parameter(#[from] Invalid),
    /// The body is invalid.
    #[error("invalid request body: {0}")]
    Body(String),
    /// The body is too long.
    #[error("the request body is longer than {0} bytes")]
    TooLarge(usize),
    /// The credential is missing or invalid, and the API does not say which.
    #[error("access token is missing or invalid")]
    Unauthorized,
    /// The credential is refused, for this reason.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// No endpoint has this path.
    #[error("not found")]
    NoSuchPath,
    /// The path only has endpoints for other methods.
    #[error("method not allowed")]
    Method,
    /// The server failed.
    #[error("internal server error")]
    Internal,
    /// What the server needs, such as its database, cannot be reached; a later attempt may succeed.
    #[error("temporarily unavailable, try again later")]
    Unavailable,
}

/// Why a credential is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denial {
    /// There is none.
    #[error("access token is missing: send `Authorization: Bearer TOKEN`")]
    Missing,
    /// It is not a credential of this server.
    #[error("access token is malformed")]
    Malformed,
    /// There is no such token.
    #[error("access token is not known")]
    Unknown,
    /// The token was revoked.
    #[error("access token was revoked")]
    Revoked,
    /// The token has expired.
    #[error("access token has expired")]
    Expired,
    /// All uses of the token are spent.
    #[error("all uses of the access token are spent")]
    Spent,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The token does not have the scope that the request needs.
    #[error("the access token does not have the scope for this request")]
    Scope,
    /// Too many requests with this token, or too many with wrong tokens from this address.
    #[error("too many requests")]
    TooMany,
}

impl Denial {
    /// The usual status: 401 when another token would help, 403 when it is understood and not enough, 429 when it is
    /// too early. APIs may choose others.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Missing
            | Self::Malformed
            | Self::Unknown
            | Self::Revoked
            | Self::Expired
            | Self::Spent => 401,
            Self::Disabled | Self::Scope => 403,
            Self::TooMany => 429,
        }
    }
}
