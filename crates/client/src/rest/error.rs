//! Errors of calls of REST APIs.

use std::time::Duration;

use cairn_wire::rest::{Api, Endpoint, Invalid};
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::address::AddressError;
use crate::error::{Error, TransportError};
use crate::transport::BoxError;
use crate::upload::UploadError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<E: std::fmt::Debug> {
    /// The API refused the request.
    #[error("the server answered {status}")]
    #[non_exhaustive]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The error of the API.
        error: E,
        /// How long the server asks to wait before the request is repeated.
        retry_after: Option<Duration>,
    },
    /// The request failed after the response had started.
    #[error("the server failed after its response had started")]
    Interrupted {
        /// The error of the API.
        error: E,
    },
    /// The request failed after the response had started, as the server's own text says.
    #[error("the server failed after its response had started: {0}")]
    Ended(String),
    /// The response is not what the endpoint declares. A proxy may have sent it.
    #[error("cannot parse the response of the server ({status})")]
    #[non_exhaustive]
    Malformed {
        /// The HTTP status.
        status: StatusCode,
        /// How long the server asks to wait before the request is repeated.
        retry_after: Option<Duration>,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A header of the response is not what the endpoint declares.
    #[error("cannot parse a header of the response")]
    Header(#[source] Invalid),
    /// The response was cut off, or is larger than what is held in memory: 16 MiB for one value.
    #[error("cannot read the response")]
    Cut(#[source] BoxError),
    /// Nothing was sent or received for too long.
    #[error("no response within {} s", limit.as_secs_f64())]
    Timeout {
        /// The timeout.
        limit: Duration,
    },
    /// The content to send cannot be read.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The request did not reach the server.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The request cannot be built.
    #[error("cannot build the request")]
    Request(#[from] http::Error),
    /// The body cannot be written as JSON.
    #[error("cannot build the request body")]
    Body(#[source] serde_json::Error),
}

/// Whether the same request may succeed later if it had this status.
pub(crate) fn is_retryable(status: StatusCode) -> bool {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => true,
        StatusCode::NOT_IMPLEMENTED => false,
        other => other.is_server_error(),
    }
}

/// The error of a call of an endpoint.
pub type ErrorOf<E> = CallError<<<E as Endpoint>::Api as Api>::Error>;

impl<E: std::fmt::Debug> CallError<E> {
    /// The HTTP status of an error response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::Malformed { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long the server asks to wait before the request is repeated.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::Malformed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the request certainly was not executed, so that it is safe to send it again.
    #[must_use]
    pub fn is_unexecuted(&self) -> bool {
        match self {
            Self::Transport(error) => matches!(
                error,
                TransportError::Connect { .. } | TransportError::ConnectTimeout { .. }
            ),
            _ => matches!(
                self.status(),
                Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            ),
        }
    }

    /// Whether the same call may succeed later: a connection problem, a timeout, or a failing server. It says nothing about
    /// whether repeating the call is safe.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => !matches!(
                error,
                TransportError::Setup(_) | TransportError::Certificate { .. }
            ),
            Self::Timeout { .. } | Self::Cut(_) | Self::Interrupted { .. } | Self::Ended(_) => true,
            _ => self.status().is_some_and(is_retryable),
        }
    }
}

impl<E: std::fmt::Debug + DeserializeOwned> CallError<E> {
    /// An error that occurred while the response was read.
    pub(super) fn reading(error: Error) -> Self {
        match error {
            Error::Partial(partial) => match serde_json::from_str(partial.message()) {
                Ok(error) => Self::Interrupted { error },
                Err(_) => Self::Ended(partial.message().to_owned()),
            },
            Error::Cut(source) => Self::Cut(source),
            Error::Upload(error) => Self::Upload(error),
            Error::Timeout { limit } => Self::Timeout { limit },
            other => Self::Cut(Box::new(other)),
        }
    }
}

/// Why a client could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The address cannot be parsed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A header, such as that of the access token, contains characters that are invalid there.
    #[error("the header {name} has an invalid value")]
    Header {
        /// The name of the header.
        name: String,
        /// Why.
        #[source]
        source: http::Error,
    },
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Transport(#[from] TransportError),
}
