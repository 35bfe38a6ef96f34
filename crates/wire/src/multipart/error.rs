//! Why a body cannot be read.

use super::MAX_HEADERS;

/// Why a body is not what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The content type names no boundary, or one that RFC 2046 forbids.
    #[error("no multipart boundary param in Content-Type")]
    Boundary,
    /// The body ends before its closing boundary.
    #[error("unexpected EOF")]
    Truncated,
    /// A part's header fields are longer than any that are meant.
    #[error("the header of a part is longer than {MAX_HEADERS} bytes")]
    Headers,
    /// Something else stands where a boundary has to.
    #[error("the multipart body is malformed: {0}")]
    Malformed(&'static str),
    /// A part is not quoted-printable, though its header says so.
    #[error("a part is not quoted-printable: {0}")]
    QuotedPrintable(&'static str),
    /// The connection broke.
    #[error("the request body could not be read: {0}")]
    Read(String),
}
