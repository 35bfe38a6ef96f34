//! Why a call has no answer.

use cairn_wire::rest::{Api, Endpoint, Invalid};
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::error::{Error, TransportError};
use crate::transport::BoxError;
use crate::upload::UploadError;

/// Why a call has no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<E: std::fmt::Debug> {
    /// The API refused the request.
    #[error("the server answered {status}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// What the API says.
        error: E,
    },
    /// The request failed after the answer had begun.
    #[error("the server failed after its response had started")]
    Interrupted {
        /// What the API says.
        error: E,
    },
    /// The answer is not what the endpoint declares.
    #[error("cannot parse the response of the server ({status})")]
    Malformed {
        /// The HTTP status.
        status: StatusCode,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A header of the answer is not what the endpoint declares.
    #[error("cannot parse a header of the response")]
    Header(#[source] Invalid),
    /// The answer was cut off, or is longer than is held: 16 MiB of one value.
    #[error("cannot read the response")]
    Cut(#[source] BoxError),
    /// The content to send could not be read.
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

/// How a call of an endpoint fails.
pub type ErrorOf<E> = CallError<<<E as Endpoint>::Api as Api>::Error>;

impl<E: std::fmt::Debug + DeserializeOwned> CallError<E> {
    /// An error that came while the answer was read.
    pub(super) fn reading(error: Error) -> Self {
        match error {
            Error::Partial(partial) => match serde_json::from_str(partial.message()) {
                Ok(error) => Self::Interrupted { error },
                Err(_) => Self::Cut(partial.message().into()),
            },
            Error::Cut(source) => Self::Cut(source),
            Error::Upload(error) => Self::Upload(error),
            other => Self::Cut(Box::new(other)),
        }
    }
}
