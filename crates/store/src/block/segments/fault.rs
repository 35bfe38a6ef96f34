//! Failures of the index and the disk, as errors of the store.

use std::io;
use std::sync::Arc;

use crate::block::traits::BlockError;

/// Why an index cannot be used and is made again.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("the index is missing")]
    Missing,
    #[error("the index belongs to another store or generation")]
    Foreign,
    #[error("the index is damaged: {0}")]
    Broken(String),
    #[error(transparent)]
    Io(io::Error),
}

impl Unusable {
    /// A failure of the disk may pass; one of the database does not.
    pub(super) fn from_block_error(error: BlockError) -> Self {
        match error {
            BlockError::Io { source, .. }
                if !matches!(
                    source.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) && source.get_ref().is_none() =>
            {
                Self::Io(source.kind().into())
            }
            other => Self::Broken(
                std::error::Error::source(&other)
                    .map_or_else(|| other.to_string(), ToString::to_string),
            ),
        }
    }
}

pub(super) fn broken(error: impl std::fmt::Display) -> BlockError {
    failed(
        "read the index of",
        io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
    )
}

/// An I/O failure of the store.
pub(super) fn failed(action: &'static str, error: io::Error) -> BlockError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            BlockError::Full { free: 0, needed: 1 }
        }
        _ => BlockError::Io {
            action,
            source: Arc::new(error),
        },
    }
}

/// A failure of the database.
pub(super) fn database_error(action: &'static str, error: redb::Error) -> BlockError {
    match error {
        redb::Error::Io(error) => failed(action, error),
        other => failed(action, io::Error::other(other)),
    }
}
