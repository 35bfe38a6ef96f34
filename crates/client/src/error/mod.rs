//! What can go wrong with a call.

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

/// Why a call has no answer, or not all of it.
///
/// [`Self::kind`] sorts the variants as the exceptions of the Python client are sorted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's version is not one that this client is meant for.
    #[error(transparent)]
    Version(#[from] VersionMismatch),
    /// An address that cannot be read.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A value cannot be encoded or decoded.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// The answer is none of the Kubo RPC: what listens there may be another program, or a proxy.
    #[error("the answer has the media type {found:?}, where {expected} was expected")]
    ContentType {
        /// What the command answers with.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// The answer ended before its end.
    #[error("the answer was cut off")]
    Cut(#[source] BoxError),
    /// The answer holds no record and must.
    #[error("the answer is empty")]
    Empty,
    /// A record, or content that is held as a whole, is longer than the limit.
    #[error("the answer holds more than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The server refused the request, in words of its own.
    #[error("{}", refusal(*status, text))]
    Status {
        /// The HTTP status.
        status: http::StatusCode,
        /// What it says; cut after 64 KiB.
        text: String,
    },
    /// The command failed, and says so as the Kubo RPC does.
    #[error("{}", error.message)]
    Response {
        /// The HTTP status.
        status: http::StatusCode,
        /// What the server says.
        error: CommandError,
    },
    /// The command failed after the answer had begun.
    #[error(transparent)]
    Partial(#[from] PartialResponse),
    /// The server cannot be reached.
    #[error(transparent)]
    Connection(#[from] TransportError),
    /// The server did not answer, or did not go on answering, in time.
    #[error("no answer within {} s", limit.as_secs_f64())]
    Timeout {
        /// The time that was waited.
        limit: Duration,
    },
    /// What was to be sent cannot be read.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// What arrived cannot be written to a file.
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
    /// The request cannot be written, as a header that holds a line end.
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
