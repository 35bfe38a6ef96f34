//! Errors of data formats.

use cairn_primitives::car::CarError;
use cairn_primitives::cid::CidError;
use cairn_primitives::keys::PeerIdError;
use cairn_primitives::multihash::MAX_DIGEST;
use cairn_primitives::path::PathError;
use cairn_primitives::quote::Quoted;
use cairn_primitives::unixfs::chunker::{ChunkerSpecError, MAX_CHUNK, NumberFault, RabinLabel};
use cairn_primitives::unixfs::hamt::MAX_FANOUT;
use cairn_primitives::unixfs::{BuildError, ReadError};

use super::{KuboText, text};

impl KuboText for PathError {
    fn kubo(&self) -> Option<String> {
        let (path, reason) = match self {
            Self::NotEnoughComponents(path) => {
                (path, "path does not have enough components".to_owned())
            }
            Self::UnknownNamespace { path, namespace } => {
                (path, format!("unknown namespace: {}", Quoted(namespace)))
            }
            Self::Root { path, reason } => (path, text(reason)),
            Self::Mutable(path) => (path, "path was expected to be immutable".to_owned()),
            _ => return None,
        };
        Some(format!("invalid path {}: {reason}", Quoted(path)))
    }
}

impl KuboText for ChunkerSpecError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::Unknown(name) => return Some(format!("unrecognized chunker option: {name}")),
            Self::Zero => "chunker size must be greater than 0",
            Self::TooLarge => {
                return Some(format!(
                    "chunker parameters may not exceed the maximum chunk size of {MAX_CHUNK}"
                ));
            }
            Self::RabinMin => "rabin min must be greater than 16",
            Self::SizeForm => "incorrect chunker string format (expected size-{size})",
            Self::RabinForm => {
                "incorrect format (expected 'rabin' 'rabin-[avg]' or 'rabin-[min]-[avg]-[max]'"
            }
            Self::RabinLabel { expected } => match expected {
                RabinLabel::Min => "first label must be min",
                RabinLabel::Avg => "second label must be avg",
                RabinLabel::Max => "final label must be max",
            },
            Self::RabinMinAvg => "incorrect format: rabin-min must be smaller than rabin-avg",
            Self::RabinAvgMax => "incorrect format: rabin-avg must be smaller than rabin-max",
            Self::Number { text, reason } => {
                let reason = match reason {
                    NumberFault::Syntax => "invalid syntax",
                    NumberFault::Range => "value out of range",
                };
                return Some(format!("strconv.Atoi: parsing {text:?}: {reason}"));
            }
            _ => return None,
        };
        Some(known.to_owned())
    }
}

impl KuboText for PeerIdError {
    fn kubo(&self) -> Option<String> {
        let reason = match self {
            Self::NotBase58 => "input isn't valid multihash".to_owned(),
            Self::Hash(error) => text(error),
            Self::Cid(error) => text(error),
            Self::Codec(codec) => {
                return Some(format!(
                    "can't convert CID of type {} to a peer ID",
                    Quoted(codec)
                ));
            }
            _ => return None,
        };
        Some(format!("failed to parse peer ID: {reason}"))
    }
}

impl KuboText for BuildError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::TooManyLinks => "BasicDirectory: cannot add child: maxLinks reached".to_owned(),
            Self::TooLarge => "object size limit exceeded".to_owned(),
            Self::V0Hash => "CIDv0 only supports sha2-256".to_owned(),
            Self::InlineLimit(limit) => {
                format!("inline-limit {limit} exceeds maximum allowed size of {MAX_DIGEST} bytes")
            }
            Self::Fanout(fanout) => {
                format!("HAMT fanout must be a positive power of 2 and multiple of 8: {fanout}")
            }
            Self::TooDeep => "sharded directory too deep".to_owned(),
            Self::Hash(error) => text(error),
            Self::Leaf(error) => text(error),
            Self::FanoutTooLarge(width) => {
                format!("hamt width ({width}) exceed maximum allowed ({MAX_FANOUT})")
            }
            _ => return None,
        })
    }
}

impl KuboText for ReadError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Wire(reason) => format!("proto: cannot parse invalid wire-format data: {reason}"),
            Self::Missing(field) => format!("proto: required field {field} not set"),
            Self::HashType => "only murmur3 supported as hash function".to_owned(),
            Self::Fanout(fanout) => format!("invalid hamt fanout {fanout}"),
            Self::TooDeep => "sharded directory too deep".to_owned(),
            _ => return None,
        })
    }
}

impl KuboText for CarError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Empty => "EOF".to_owned(),
            Self::Truncated => "unexpected EOF".to_owned(),
            Self::Length(_) => "invalid section length".to_owned(),
            Self::HeaderTooLarge => {
                "invalid header data, length of read beyond allowable maximum".to_owned()
            }
            Self::SectionTooLarge => {
                "invalid section data, length of read beyond allowable maximum".to_owned()
            }
            Self::Root(error) => format!("invalid header: {}", text(error)),
            // An empty section: Kubo fails to read a version.
            Self::Cid(CidError::TooShort) => {
                "invalid cid: varints malformed, could not reach the end".to_owned()
            }
            Self::Cid(error) => text(error),
            Self::Hash(error) => format!("invalid cid: {}", text(error)),
            Self::Version(version) => format!("invalid car version: {version}"),
            Self::PayloadVersion(version) => {
                format!("invalid data payload header version; expected 1, got {version}")
            }
            Self::DataOffset(offset) => format!("invalid data payload offset: {offset}"),
            Self::DataSize(size) => format!("invalid data payload size: {size}"),
            Self::IndexOffset(offset) => format!("invalid index offset: {offset}"),
            Self::Index(reason) => format!("malformed index; {reason}"),
            Self::Mismatch { expected, got } => {
                format!("mismatch in content integrity, expected: {expected}, got: {got}")
            }
            _ => return None,
        })
    }
}
