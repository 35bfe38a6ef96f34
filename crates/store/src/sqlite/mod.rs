//! Shared code of the SQLite databases: opening, readers and the writer.
//!
//! One thread writes, and commits for all waiting callers at once; readers have their own connections, and WAL lets
//! both run concurrently. `synchronous=FULL` makes a commit a sync: an answered change survives a kill and a power
//! loss. See <https://www.sqlite.org/wal.html>.

mod checkpoint;
pub(crate) mod queue;
pub(crate) mod readers;
mod steps;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub(crate) use self::steps::Steps;
use crate::meta::RowError;

/// How long a connection waits for a lock of another process (there is none in normal use: the repository is locked).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Prepared statements that a connection keeps; the least recently used one gives way.
const STATEMENTS: usize = 128;

/// Makes a [`RowError::Database`] of what SQLite says.
pub(crate) fn database(action: &'static str) -> impl Fn(rusqlite::Error) -> RowError {
    move |source| RowError::Database {
        action,
        source: Arc::new(source),
    }
}

pub(crate) fn opening(
    path: &Path,
    source: impl std::error::Error + Send + Sync + 'static,
) -> RowError {
    RowError::Open {
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

/// Whether a write-ahead log holds pages that the database file lacks.
pub(crate) fn log_waits(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0)
}

/// Makes an empty file that only its owner may read; `false` when there is one. SQLite gives its log the same mode.
fn create_private(path: &Path) -> std::io::Result<bool> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes the file's name durable.
pub(crate) fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
        _ => std::fs::File::open(".")?.sync_all(),
    }
}

/// What every connection needs.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Plans do not depend on the values of parameters. Otherwise SQLite parses a statement again each time one is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn prepare_writing(connection: &Connection) -> rusqlite::Result<()> {
    prepare(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The log is cut to this many bytes when a checkpoint restarts it: a long listing may have let it grow.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // Kibibytes, when negative. The system has the rest of the pages; a larger cache costs more than it saves, because SQLite
    // looks through all of it at the end of a transaction that balanced a tree.
    connection.pragma_update(None, "cache_size", -8_192)?;
    // What a savepoint would undo stays in memory: it would go to a temporary file from 64 KiB on.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

/// Opens a database for writing, and brings it to the newest version; whether it was made.
pub(crate) fn connect(path: &Path, steps: &Steps) -> Result<(Connection, bool), RowError> {
    let created = create_private(path).map_err(|source| opening(path, source))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|source| opening(path, source))?;
    prepare_writing(&connection).map_err(|source| opening(path, source))?;
    checkpoint::install(&mut connection, path).map_err(|source| opening(path, source))?;
    steps.run(&mut connection, path)?;
    Ok((connection, created))
}

/// Moves the log into the database and closes the file.
pub(crate) fn finish(connection: Connection) -> Result<(), RowError> {
    // Not an error when a reader still stands in the way: the log is replayed at the next opening.
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(database("write"))?;
    connection
        .close()
        .map_err(|(_, error)| database("write")(error))
}

/// Runs a part of a transaction that is undone alone when it fails, or the whole transaction where that fails too.
pub(crate) fn alone<E>(
    transaction: &Connection,
    failed: impl Fn(rusqlite::Error) -> E,
    part: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    // Statements that are kept: a `Savepoint` of rusqlite would have each of its own parsed again.
    let run = |statement| {
        let mut statement = transaction.prepare_cached(statement)?;
        statement.execute([]).map(drop)
    };
    run("SAVEPOINT part").map_err(&failed)?;
    let done = part().and_then(|()| run("RELEASE part").map_err(&failed));
    if done.is_err() && !transaction.is_autocommit() {
        let undone = run("ROLLBACK TO part").and_then(|()| run("RELEASE part"));
        if undone.is_err() {
            // Half of the part must not stand with the others.
            drop(transaction.execute_batch("ROLLBACK"));
        }
    }
    done
}
