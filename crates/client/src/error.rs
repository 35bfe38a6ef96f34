//! Errors of requests.

use std::time::Duration;

use cairn_wire::CommandError;

use crate::transport::BoxError;
use crate::upload::UploadError;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command failed, with an error of the Kubo RPC.
    #[error("{}", error.message)]
    Command {
        /// The HTTP status.
        status: http::StatusCode,
        /// What the server says.
        error: CommandError,
    },
    /// The server refused the request with a plain text.
    #[error("{}", refusal(*status, text))]
    Refused {
        /// The HTTP status.
        status: http::StatusCode,
        /// The text, at most 64 KiB of it.
        text: String,
    },
    /// The command failed after the response had started: the `X-Stream-Error` trailer.
    #[error("{0}")]
    Stream(String),
    /// The response was cut off.
    #[error("the response was cut off")]
    Cut(#[source] BoxError),
    /// The response has no record, and at least one was expected.
    #[error("the response is empty")]
    Empty,
    /// A record is not what the endpoint declares.
    #[error("cannot parse the response of the server")]
    Malformed(#[source] serde_json::Error),
    /// A record is too long.
    #[error("a record of the response is longer than {limit} bytes")]
    TooLong {
        /// The bound in bytes.
        limit: usize,
    },
    /// The request did not reach the server.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The content to send could not be read.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The request cannot be built.
    #[error("cannot build the request")]
    Request(#[from] http::Error),
}

fn refusal(status: http::StatusCode, text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        format!("the server answered {status}")
    } else {
        text.to_owned()
    }
}

/// Why a request did not reach a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection could be made, or not within the timeout.
    #[error("cannot connect to {address}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The server's certificate is not trusted, or belongs to another server.
    #[error("the certificate of {address} is not trusted")]
    Certificate {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The request timed out.
    #[error("no response within {} s", limit.as_secs_f64())]
    Timeout {
        /// The bound.
        limit: Duration,
    },
    /// The connection failed before the response started.
    #[error("the connection failed")]
    Broken(#[source] BoxError),
    /// The client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] BoxError),
}

impl Error {
    /// Whether the request certainly was not executed, so that it is safe to send it again.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Transport(TransportError::Connect { .. }))
    }
}
