//! Shared rows in SQLite: one file, for one process.

mod accounts;
mod cluster;
pub(super) mod copy;
mod pins;
mod releases;
mod secrets;
pub mod simulate;
mod tokens;
mod uploads;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use self::simulate::Simulated;
use self::writer::Writer;
use super::{Millis, SharedError, SharedRows};
use crate::sqlite::readers::Readers;
use crate::sqlite::{Steps, connect, opening, sync_parent};

/// Reads that run at once; others wait.
const READS: usize = 8;

/// The clock, in milliseconds since 1970.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}
use now;

const STEPS: Steps = Steps {
    // "CrnS".
    application_id: 0x4372_6e53,
    steps: &[
        include_str!("../migrations/sqlite/0001_accounts.sql"),
        include_str!("../migrations/sqlite/0002_quotas.sql"),
        include_str!("../migrations/sqlite/0003_pins.sql"),
        include_str!("../migrations/sqlite/0004_uploads.sql"),
        include_str!("../migrations/sqlite/0005_cluster.sql"),
        include_str!("../migrations/sqlite/0006_identity.sql"),
        include_str!("../migrations/sqlite/0007_cluster_orders.sql"),
    ],
};

/// Shared rows in one SQLite file.
#[derive(Debug)]
pub struct SharedSqliteRows {
    writer: Writer,
    reads: Reads,
}

/// Where reads are made.
#[derive(Debug)]
enum Reads {
    /// Off the runtime, so many at once as there are permits.
    Pool(Arc<Readers>, Arc<Semaphore>),
    /// In a simulation.
    Simulated(Simulated),
}

/// The time, by the clock of the database.
fn clock(connection: &Connection) -> Result<Millis, SharedError> {
    connection
        .prepare_cached(concat!("SELECT ", now!()))
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(failed("read the clock of"))
}

/// Makes a [`SharedError::Database`] of what SQLite says.
fn failed(action: &'static str) -> impl Fn(rusqlite::Error) -> SharedError {
    move |source| SharedError::Database {
        action,
        source: Arc::new(source),
    }
}

impl SharedSqliteRows {
    /// Opens the file, which is made if it is absent, and brings it to the newest version.
    ///
    /// # Errors
    /// [`SharedError::Newer`] for a file of a newer program, [`SharedError::File`] when it cannot be used.
    pub async fn open(path: PathBuf) -> Result<Arc<Self>, SharedError> {
        let opened = tokio::task::spawn_blocking(move || {
            let (connection, created) = connect(&path, &STEPS)?;
            connection
                .pragma_update(None, "foreign_keys", "ON")
                .map_err(|source| opening(&path, source))?;
            if created {
                sync_parent(&path).map_err(|source| opening(&path, source))?;
            }
            let writer = Writer::start(connection).map_err(|source| opening(&path, source))?;
            Ok(Arc::new(Self {
                writer,
                reads: Reads::Pool(
                    Arc::new(Readers::new(path, false)),
                    Arc::new(Semaphore::new(READS)),
                ),
            }))
        });
        opened.await.map_err(|_| SharedError::Interrupted)?
    }

    /// Reads every page; opening reads only a few.
    ///
    /// # Errors
    /// [`SharedError::Damaged`] for pages that do not fit together, [`SharedError::Database`] for those that cannot be read.
    pub async fn check(&self) -> Result<(), SharedError> {
        self.read(|connection| {
            let found: String = connection
                .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
                .map_err(failed("check"))?;
            if found == "ok" {
                return Ok(());
            }
            Err(SharedError::Damaged {
                what: "pages do not fit together",
            })
        })
        .await
    }

    /// Reads a row by its key. That takes microseconds, less than another thread needs to begin, so it is done here if a
    /// connection is open.
    async fn read_row<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, SharedError> + Send + 'static,
    ) -> Result<T, SharedError> {
        if let Reads::Pool(readers, _) = &self.reads
            && let Some(connection) = readers.take_idle()
        {
            return read(&connection);
        }
        self.read(read).await
    }

    /// Reads off the runtime.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, SharedError> + Send + 'static,
    ) -> Result<T, SharedError> {
        let (readers, reads) = match &self.reads {
            Reads::Pool(readers, reads) => (Arc::clone(readers), Arc::clone(reads)),
            Reads::Simulated(simulated) => return simulated.read(read).await,
        };
        let permit = reads.acquire_owned().await;
        let permit = permit.map_err(|_| SharedError::Closed)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let connection = readers.take()?;
            read(&connection)
        });
        done.await.map_err(|_| SharedError::Interrupted)?
    }
}

impl SharedRows for SharedSqliteRows {
    fn now(&self) -> BoxFuture<'_, Result<Millis, SharedError>> {
        Box::pin(self.read(clock))
    }

    fn identity(&self) -> BoxFuture<'_, Result<String, SharedError>> {
        Box::pin(self.read(|connection| {
            connection
                .query_row("SELECT id FROM identity", [], |row| row.get(0))
                .map_err(failed("read the identity of"))
        }))
    }

    fn is_shared(&self) -> bool {
        matches!(self.reads, Reads::Simulated(_))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), SharedError>> {
        Box::pin(async {
            // Readers first: the writer's last checkpoint then has the file to itself.
            if let Reads::Pool(readers, _) = &self.reads {
                readers.close();
            }
            Ok(self.writer.close().await?)
        })
    }
}
