//! Errors of opening and closing a node.

use std::path::PathBuf;
use std::sync::Arc;

use cairn_dag::mfs::MfsError;
use cairn_store::BlockError;
use cairn_store::meta::RowError;
use cairn_store::shared::SharedError;

use crate::init::SeedError;
use crate::repo::RepoError;

/// Why a node cannot be opened or closed. [`NodeError::hint`] says what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The repository cannot be used.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The rows cannot be used.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The block store cannot be used.
    #[error(transparent)]
    Store(BlockError),
    /// The block store cannot be opened.
    #[error("cannot open the block store in {}", path.display())]
    OpenStore {
        /// Its folder.
        path: PathBuf,
        /// Whether `repo repair` can help.
        repairable: bool,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The database of the services cannot be repaired.
    #[error("cannot repair the database of the services")]
    Services(#[source] SharedError),
    /// The last changes of the mutable file system could not be flushed.
    #[error("cannot flush the last changes of the mutable file system")]
    Flush(#[source] MfsError),
    /// A new repository could not be filled.
    #[error("cannot initialize the new repository")]
    Seed(#[source] SeedError),
    /// A part did not close in time.
    #[error("{part} did not stop within {seconds} s")]
    Slow {
        /// Which: `the tasks`, `the mutable file system`, `the rows`, `the block store`.
        part: &'static str,
        /// The timeout, in seconds.
        seconds: u64,
    },
}

impl NodeError {
    /// A hint what to do, as a sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Repo(error) => error.hint(),
            Self::Rows(RowError::Newer { .. }) => {
                Some("Use the program version that created it, or a newer one.".to_owned())
            }
            Self::Rows(error) if error.is_full() => Some(
                "Free some space on the disk, at least 16 MiB; then `cairn pin rm` and `cairn repo gc` free more."
                    .to_owned(),
            ),
            Self::Rows(
                RowError::Lost { .. }
                | RowError::Other { .. }
                | RowError::Damaged { .. }
                | RowError::Foreign { .. }
                | RowError::Open { .. }
                | RowError::Database { .. }
                | RowError::Journal { .. },
            ) => Some(
                "Restore the file from a backup, or run `cairn repo repair`: it renames the file and restores the pins \
                 from their journal."
                    .to_owned(),
            ),
            Self::OpenStore {
                repairable: true, ..
            } => Some(
                "Restore the missing files from a backup, or run `cairn repo repair`: it keeps all existing blocks."
                    .to_owned(),
            ),
            Self::Rows(RowError::Older { .. }) => {
                Some("Open the repository once for writing, which migrates it.".to_owned())
            }
            Self::Store(BlockError::Full { .. }) => {
                Some("Free space on the disk, or unpin and run `cairn repo gc`.".to_owned())
            }
            _ => None,
        }
    }
}
