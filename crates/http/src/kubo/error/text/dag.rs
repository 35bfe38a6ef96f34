//! Errors of operations on DAGs.

use std::io;

use cairn_dag::export::{CarError, ExportError};
use cairn_dag::filestore::ReferenceProblem;
use cairn_dag::gc::CollectError;
use cairn_dag::pin::{MAX_NAME, PinError, RemoveError};
use cairn_dag::resolve::ResolveError;
use cairn_dag::{FetchError, NodeError};
use cairn_primitives::quote::Quoted;

use super::{KuboText, text};

impl KuboText for FetchError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Offline { cid } => format!(
                "block was not found locally (offline): ipld: could not find {}",
                cid.to_raw()
            ),
            Self::NotFound { cid } => format!("ipld: could not find {}", cid.to_raw()),
            Self::Exchange(error) => text(error),
            Self::Store(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for NodeError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Fetch(error) => text(error),
            Self::NotUnixFs { .. } => {
                "proto: required field ipfs.boxo.ipld.unixfs.pb.Data.Type not set".to_owned()
            }
            Self::UnknownType { .. } => "unknown node type".to_owned(),
            Self::Directory(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for ResolveError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::NoKey(name) => format!("key not found: {}", Quoted(name)),
            Self::NotAnIndex(name) => format!(
                "invalid segment for lookup on a list: {0}: strconv.ParseInt: parsing {0}: invalid syntax",
                Quoted(name)
            ),
            Self::WrongKind { kind, file } => {
                let node = if *file { "data.Bytes" } else { kind };
                format!(
                    "func called on wrong kind: \"LookupBySegment\" called on a {node} node (kind: {kind}), but only makes sense on map or list"
                )
            }
            Self::Node(error) => text(error),
            Self::Name(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for ExportError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::IsDirectory => "this dag node is a directory",
            Self::NegativeOffset => "cannot specify negative offset",
            Self::NegativeLength => "cannot specify negative length",
            Self::CompressionLevel => "compression level must be between 1 and 9",
            Self::NotRegular { .. } => "file is not regular",
            Self::OutsideRoot => {
                "relative UnixFS paths outside the root are not allowed, use CAR instead"
            }
            Self::Node(error) => return Some(text(error)),
            _ => return None,
        };
        Some(known.to_owned())
    }
}

impl KuboText for CarError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Root(error) => text(error),
            Self::Block { cid, error } => {
                let hint = match error {
                    NodeError::Fetch(FetchError::Offline { .. }) => {
                        " (currently offline, perhaps retry after attaching to the network)"
                    }
                    _ => "",
                };
                format!("could not load link \"{cid}\": {}{hint}", text(error))
            }
            _ => return None,
        })
    }
}

impl KuboText for PinError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::Incomplete(error) => format!("pin: {}", text(error)),
            Self::AlreadyRecursive { cid } => format!("pin: {cid} already pinned recursively"),
            Self::NotPinned => "not pinned or pinned indirectly".to_owned(),
            Self::FromNotPinned => "'from' cid was not recursively pinned already".to_owned(),
            Self::ToPinned => "'to' cid was already recursively pinned".to_owned(),
            Self::UnknownKind(kind) => format!(
                "invalid type '{kind}', must be one of {{direct, indirect, recursive, all}}"
            ),
            Self::NameTooLong { length } => {
                format!("pin name is {length} bytes (max {MAX_NAME} bytes)")
            }
            Self::Node(error) => text(error),
            Self::Rows(error) => text(error),
            Self::Store(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for RemoveError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { cid } => format!("ipld: could not find {cid}"),
            Self::Check(error) => format!("pin check failed: {}", text(error)),
            Self::Store(error) => text(error),
            _ => return None,
        })
    }
}

impl KuboText for CollectError {
    fn kubo(&self) -> Option<String> {
        match self {
            Self::Store(error) => Some(text(error)),
            Self::Rows(error) => Some(text(error)),
            _ => None,
        }
    }
}

impl KuboText for ReferenceProblem {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::NotCid { text: given, error } => format!("{given}: {}", text(error)),
            Self::Missing { cid } => format!("ipld: could not find {cid}"),
            Self::Open { path, error } => format!("open {}: {}", path.display(), system(error)),
            Self::Short => "EOF".to_owned(),
            Self::Changed { path, offset } => {
                format!("data in file did not match. {path} offset {offset}")
            }
            Self::Reference(fault) => text(fault),
            Self::Store(error) => text(error),
            _ => return None,
        })
    }
}

/// The text of a system error as Go formats it: in lower case and without the number.
fn system(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if error.raw_os_error().is_some() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
