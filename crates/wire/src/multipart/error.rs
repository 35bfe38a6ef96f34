//! The error of the decoder.

use super::MAX_HEADERS;

/// Why a multipart body cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The content type has no boundary, or one that RFC 2046 forbids.
    #[error("the Content-Type names no valid multipart boundary")]
    Boundary,
    /// The body ends before its closing boundary.
    #[error("the multipart body ends before its closing boundary")]
    Truncated,
    /// The header of a part is too long.
    #[error("the header of a part is longer than {MAX_HEADERS} bytes")]
    Headers,
    /// A boundary was expected and something else was found.
    #[error("the multipart body is malformed: {0}")]
    Malformed(&'static str),
    /// A part is not valid quoted-printable, as its header declares.
    #[error("a part is not valid quoted-printable: {0}")]
    QuotedPrintable(&'static str),
    /// The connection broke.
    #[error("the request body could not be read: {0}")]
    Read(String),
}
