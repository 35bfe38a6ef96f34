//! Shared rows for simulations of several processes: one database in memory, with a clock and with connections of the
//! simulation's own.
//!
//! Queries and transactions are those of a SQLite file. They run where they are awaited, without threads, so that a runtime of one
//! thread does the same at each run. Every process has rows of its own, whose [`Connection`] decides which operations
//! fail, and whether those take place.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection as Database, TransactionBehavior};

use super::{Reads, STEPS, SharedSqliteRows, Writer, failed};
use crate::shared::{Millis, SharedError};
use crate::sqlite::prepare;

/// A process's connection to the database.
pub trait Connection: Send + Sync + 'static {
    /// Is awaited before an operation, which does not take place if this fails.
    fn request(&self) -> BoxFuture<'_, Result<(), SharedError>>;

    /// Is awaited after an operation, whose result is lost if this fails.
    fn response(&self) -> BoxFuture<'_, Result<(), SharedError>>;
}

/// A database in memory.
#[derive(Clone)]
pub struct SimulatedDatabase {
    database: Arc<Mutex<Database>>,
}

impl std::fmt::Debug for SimulatedDatabase {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SimulatedDatabase")
            .finish_non_exhaustive()
    }
}

impl SimulatedDatabase {
    /// An empty database, whose clock is this function.
    ///
    /// # Errors
    /// When SQLite fails.
    #[allow(clippy::cast_precision_loss, reason = "a time of milliseconds fits")]
    pub fn new(clock: impl Fn() -> Millis + Send + 'static) -> Result<Self, SharedError> {
        let opening = failed("open");
        let mut database = Database::open_in_memory().map_err(&opening)?;
        database
            .pragma_update(None, "foreign_keys", "ON")
            .map_err(&opening)?;
        prepare(&database).map_err(&opening)?;
        // What all queries read the clock with.
        let seconds = move |_: &rusqlite::functions::Context<'_>| Ok(clock() as f64 / 1_000.0);
        database
            .create_scalar_function("unixepoch", 1, FunctionFlags::SQLITE_UTF8, seconds)
            .map_err(&opening)?;
        STEPS.run(&mut database, Path::new(":memory:"))?;
        Ok(Self {
            database: Arc::new(Mutex::new(database)),
        })
    }

    /// The rows as a process with this connection sees them.
    #[must_use]
    pub fn rows(&self, connection: Arc<dyn Connection>) -> Arc<SharedSqliteRows> {
        let simulated = Simulated {
            database: self.clone(),
            connection,
        };
        Arc::new(SharedSqliteRows {
            writer: Writer::Simulated(simulated.clone()),
            reads: Reads::Simulated(simulated),
        })
    }
}

/// The database as one process sees it.
#[derive(Clone)]
pub(super) struct Simulated {
    database: SimulatedDatabase,
    connection: Arc<dyn Connection>,
}

impl std::fmt::Debug for Simulated {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Simulated").finish_non_exhaustive()
    }
}

impl Simulated {
    pub(super) async fn read<T>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, SharedError>,
    ) -> Result<T, SharedError> {
        self.connection.request().await?;
        let found = read(&self.database.database.lock())?;
        self.connection.response().await?;
        Ok(found)
    }

    pub(super) async fn write<T>(
        &self,
        write: impl FnOnce(&Database) -> Result<T, SharedError>,
    ) -> Result<T, SharedError> {
        self.connection.request().await?;
        let found = self.commit(write)?;
        self.connection.response().await?;
        Ok(found)
    }

    fn commit<T>(
        &self,
        write: impl FnOnce(&Database) -> Result<T, SharedError>,
    ) -> Result<T, SharedError> {
        let writing = failed("write");
        let mut database = self.database.database.lock();
        let transaction = database
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&writing)?;
        let found = write(&transaction)?;
        transaction.commit().map_err(&writing)?;
        Ok(found)
    }
}
