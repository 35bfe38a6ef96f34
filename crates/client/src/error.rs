//! What can go wrong with a request.

use std::time::Duration;

use cairn_wire::CommandError;

use crate::transport::BoxError;
use crate::upload::UploadError;

/// Why a request has no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command failed, and says so as the Kubo RPC does.
    #[error("{}", error.message)]
    Command {
        /// The HTTP status.
        status: http::StatusCode,
        /// What the server says.
        error: CommandError,
    },
    /// The server refused the request, in words of its own.
    #[error("{}", refusal(*status, text))]
    Refused {
        /// The HTTP status.
        status: http::StatusCode,
        /// What it says; cut after 64 KiB.
        text: String,
    },
    /// The command failed after the answer had begun: the `X-Stream-Error` trailer.
    #[error("{0}")]
    Stream(String),
    /// The answer ended before its end.
    #[error("the answer was cut off")]
    Cut(#[source] BoxError),
    /// The answer holds no record and must.
    #[error("the answer is empty")]
    Empty,
    /// A record is not what the endpoint declares.
    #[error("the server's answer is not understood")]
    Malformed(#[source] serde_json::Error),
    /// A record is longer than any should be.
    #[error("a record of the answer is longer than {limit} bytes")]
    TooLong {
        /// The bound in bytes.
        limit: usize,
    },
    /// The request did not reach the server.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// What was to be sent could not be read.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The request cannot be written.
    #[error("the request cannot be written")]
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
    /// Nobody listens there, or not within the time to connect.
    #[error("cannot connect to {address}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The server's certificate is not one to be trusted, or is another server's.
    #[error("the certificate of {address} cannot be trusted")]
    Certificate {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// No answer came in time.
    #[error("no answer within {} s", limit.as_secs_f64())]
    Timeout {
        /// The bound.
        limit: Duration,
    },
    /// The connection failed before the answer began.
    #[error("the connection failed")]
    Broken(#[source] BoxError),
    /// The client itself could not be made.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] BoxError),
}

impl Error {
    /// Whether the request surely was not carried out, so that sending it again does no harm.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Transport(TransportError::Connect { .. }))
    }
}
