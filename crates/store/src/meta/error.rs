//! Errors of local rows.

use std::path::PathBuf;
use std::sync::Arc;

use crate::block::disk::is_full;

/// Why a row operation failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The database failed.
    #[error("cannot {action} the rows")]
    Database {
        /// The failed action: `read`, `write`, `migrate`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The file cannot be opened as a database.
    #[error("cannot open the rows in {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The database was written by a newer version.
    #[error("the rows in {} have version {found}, but this program supports versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Newest supported version.
        known: i64,
    },
    /// The database needs a migration, which is not possible when opened read-only.
    #[error("the rows in {} have version {found}, but reading them requires version {known}", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Version that is needed.
        known: i64,
    },
    /// The database belongs to another program.
    #[error("{} is not a database of rows", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is missing, empty, or has nothing of its block store, though that store had pins.
    #[error("{} {what}, but its block store has pins", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// What is wrong with it: `is missing`, `is empty`.
        what: &'static str,
    },
    /// The rows belong to another block store, or to another state of this one.
    #[error("the rows in {} belong to {found}, not to {expected}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// The store that they name.
        found: String,
        /// The id of the block store.
        expected: String,
    },
    /// The journal of the pins cannot be read or written.
    #[error("cannot {action} the pin journal")]
    Journal {
        /// What was being done: `read`, `write`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The file of a key cannot be read or changed.
    #[error("cannot {action} the key in {}", path.display())]
    KeyFile {
        /// What was being done: `read`, `write`, `remove`.
        action: &'static str,
        /// The file, or the directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// An invalid key or key name.
    #[error("invalid key: {reason}")]
    BadKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The thread of the operation ended early.
    #[error("the change of the rows was interrupted")]
    Interrupted,
    /// A row is invalid.
    #[error("the rows are damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// Too many readers at once.
    #[error("too many concurrent reads: at most {limit}")]
    Busy {
        /// The maximum.
        limit: usize,
    },
    /// The repository was opened read-only.
    #[error("the repository is read-only")]
    ReadOnly,
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
}

impl RowError {
    /// Whether the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Database { source, .. } | Self::Open { source, .. } => {
                let code = source
                    .downcast_ref::<rusqlite::Error>()
                    .and_then(rusqlite::Error::sqlite_error);
                source.downcast_ref().is_some_and(is_full)
                    || code.is_some_and(|error| {
                        // The latter is the index of the log, which cannot grow.
                        error.code == rusqlite::ErrorCode::DiskFull
                            || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
                    })
            }
            Self::Journal { source, .. } | Self::KeyFile { source, .. } => is_full(source),
            _ => false,
        }
    }
}
