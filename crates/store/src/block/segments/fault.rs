//! Failures of the index and the disk, as errors of the store.

use std::io;
use std::sync::Arc;

use crate::block::disk::is_full;
use crate::block::traits::BlockError;

/// Why an index cannot be used and is made again.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexFault {
    #[error("the index is missing")]
    Missing,
    #[error("the index belongs to another store or generation")]
    Foreign,
    #[error("the index is damaged: {0}")]
    Broken(String),
    #[error(transparent)]
    Io(io::Error),
}

impl IndexFault {
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
    if is_full(&error) {
        return BlockError::Full { free: 0, needed: 1 };
    }
    BlockError::Io {
        action,
        source: Arc::new(error),
    }
}

/// A failure of the database.
pub(super) fn database_error(action: &'static str, error: redb::Error) -> BlockError {
    match error {
        redb::Error::Io(error) => failed(action, error),
        redb::Error::Corrupted(what) => failed(
            action,
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "the index is damaged ({what}): start again, and it is rebuilt from the segments"
                ),
            ),
        ),
        other => failed(action, io::Error::other(other)),
    }
}

/// Runs what reads or changes the database. redb panics on pages that are not as it wrote them, since it checks no page
/// that it reads: that is damage, which is answered as such.
pub(super) fn guarded<T>(run: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, redb::Error> {
    // What a panic leaves half done is the transaction, which is dropped, and the database, which is opened anew.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(redb::Error::Corrupted(
            "a page of the index makes no sense".to_owned(),
        ))
    })
}
