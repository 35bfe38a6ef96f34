//! Errors of shared rows.

use std::sync::Arc;

use cairn_primitives::Cid;
use rusqlite::ErrorCode;

use crate::meta::RowError;

/// Why an operation on shared rows failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharedError {
    /// The URL is invalid. It is not shown, because it may contain a password.
    #[error("invalid database URL: {reason}")]
    Url {
        /// Why.
        reason: &'static str,
    },
    /// The database does not answer; a later attempt may succeed.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Transactions of others were in the way, again and again; a later attempt may succeed.
    #[error("the shared rows are changed by too many others at once")]
    Conflict(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The database failed.
    #[error("cannot {action} the shared rows")]
    Database {
        /// The failed action: `read accounts`, `migrate`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The database was written by a newer version.
    #[error(
        "the shared rows have version {found}, but this program supports versions up to {known}"
    )]
    Newer {
        /// Version of the database.
        found: i64,
        /// Newest supported version.
        known: i64,
    },
    /// The SQLite file cannot be used.
    #[error(transparent)]
    File(RowError),
    /// The name is taken.
    #[error("{what} with that name already exists")]
    Taken {
        /// `an account`, `a token`.
        what: &'static str,
    },
    /// A pin of one kind cannot become one of another.
    #[error("{cid} is pinned in another way")]
    OtherKind {
        /// The CID.
        cid: Cid,
    },
    /// The parent row does not exist.
    #[error("there is no such {what}")]
    Missing {
        /// `account`.
        what: &'static str,
    },
    /// An invalid name.
    #[error("the name {reason}")]
    BadName {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A number out of range.
    #[error("{what} is out of range")]
    Range {
        /// What it is of.
        what: &'static str,
    },
    /// A quota of the account is exhausted.
    #[error("the account's quota on {what} is exhausted")]
    Quota {
        /// `pins`, `bytes`.
        what: &'static str,
    },
    /// An idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A row is invalid.
    #[error("the shared rows are damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// The system has no random bytes.
    #[error("the system has no random bytes")]
    Random,
    /// The thread of the operation ended early.
    #[error("the operation on the shared rows was interrupted")]
    Interrupted,
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
}

impl SharedError {
    /// Whether a SQLite file itself is damaged, and not only unusable for now: locked, not permitted, on a disk that is full
    /// or fails.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Database { source, .. }
            | Self::File(RowError::Open { source, .. } | RowError::Database { source, .. }) => {
                !is_passing(&**source)
            }
            Self::File(error) => !matches!(error, RowError::Newer { .. } | RowError::Closed),
            _ => false,
        }
    }
}

fn is_passing(source: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let code = source
        .downcast_ref::<rusqlite::Error>()
        .and_then(rusqlite::Error::sqlite_error_code);
    source.is::<std::io::Error>()
        || matches!(
            code,
            Some(
                ErrorCode::PermissionDenied
                    | ErrorCode::CannotOpen
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::OutOfMemory
                    | ErrorCode::ReadOnly
                    | ErrorCode::SystemIoFailure
            )
        )
}

impl From<RowError> for SharedError {
    fn from(error: RowError) -> Self {
        match error {
            RowError::Closed => Self::Closed,
            RowError::Newer { found, known, .. } => Self::Newer { found, known },
            RowError::Database { action, source } => Self::Database { action, source },
            other => Self::File(other),
        }
    }
}
