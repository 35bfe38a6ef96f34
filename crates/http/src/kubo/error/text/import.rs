//! Errors of imports.

use cairn_dag::import::{CarFault, ImportError, OptionError};
use cairn_primitives::codec::CodecError;

use super::{KuboText, text};

pub(super) const BIG_BLOCK: &str = "produced block is over 2MiB: big blocks can't be exchanged with other peers. consider using UnixFS for automatic chunking of bigger files, or pass --allow-big-block to override";

impl KuboText for ImportError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::EntryExists => "directory already has entry by that name",
            Self::FileExists => "file already exists",
            Self::UnnamedDirectory => "no path given to Mkdir",
            Self::NoEntries => "expected a file argument",
            Self::NoReference => "missing file path or URL, can't create filestore reference",
            Self::ReferencesOff => {
                "either the filestore or the urlstore must be enabled to use nocopy, see: https://github.com/ipfs/kubo/blob/master/docs/experimental-features.md#ipfs-filestore"
            }
            Self::BigBlock => BIG_BLOCK,
            Self::Option(error) => return Some(text(error)),
            Self::Chunker(error) => return Some(text(error)),
            Self::Cid(error) => return Some(text(error)),
            Self::Hash(error) => return Some(text(error)),
            Self::InvalidCid(error) => return Some(format!("invalid cid: {}", text(error))),
            Self::Build(error) => return Some(text(error)),
            Self::Car { place, fault } => {
                return Some(format!("import failed{place}: {}", text(fault)));
            }
            Self::CarHeader(error) => return Some(text(error)),
            Self::Codec(error) => return Some(text(error)),
            Self::Store(error) => return Some(text(error)),
            _ => return None,
        };
        Some(known.to_owned())
    }
}

impl KuboText for CarFault {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Archive(error) => text(error),
            Self::Block(error @ CodecError::Unknown(_)) => {
                format!("could not choose a decoder: {}", text(error))
            }
            Self::Block(error) => text(error),
            Self::BigBlock => BIG_BLOCK.to_owned(),
            _ => return None,
        })
    }
}

impl KuboText for OptionError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::NanosWithoutSeconds => {
                "option \"mtime-nsecs\" requires \"mtime\" to be provided as well"
            }
            Self::Nanos => "mtime nanoseconds must be in range [1, 999999999]",
            Self::ReferenceLeaves => "nocopy option requires '--raw-leaves' to be enabled as well",
            Self::RawLeavesMetadata => {
                "raw-leaves can't be used with UnixFS metadata like mode or modification time"
            }
            Self::OnlyHashToFiles => "only-hash and to-files options are not compatible",
            Self::NameWithoutPin => "pin-name option requires pin to be set",
            Self::WrapToFiles => "wrap-with-directory and to-files options are not compatible",
            Self::V0Hash => "CIDv0 only supports sha2-256",
            // The wrong digit is Kubo's.
            Self::V0Digest => "only sha2-255-32 is allowed with CIDv0",
            Self::TwoCodecs => {
                "unable to use \"format\" (deprecated) and a custom \"cid-codec\" at the same time"
            }
            Self::Fanout(fanout) => {
                return Some(format!(
                    "HAMT fanout must be a power of 2, between 8 and 1024 (got {fanout})"
                ));
            }
            Self::InlineLimit { limit, most } => {
                return Some(format!(
                    "inline-limit {limit} exceeds maximum allowed size of {most} bytes"
                ));
            }
            Self::PinName { length, most } => {
                return Some(format!("pin name is {length} bytes (max {most} bytes)"));
            }
            Self::CidVersion(version) => return Some(format!("unknown CID version: {version}")),
            Self::Hash(name) => {
                return Some(format!("unrecognized multihash function: {name}"));
            }
            Self::Codec(name) => {
                return Some(text(&CodecError::UnknownName(name.clone())));
            }
            _ => return None,
        };
        Some(known.to_owned())
    }
}
