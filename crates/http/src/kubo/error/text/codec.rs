//! Errors of codecs.

use cairn_primitives::codec::CodecError;
use cairn_primitives::quote::Quoted;

use super::{KuboText, text};

impl KuboText for CodecError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Unknown(codec) => format!(
                "no decoder registered for multicodec code {0} ({0:#x})",
                codec.0
            ),
            Self::UnknownEncoder(codec) => format!(
                "no encoder registered for multicodec code {0} ({0:#x})",
                codec.0
            ),
            Self::UnknownName(name) => format!("unknown multicodec: {}", Quoted(name)),
            Self::Truncated(codec) => format!("{codec}: unexpected EOF"),
            Self::Payload(error) => format!("payload is not a valid CID: {}", text(error)),
            Self::TooLarge(codec) => {
                format!("{codec}: message structure demanded too many resources to process")
            }
            Self::RepeatedKey(key) => format!("cannot repeat map key {}", Quoted(key)),
            Self::Missing(fields) => format!("missing required fields: {fields}"),
            Self::UnknownField { map, key } => {
                format!("invalid key for map {map}: {}: no such field", Quoted(key))
            }
            _ => return None,
        })
    }
}
