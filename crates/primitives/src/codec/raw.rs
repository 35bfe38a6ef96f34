//! Raw: bytes without structure.

use bytes::Bytes;

use super::CodecError;
use crate::ipld::Ipld;

/// The whole block as one value.
#[must_use]
pub fn decode(bytes: &Bytes) -> Ipld {
    Ipld::Bytes(bytes.clone())
}

/// The bytes of a value that is bytes.
///
/// # Errors
/// [`CodecError::Unsupported`] for every other kind.
pub fn encode(value: &Ipld) -> Result<Vec<u8>, CodecError> {
    match value {
        Ipld::Bytes(bytes) => Ok(bytes.to_vec()),
        _ => Err(CodecError::Unsupported {
            codec: "raw",
            reason: "only bytes can be written",
        }),
    }
}
