//! Errors of the Pinning Service API.

use std::time::Duration;

use cairn_wire::pinning::Failure;
use http::StatusCode;

use super::Pin;
use crate::paging::PagingError;
use crate::rest::{CallError, is_retryable};

/// Why a call of a pinning service failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinningError {
    /// The service refused the request.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The service could not pin the content.
    #[error("the service could not pin {}{}", pin.cid, details(pin))]
    Failed {
        /// The request, with the reason in [`Pin::status_details`].
        pin: Box<Pin>,
    },
    /// The content was not pinned within the time limit of [`WaitForPin`](super::WaitForPin). The request continues.
    #[error("{} is still {} after {} s{}", pin.cid, pin.status.name(), waited.as_secs(), details(pin))]
    Unfinished {
        /// The request as it was last seen.
        pin: Box<Pin>,
        /// The time limit.
        waited: Duration,
    },
    /// A field of a response cannot be parsed.
    #[error("the response of the service has an invalid {field}: {text:?}")]
    Response {
        /// The field.
        field: &'static str,
        /// Its content, at most 256 characters of it.
        text: String,
    },
    /// Not all pins can be listed: the API pages by creation time, and more were created at this time than fit a page.
    #[error(
        "more than {limit} pins were created at {created}, so that the API cannot list them all"
    )]
    Unpageable {
        /// The creation time, as RFC 3339.
        created: String,
        /// The size of a page.
        limit: u32,
    },
    /// The random source of the system failed, which makes idempotency keys.
    #[error("the random source of the system failed")]
    Random(#[source] getrandom::Error),
    /// There was no valid response.
    #[error(transparent)]
    Call(CallError<Failure>),
}

/// The error response of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service refused the request: {}", details.as_deref().unwrap_or(reason))]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// A code for programs, such as `NOT_FOUND`.
    pub reason: String,
    /// A text for people.
    pub details: Option<String>,
    /// How long the service asks to wait before the request is repeated.
    pub retry_after: Option<Duration>,
}

fn details(pin: &Pin) -> String {
    pin.status_details()
        .map(|details| format!(": {details}"))
        .unwrap_or_default()
}

impl From<CallError<Failure>> for PinningError {
    fn from(error: CallError<Failure>) -> Self {
        match error {
            CallError::Refused {
                status,
                error,
                retry_after,
            } => Self::Refused(Refusal {
                status,
                reason: error.error.reason,
                details: error.error.details.filter(|details| !details.is_empty()),
                retry_after,
            }),
            other => Self::Call(other),
        }
    }
}

impl From<PagingError> for PinningError {
    fn from(error: PagingError) -> Self {
        match error {
            PagingError::Time(text) => Self::Response {
                field: "created",
                text,
            },
            PagingError::Unpageable { created, limit } => Self::Unpageable { created, limit },
        }
    }
}

impl PinningError {
    /// The HTTP status of an error response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Call(error) => error.status(),
            _ => None,
        }
    }

    /// The service's code for programs, such as `NOT_FOUND`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.reason),
            _ => None,
        }
    }

    /// Whether there is no such pin request.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the access token is missing, invalid, or does not allow the request.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self.status(),
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        )
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(refusal) => is_retryable(refusal.status),
            Self::Unfinished { .. } => true,
            Self::Call(error) => error.is_retryable(),
            _ => false,
        }
    }
}
