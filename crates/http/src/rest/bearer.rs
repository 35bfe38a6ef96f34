//! Authentication of APIs whose callers have tokens of accounts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_primitives::with_causes;
use cairn_services::accounts::{Accounts, Admission, AuthError, Caller, Rate, RateClass};
use cairn_store::shared::{Scopes, SharedError};
use cairn_wire::rest::{Access, Denial, Fault, Scheme};
use http::{HeaderMap, HeaderName, header};

use super::Attempt;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The caller of an endpoint, which is nobody where anyone may call it.
#[derive(Clone, Debug)]
pub struct Visitor(Option<Caller>);

impl Visitor {
    /// The caller of an endpoint that needs a scope.
    ///
    /// # Errors
    /// [`Denial::Missing`] for the caller of an open endpoint.
    pub fn caller(&self) -> Result<&Caller, Denial> {
        self.0.as_ref().ok_or(Denial::Missing)
    }
}

/// The scopes of which a token needs one, by the scope that an endpoint declares.
fn needed(scope: &str) -> Option<Scopes> {
    Some(match scope {
        "pins:read" => Scopes::PIN.and(Scopes::READ),
        "pins:write" => Scopes::PIN,
        "uploads:read" => Scopes::UPLOAD.and(Scopes::READ),
        "uploads:write" => Scopes::UPLOAD,
        "accounts:self" => Scopes::default(),
        "accounts:admin" => Scopes::ADMIN,
        _ => return None,
    })
}

/// Authenticates a caller by its token, within its rate. The headers say where the rate stands: `x-ratelimit-limit`,
/// `x-ratelimit-remaining`, `x-ratelimit-reset` (seconds since 1970) and, for refusals, `Retry-After` (seconds).
///
/// # Errors
/// [`Fault::Denied`]; [`Fault::Unavailable`] when the database cannot be reached.
pub async fn authenticate(
    accounts: &Accounts,
    class: RateClass,
    attempt: &Attempt<'_>,
    headers: &mut HeaderMap,
) -> Result<Visitor, Fault> {
    let Access::Scope(scope) = attempt.access else {
        return Ok(Visitor(None));
    };
    let Some(needed) = needed(scope) else {
        tracing::error!(scope, "an endpoint declares an unknown scope");
        return Err(Fault::Internal);
    };
    let credential = attempt.credential?;
    if credential.scheme != Scheme::Bearer {
        return Err(Denial::Malformed.into());
    }
    let Admission { rate, outcome } = accounts
        .admit(credential.secret, needed, class, attempt.client)
        .await;
    if let Some(rate) = rate {
        write_rate(&rate, headers);
    }
    match outcome {
        Ok(caller) => Ok(Visitor(Some(caller))),
        Err(error) => {
            if let AuthError::RateLimited { retry_after, .. } = &error {
                headers.insert(header::RETRY_AFTER, seconds(*retry_after).max(1).into());
            }
            Err(fault(&error))
        }
    }
}

fn fault(error: &AuthError) -> Fault {
    match error {
        AuthError::Missing => Denial::Missing,
        AuthError::Malformed => Denial::Malformed,
        AuthError::Unknown => Denial::Unknown,
        AuthError::Revoked => Denial::Revoked,
        AuthError::Disabled => Denial::Disabled,
        AuthError::Expired => Denial::Expired,
        AuthError::Spent => Denial::Spent,
        AuthError::Scope => Denial::Scope,
        AuthError::RateLimited { .. } => Denial::TooMany,
        AuthError::Rows(error) => return rows_fault(error),
        other => {
            tracing::error!(error = %other, "cannot authenticate a caller");
            return Fault::Internal;
        }
    }
    .into()
}

/// The fault of an error of the shared rows that is not the caller's. It is logged with its causes, which the caller
/// does not see.
pub fn rows_fault(error: &SharedError) -> Fault {
    let causes = with_causes(error);
    match error {
        SharedError::Unreachable(_)
        | SharedError::Conflict(_)
        | SharedError::Closed
        | SharedError::Interrupted => {
            tracing::warn!(causes, "the shared rows cannot be used");
            Fault::Unavailable
        }
        _ => {
            tracing::error!(causes, "an operation on the shared rows failed");
            Fault::Internal
        }
    }
}

fn write_rate(rate: &Rate, headers: &mut HeaderMap) {
    headers.insert(LIMIT, rate.limit.into());
    headers.insert(REMAINING, rate.remaining.into());
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    headers.insert(RESET, seconds(now + rate.reset).into());
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
