//! Values that cannot be encoded or decoded.

use crate::transport::BoxError;

/// Why a value cannot be encoded or decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// The requested encoding is not supported by this client.
    #[error("the encoding {encoding:?} is not supported by this client, only json is")]
    Missing {
        /// The encoding.
        encoding: String,
    },
    /// A value cannot be represented in the encoding.
    #[error("the value cannot be encoded as {encoding}")]
    Encoding {
        /// The encoding.
        encoding: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The response is not valid in the encoding, or not what the command returns.
    #[error("cannot parse the response of the server as {encoding}")]
    Decoding {
        /// The encoding.
        encoding: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
}

impl EncoderError {
    pub(crate) fn decoding(encoding: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Decoding {
            encoding,
            source: source.into(),
        }
    }
}
