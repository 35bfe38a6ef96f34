//! Errors sorted by what a program does about them.

use http::StatusCode;

use super::{EncoderError, Error, TransportError};

/// The kinds of [`Error`]: one for each exception of the Python client, and those of the files on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `VersionMismatch`: the server's version is not supported.
    VersionMismatch,
    /// `AddressError`: the address cannot be read.
    Address,
    /// `EncoderMissingError`: no such encoding.
    EncoderMissing,
    /// `EncodingError`: a value cannot be encoded.
    Encoding,
    /// `DecodingError`: the answer cannot be decoded.
    Decoding,
    /// `ProtocolError`: the answer is none of the Kubo RPC.
    Protocol,
    /// `StatusError`: an error status without a message of the Kubo RPC.
    Status,
    /// `ErrorResponse`: the command failed.
    Response,
    /// `PartialErrorResponse`: the command failed after its answer had begun.
    PartialResponse,
    /// `ConnectionError`: the server cannot be reached, or the connection broke.
    Connection,
    /// `TimeoutError`: no answer in time.
    Timeout,
    /// A file of this machine cannot be read or written.
    File,
    /// The request cannot be written.
    Request,
}

impl ErrorKind {
    /// Whether it is one of `EncoderError`: a value, or its encoding.
    #[must_use]
    pub fn is_encoder(self) -> bool {
        matches!(
            self,
            Self::EncoderMissing | Self::Encoding | Self::Decoding
        )
    }

    /// Whether it is one of `CommunicationError`: the server, or the way to it.
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

    /// Whether the server said that the command failed: `ErrorResponse`, whole or partial.
    #[must_use]
    pub fn is_response(self) -> bool {
        matches!(self, Self::Response | Self::PartialResponse)
    }
}

/// What messages of Kubo say about content, names, pins and keys that do not exist.
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

/// What they say about a command that ran out of time.
const LATE: &[&str] = &["context deadline exceeded", "timed out", "timeout"];

impl Error {
    /// What kind of error it is.
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

    /// The HTTP status of an answer that said no.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } | Self::Response { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What the server said, if it did.
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

    /// Whether the server says that the content, file, pin, key or name that was asked for does not exist. The Kubo RPC has no
    /// status of its own for that: its messages decide.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND) || self.kind().is_response() && self.says(ABSENT)
    }

    /// Whether the server wants credentials, other ones, or refuses this client.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self.status(),
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        )
    }

    /// Whether time ran out, here or at the server.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
            || matches!(
                self.status(),
                Some(StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT)
            )
            || self.kind().is_response() && self.says(LATE)
    }

    /// Whether the same call may succeed a little later: the connection, the time, or a server that is busy. Whether it does
    /// harm twice is another question; see [`Retry`](crate::Retry).
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

    /// Whether the request surely was not carried out, so that sending it again does no harm.
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
