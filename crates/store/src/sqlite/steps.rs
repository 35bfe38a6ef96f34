//! Migrations of SQLite databases.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::database;
use crate::meta::RowError;

/// The application id and the migrations of a database.
#[derive(Debug)]
pub(crate) struct Steps {
    /// Marks the file (`PRAGMA application_id`).
    pub(crate) application_id: i64,
    /// What each step executes. Step `n` (from 1) makes version `n` of version `n - 1`.
    pub(crate) steps: &'static [&'static str],
}

impl Steps {
    /// The newest version that this program knows.
    fn newest(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }

    /// Checks that a database is ours and not newer than this program, and answers its version.
    pub(crate) fn check(&self, connection: &Connection, path: &Path) -> Result<i64, RowError> {
        let newest = self.newest();
        let read = database("read");
        let application: i64 = connection
            .query_row("PRAGMA application_id", [], |row| row.get(0))
            .map_err(&read)?;
        let version: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(&read)?;
        let fresh = application == 0 && version == 0 && {
            let objects: i64 = connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .map_err(&read)?;
            objects == 0
        };
        if application != self.application_id && !fresh {
            return Err(RowError::Foreign {
                path: path.to_owned(),
            });
        }
        if version > newest {
            return Err(RowError::Newer {
                path: path.to_owned(),
                found: version,
                known: newest,
            });
        }
        Ok(version)
    }

    /// Brings a database to the newest version, whole or not at all.
    pub(crate) fn run(&self, connection: &mut Connection, path: &Path) -> Result<(), RowError> {
        let newest = self.newest();
        if self.check(connection, path)? == newest {
            return Ok(());
        }
        let write = database("migrate");
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&write)?;
        // Again inside the transaction: another process may have been quicker.
        let version = self.check(&transaction, path)?;
        let done = usize::try_from(version).unwrap_or(0);
        for (index, step) in self.steps.iter().enumerate().skip(done) {
            // New rows are brought up from nothing, which needs no warning.
            if done > 0 {
                tracing::info!(path = %path.display(), version = index + 1, "migrating the rows");
            }
            transaction.execute_batch(step).map_err(&write)?;
        }
        transaction
            .pragma_update(None, "application_id", self.application_id)
            .map_err(&write)?;
        transaction
            .pragma_update(None, "user_version", newest)
            .map_err(&write)?;
        transaction.commit().map_err(&write)
    }
}
