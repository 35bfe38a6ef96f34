//! Errors of calls.

mod encoder;
mod kind;
mod partial;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

use cairn_wire::CommandError;

pub use self::encoder::EncoderError;
pub use self::kind::ErrorKind;
pub use self::partial::PartialResponse;
pub use self::transport::TransportError;
use crate::address::AddressError;
#[cfg(unix)]
use crate::get::ExtractError;
use crate::transport::BoxError;
use crate::upload::UploadError;
use crate::version::VersionMismatch;

/// Why a call failed.
///
/// [`Self::kind`] maps the variants to the exceptions of the Python client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The version of the server is not supported.
    #[error(transparent)]
    Version(#[from] VersionMismatch),
    /// An address cannot be parsed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A value cannot be encoded or decoded.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// The response is not one of the Kubo RPC. The server may be a different program, or a proxy.
    #[error("the response has the content type {found:?}, expected {expected}")]
    ContentType {
        /// The content type of the command's responses.
        expected: &'static str,
        /// The content type of the response.
        found: String,
    },
    /// The response was cut off.
    #[error("the response was cut off")]
    Cut(#[source] BoxError),
    /// The response has no record, and at least one was expected.
    #[error("the response is empty")]
    Empty,
    /// A record, or content that is read into memory, is larger than the limit.
    #[error("the response is larger than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The server refused the request with a plain text.
    #[error("{}", refusal(*status, text))]
    Status {
        /// The HTTP status.
        status: http::StatusCode,
        /// The text, at most 64 KiB of it.
        text: String,
    },
    /// The command failed, with an error of the Kubo RPC.
    #[error("{}", error.message)]
    Response {
        /// The HTTP status.
        status: http::StatusCode,
        /// The error.
        error: CommandError,
    },
    /// The command failed after the response had started.
    #[error(transparent)]
    Partial(#[from] PartialResponse),
    /// The server cannot be reached.
    #[error(transparent)]
    Connection(#[from] TransportError),
    /// The server did not respond, or did not continue to respond, in time.
    #[error("no response within {} s", limit.as_secs_f64())]
    Timeout {
        /// The timeout.
        limit: Duration,
    },
    /// The content to send cannot be read.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The content cannot be written to a file.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An archive cannot be unpacked.
    #[cfg(unix)]
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// The request cannot be built, for example because a header contains a line break.
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
