//! Rows in SQLite: one file next to the blocks.
//!
//! One thread writes, and commits for all waiting callers at once; readers have their own connections, and WAL lets
//! both run concurrently. `synchronous=FULL` makes a commit a sync: an answered change survives a kill and a power
//! loss. See <https://www.sqlite.org/wal.html>.

mod mfs;
mod names;
mod open;
mod pins;
mod references;
mod salvage;
mod state;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _};

pub use self::open::{RecoveredRows, RowsLocation};
pub use self::salvage::SalvagedReferences;
use self::writer::{Change, Writer};
use super::migrations;
use super::{RowError, Rows};
use crate::sqlite::readers::{self, Readers};
use crate::sqlite::{self, database, log_waits, opening, sync_parent};

/// Key of the fact that names the block store.
const STORE_ID: &str = "store_id";

/// Rows in one SQLite file.
#[derive(Debug)]
pub struct SqliteRows {
    /// `None` when opened for reading.
    writer: Option<Writer>,
    readers: Readers,
    /// `false` for a file of an old version that was opened for reading: it has no references.
    has_references: bool,
    /// `false` for a file of an old version that was opened for reading: it has no IPNS records.
    has_names: bool,
    /// `false` for a file of an old version that was opened for reading: it has no pins of the services.
    has_services: bool,
    /// `false` for a file of an old version that was opened for reading: nothing says what its pins must be.
    has_state: bool,
    id: Option<String>,
}

impl SqliteRows {
    /// Opens the rows at `path`. Unless `read_only`, the file is created if missing and migrated to the newest
    /// version.
    ///
    /// # Errors
    /// [`RowError::Newer`] for a file of a newer program, [`RowError::Older`] when `read_only` and the file is too
    /// old to be read as it is, [`RowError::Foreign`] for another program's database, [`RowError::Open`] when it cannot be opened.
    pub fn open(path: impl Into<PathBuf>, read_only: bool) -> Result<Arc<Self>, RowError> {
        let path = path.into();
        if read_only {
            return Self::open_for_reading(&path);
        }
        let (mut connection, created) = sqlite::connect(&path, &migrations::LOCAL)?;
        let (id, now) = open::id_and_state(&mut connection)?;
        Self::started(&path, connection, created, id, now, None)
    }

    fn open_for_reading(path: &Path) -> Result<Arc<Self>, RowError> {
        let first =
            match readers::connect(path, false).and_then(|connection| probe(connection, path)) {
                Ok(opened) => Ok((opened, false)),
                // SQLite wants to make its shared memory file beside a WAL database. Where the folder cannot be written,
                // nobody else writes either, and the file can be read as it is, unless a log waits to be replayed.
                Err(RowError::Open { .. } | RowError::Database { .. })
                    if path.is_file() && !log_waits(path) =>
                {
                    readers::connect(path, true)
                        .and_then(|connection| probe(connection, path))
                        .map(|opened| (opened, true))
                }
                Err(error) => Err(error),
            };
        let ((connection, version), immutable) = first?;
        if version < migrations::READABLE {
            return Err(RowError::Older {
                path: path.to_owned(),
                found: version,
                known: migrations::READABLE,
            });
        }
        let has_state = version >= migrations::STATE;
        let id = match has_state {
            true => state::read(&connection)?.map(|(id, _)| id),
            false => None,
        };
        let readers = Readers::new(path.to_owned(), immutable);
        readers.give_back(connection);
        Ok(Arc::new(Self {
            writer: None,
            readers,
            has_references: version >= migrations::REFERENCES,
            has_names: version >= migrations::NAMES,
            has_services: version >= migrations::SERVICES,
            has_state: id.is_some(),
            id,
        }))
    }

    fn writer(&self) -> Result<&Writer, RowError> {
        self.writer.as_ref().ok_or(RowError::ReadOnly)
    }
}

fn probe(connection: Connection, path: &Path) -> Result<(Connection, i64), RowError> {
    let version = migrations::LOCAL.check(&connection, path)?;
    Ok((connection, version))
}

/// The block store that a database names.
fn store_id(connection: &Connection) -> Result<Option<String>, RowError> {
    connection
        .prepare_cached("SELECT value FROM fact WHERE key = ?1")
        .and_then(|mut statement| statement.query_row([STORE_ID], |row| row.get(0)).optional())
        .map_err(database("read"))
}

impl Rows for SqliteRows {
    fn store_id(&self) -> Result<Option<String>, RowError> {
        store_id(&*self.readers.take()?)
    }

    fn bind<'a>(&'a self, store_id: &'a str) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(async move {
            let fact = Change::Fact {
                key: STORE_ID,
                value: store_id.to_owned(),
            };
            self.writer()?.apply(vec![fact]).await
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            // Readers first: the writer's last checkpoint then has the file to itself.
            self.readers.close();
            match &self.writer {
                Some(writer) => writer.close().await,
                None => Ok(()),
            }
        })
    }
}
