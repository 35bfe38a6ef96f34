//! Kinds of errors.

use http::StatusCode;

use super::{EncoderError, Error, TransportError};

/// The kind of an [`Error`]: one for each exception of the Python client, and two for local problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `VersionMismatch`: the server's version is not supported.
    VersionMismatch,
    /// `AddressError`: the address cannot be parsed.
    Address,
    /// `EncoderMissingError`: no such encoding.
    EncoderMissing,
    /// `EncodingError`: a value cannot be encoded.
    Encoding,
    /// `DecodingError`: the response cannot be decoded.
    Decoding,
    /// `ProtocolError`: the response is not one of the Kubo RPC.
    Protocol,
    /// `StatusError`: an error status without a message of the Kubo RPC.
    Status,
    /// `ErrorResponse`: the command failed.
    Response,
    /// `PartialErrorResponse`: the command failed after the response had started.
    PartialResponse,
    /// `ConnectionError`: the server cannot be reached, or the connection failed.
    Connection,
    /// `TimeoutError`: no response in time.
    Timeout,
    /// A local file cannot be read or written.
    File,
    /// The request cannot be built.
    Request,
}

impl ErrorKind {
    /// Whether it is a subclass of `EncoderError` in Python.
    #[must_use]
    pub fn is_encoder(self) -> bool {
        matches!(self, Self::EncoderMissing | Self::Encoding | Self::Decoding)
    }

    /// Whether it is a subclass of `CommunicationError` in Python.
    #[must_use]
    pub fn is_communication(self) -> bool {
        matches!(
            self,
            Self::Protocol
                | Self::Status
                | Self::Response
                | Self::PartialResponse
                | Self::Connection
                | Self::Timeout
        )
    }

    /// Whether the server reported that the command failed: `ErrorResponse` or `PartialErrorResponse`.
    #[must_use]
    pub fn is_response(self) -> bool {
        matches!(self, Self::Response | Self::PartialResponse)
    }
}

/// Parts of Kubo's messages about content, names, pins and keys that do not exist.
const ABSENT: &[&str] = &[
    "not found",
    "could not find",
    "no link named",
    "does not exist",
    "not pinned",
    "no such",
    "no key named",
    "could not resolve name",
];

/// Parts of messages about commands that timed out.
const LATE: &[&str] = &["context deadline exceeded", "timed out", "timeout"];

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Version(_) => ErrorKind::VersionMismatch,
            Self::Address(_) => ErrorKind::Address,
            Self::Encoder(EncoderError::Missing { .. }) => ErrorKind::EncoderMissing,
            Self::Encoder(EncoderError::Encoding { .. }) => ErrorKind::Encoding,
            Self::Encoder(EncoderError::Decoding { .. }) => ErrorKind::Decoding,
            Self::ContentType { .. } | Self::Empty | Self::TooLong { .. } => ErrorKind::Protocol,
            Self::Status { .. } => ErrorKind::Status,
            Self::Response { .. } => ErrorKind::Response,
            Self::Partial(_) => ErrorKind::PartialResponse,
            Self::Connection(TransportError::ConnectTimeout { .. }) | Self::Timeout { .. } => {
                ErrorKind::Timeout
            }
            Self::Connection(_) | Self::Cut(_) => ErrorKind::Connection,
            Self::Upload(_) | Self::Write { .. } => ErrorKind::File,
            #[cfg(unix)]
            Self::Extract(_) => ErrorKind::File,
            Self::Request(_) => ErrorKind::Request,
        }
    }

    /// The HTTP status of an error response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } | Self::Response { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The message of the server, if there is one.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Status { text, .. } => Some(text),
            Self::Response { error, .. } => Some(&error.message),
            Self::Partial(partial) => Some(partial.message()),
            _ => None,
        }
    }

    fn says(&self, words: &[&str]) -> bool {
        self.message()
            .is_some_and(|message| words.iter().any(|word| message.contains(word)))
    }

    /// Whether the requested content, file, pin, key or name does not exist. The Kubo RPC has no status code for this, so it is
    /// decided by the message.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
            || self.kind().is_response() && self.says(ABSENT)
    }

    /// Whether the server refused the request for lack of valid credentials or permissions.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self.status(),
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        )
    }

    /// Whether the request timed out, here or on the server.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
            || matches!(
                self.status(),
                Some(StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT)
            )
            || self.kind().is_response() && self.says(LATE)
    }

    /// Whether the same call may succeed later: a connection problem, a timeout, or a busy server. It says nothing about whether
    /// repeating the call is safe; see [`Retry`](crate::Retry).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Connection => !matches!(
                self,
                Self::Connection(TransportError::Setup(_) | TransportError::Certificate { .. })
            ),
            ErrorKind::Timeout => true,
            _ => matches!(
                self.status(),
                Some(
                    StatusCode::TOO_MANY_REQUESTS
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::BAD_GATEWAY
                        | StatusCode::GATEWAY_TIMEOUT
                        | StatusCode::REQUEST_TIMEOUT
                )
            ),
        }
    }

    /// Whether the request certainly was not executed, so that it is safe to send it again.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(
            self,
            Self::Connection(
                TransportError::Connect { .. } | TransportError::ConnectTimeout { .. }
            )
        )
    }
}
