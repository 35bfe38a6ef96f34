//! The steps that bring a database of rows to the newest form: numbered, forward only, never edited once released.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::RowError;
use super::sql::database;

/// What each step executes. Step `n` (from 1) makes version `n` of version `n - 1`.
const STEPS: &[&str] = &[
    include_str!("0001_pins.sql"),
    include_str!("0002_references.sql"),
    include_str!("0003_state.sql"),
];

/// The first version with references. What is older can still be read: it has none.
pub(super) const REFERENCES: i64 = 2;

/// The first version that says what the pins must be.
pub(super) const STATE: i64 = 3;

/// The oldest version that can be read without a migration.
pub(super) const READABLE: i64 = 1;

/// The newest version that this program knows.
pub(super) const NEWEST: i64 = STEPS.len() as i64;

/// Marks a SQLite file as Cairn's rows (`PRAGMA application_id`): "CrnR".
const APPLICATION_ID: i64 = 0x4372_6e52;

/// Checks that a database is ours and not newer than this program, and answers its version.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, RowError> {
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
    if application != APPLICATION_ID && !fresh {
        return Err(RowError::Foreign {
            path: path.to_owned(),
        });
    }
    if version > NEWEST {
        return Err(RowError::Newer {
            path: path.to_owned(),
            found: version,
            known: NEWEST,
        });
    }
    Ok(version)
}

/// Brings a database to [`NEWEST`], whole or not at all.
pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), RowError> {
    if check(connection, path)? == NEWEST {
        return Ok(());
    }
    let write = database("migrate");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&write)?;
    // Again inside the transaction: another process may have been quicker.
    let version = check(&transaction, path)?;
    let done = usize::try_from(version).unwrap_or(0);
    for (index, step) in STEPS.iter().enumerate().skip(done) {
        // New rows are brought up from nothing, which is no news.
        if done > 0 {
            tracing::info!(path = %path.display(), version = index + 1, "bringing the rows to a newer version");
        }
        transaction.execute_batch(step).map_err(&write)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(&write)?;
    transaction
        .pragma_update(None, "user_version", NEWEST)
        .map_err(&write)?;
    transaction.commit().map_err(&write)
}
