//! Values that cannot be encoded or decoded.

use crate::transport::BoxError;

/// Why a value cannot be encoded or decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// This client does not read or write the encoding that was asked for.
    #[error("the encoding {encoding:?} is not one that this client knows; it knows json")]
    Missing {
        /// The encoding.
        encoding: String,
    },
    /// A value has no form in the encoding.
    #[error("the value cannot be encoded as {encoding}")]
    Encoding {
        /// The encoding.
        encoding: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// Bytes from the server are not what the encoding, or the command, says.
    #[error("the server's answer is not understood as {encoding}")]
    Decoding {
        /// The encoding.
        encoding: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
}

impl EncoderError {
    pub(crate) fn decoding(
        encoding: &'static str,
        source: impl Into<BoxError>,
    ) -> Self {
        Self::Decoding {
            encoding,
            source: source.into(),
        }
    }
}
