//! Errors of CIDs, multihashes, multibase texts and varints.

use cairn_primitives::cid::{CidError, FormatError};
use cairn_primitives::multibase::MultibaseError;
use cairn_primitives::multihash::{HashError, HashFunction, MAX_DIGEST, MIN_ALLOWED_DIGEST};
use cairn_primitives::quote::Quoted;
use cairn_primitives::varint::VarintError;

use super::{KuboText, text};

impl KuboText for CidError {
    fn kubo(&self) -> Option<String> {
        let reason = match self {
            Self::TooShort => "cid too short".to_owned(),
            Self::TooLong(length) => format!("cid of {length} characters is too long"),
            Self::Base(error) => text(error),
            Self::NotBase58 => "input isn't valid multihash".to_owned(),
            Self::Version(version) => {
                format!("expected 1 as the cid version number, got: {version}")
            }
            Self::ShortV0 => "not enough bytes for cid v0".to_owned(),
            Self::Varint(error) => text(error),
            Self::Hash(error) => text(error),
            Self::NotV0 { code, length } => format!("invalid hash for cidv0 {code}-{length}"),
            Self::Trailing(_) => "trailing bytes in data buffer passed to cid Cast".to_owned(),
            Self::Bytes(error) => text(&**error),
            _ => return None,
        };
        Some(format!("invalid cid: {reason}"))
    }
}

impl KuboText for FormatError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Ends => "premature end of format string".to_owned(),
            Self::Unknown(letter) => {
                format!("unrecognized specifier in format string: %{letter}")
            }
            _ => return None,
        })
    }
}

impl KuboText for MultibaseError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Empty => "cannot decode multibase for zero length string".to_owned(),
            Self::UnknownPrefix(_) => "selected encoding not supported".to_owned(),
            Self::UnknownBase(name) => format!("unsupported multibase encoding: {name}"),
            Self::Invalid { base, at } => format!("illegal {base} data at input byte {at}"),
            _ => return None,
        })
    }
}

impl KuboText for VarintError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::Truncated => "varints malformed, could not reach the end",
            Self::Overflow => "varints larger than uint63 not supported",
            Self::NotMinimal => "varint not minimally encoded",
            _ => return None,
        };
        Some(known.to_owned())
    }
}

impl KuboText for HashError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Empty => "multihash too short. must be >= 2 bytes".to_owned(),
            Self::Varint(error) => text(error),
            Self::Truncated => "length greater than remaining number of bytes in buffer".to_owned(),
            Self::Trailing(bytes) => {
                format!("multihash length inconsistent: {bytes} bytes follow the digest")
            }
            Self::TooLong { code, length } => format!(
                "digest too large: {} digest got {length} bytes, maximum {MAX_DIGEST}",
                name_of(*code)
            ),
            Self::TooShort { code, length } => format!(
                "digest too small: {} digest got {length} bytes, minimum {MIN_ALLOWED_DIGEST}",
                name_of(*code)
            ),
            Self::NotAllowed => "potentially insecure hash functions not allowed".to_owned(),
            Self::UnknownCode(code) => {
                format!("unknown multihash code {code} ({code:#x}): no such hash registered")
            }
            Self::UnknownName(name) => {
                format!("unrecognized hash function: {}", Quoted(name))
            }
            Self::Length { .. } => "requested length was too large for digest".to_owned(),
            Self::IdentityLength { length, data } => format!(
                "the length of the identity hash ({length}) must be equal to the length of the data ({data})"
            ),
            _ => return None,
        })
    }
}

fn name_of(code: u64) -> String {
    HashFunction::from_code(code).map_or_else(
        |_| format!("unknown({code})"),
        |function| function.name().to_owned(),
    )
}
