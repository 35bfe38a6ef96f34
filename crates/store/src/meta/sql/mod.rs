//! Rows in SQLite: one file beside the blocks.
//!
//! One thread writes, and commits for all who wait at once; readers have connections of their own, and WAL lets both
//! run side by side. `synchronous=FULL` makes a commit a sync: an answered change survives a kill and a power loss.
//! See <https://www.sqlite.org/wal.html>.

mod beside;
mod readers;
mod references;
mod state;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::{Cid, Multihash};
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension, Row};

pub use self::beside::{Beside, Rescued};
use self::readers::Readers;
use self::writer::{Change, Writer};
use super::migrations;
use super::sum::PinSum;
use super::{
    Pin, PinChange, PinFilter, PinMode, Reference, ReferenceChange, ReferenceOrder, RowError, Rows,
};

/// How long a connection waits for a lock of another process (there is none in normal use: the repository is locked).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Key of the fact that names the block store.
const STORE_ID: &str = "store_id";

/// Key of the fact that names the root of the mutable file system.
const MFS_ROOT: &str = "mfs_root";

/// Makes a [`RowError::Database`] of what SQLite says.
pub(super) fn database(action: &'static str) -> impl Fn(rusqlite::Error) -> RowError {
    move |source| RowError::Database {
        action,
        source: Arc::new(source),
    }
}

/// Rows in one SQLite file.
#[derive(Debug)]
pub struct SqliteRows {
    /// `None` when opened for reading.
    writer: Option<Writer>,
    readers: Readers,
    /// `false` for a file of an old version that was opened for reading: it has no references.
    has_references: bool,
    /// `false` for a file of an old version that was opened for reading: nothing says what its pins must be.
    has_state: bool,
    id: Option<String>,
}

impl SqliteRows {
    /// Opens the rows at `path`. When they may be written, the file is made if it is absent and brought to the newest
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
        let (mut connection, created) = beside::connect(&path)?;
        let (id, now) = beside::settled(&mut connection)?;
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
            has_state: id.is_some(),
            id,
        }))
    }

    fn writer(&self) -> Result<&Writer, RowError> {
        self.writer.as_ref().ok_or(RowError::ReadOnly)
    }
}

fn opening(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> RowError {
    RowError::Open {
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

fn probe(connection: Connection, path: &Path) -> Result<(Connection, i64), RowError> {
    let version = migrations::check(&connection, path)?;
    Ok((connection, version))
}

/// Whether a write-ahead log holds pages that the database file lacks.
fn log_waits(path: &Path) -> bool {
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
fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
        _ => std::fs::File::open(".")?.sync_all(),
    }
}

fn prepare_writing(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The log is cut to this many bytes when a checkpoint restarts it: a long listing may have let it grow.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // Kibibytes, when negative: a million pins are 60 MB, and random inserts touch all of it.
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(())
}

/// The block store that a database names.
fn store_id(connection: &Connection) -> Result<Option<String>, RowError> {
    connection
        .prepare_cached("SELECT value FROM fact WHERE key = ?1")
        .and_then(|mut statement| statement.query_row([STORE_ID], |row| row.get(0)).optional())
        .map_err(database("read"))
}

pub(super) const fn mode_number(mode: PinMode) -> i64 {
    match mode {
        PinMode::Recursive => 0,
        PinMode::Direct => 1,
    }
}

/// Reads a pin of the columns `cid, mode, name`.
fn read_pin(row: &Row<'_>) -> Result<Pin, RowError> {
    let damaged = |what: &str| RowError::Damaged {
        what: what.to_owned(),
    };
    let column = |index| row.get_ref(index).map_err(database("read"));
    let bytes = column(0)?
        .as_blob()
        .map_err(|_| damaged("a pin's CID is no blob"))?;
    let cid = Cid::from_bytes(bytes).map_err(|error| RowError::Damaged {
        what: format!("a pin's CID cannot be read: {error}"),
    })?;
    let mode = match column(1)?.as_i64() {
        Ok(0) => PinMode::Recursive,
        Ok(1) => PinMode::Direct,
        _ => {
            return Err(RowError::Damaged {
                what: format!("the pin of {cid} has an unknown mode"),
            });
        }
    };
    let name = column(2)?.as_str().map_err(|_| RowError::Damaged {
        what: format!("the name of the pin of {cid} is no text"),
    })?;
    Ok(Pin {
        cid,
        mode,
        name: name.to_owned(),
    })
}

impl SqliteRows {
    fn fact(&self, key: &str) -> Result<Option<String>, RowError> {
        let connection = self.readers.take()?;
        connection
            .prepare_cached("SELECT value FROM fact WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .map_err(database("read"))
    }
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

    fn mfs_root(&self) -> Result<Option<Cid>, RowError> {
        let Some(text) = self.fact(MFS_ROOT)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error| RowError::Damaged {
            what: format!("the root of the mutable file system cannot be read: {error}"),
        })
    }

    fn set_mfs_root<'a>(&'a self, root: &'a Cid) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(async move {
            let fact = Change::Fact {
                key: MFS_ROOT,
                value: root.to_string(),
            };
            self.writer()?.apply(vec![fact]).await
        })
    }

    fn pin(&self, cid: &Cid) -> Result<Option<Pin>, RowError> {
        let connection = self.readers.take()?;
        let mut statement = connection
            .prepare_cached("SELECT cid, mode, name FROM pin WHERE cid = ?1")
            .map_err(database("read"))?;
        let mut rows = statement
            .query([cid.to_bytes()])
            .map_err(database("read"))?;
        rows.next()
            .map_err(database("read"))?
            .map(read_pin)
            .transpose()
    }

    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError> {
        let connection = self.readers.take()?;
        // One view, however long the walk takes.
        let transaction = connection
            .unchecked_transaction()
            .map_err(database("read"))?;
        // A listing of all of them is what a collection relies on.
        let whole = self.has_state && filter.mode.is_none() && filter.name_contains.is_none();
        let expected = match whole {
            true => state::read(&transaction)?,
            false => None,
        };
        let mut found = PinSum::default();
        let mut statement = connection
            .prepare_cached(
                "SELECT cid, mode, name FROM pin
                 WHERE (?1 IS NULL OR mode = ?1) AND (?2 IS NULL OR instr(name, ?2) > 0)
                 ORDER BY cid",
            )
            .map_err(database("read"))?;
        // SQLite finds an empty text in every text, as Rust does.
        let parameters = (
            filter.mode.map(mode_number),
            filter.name_contains.as_deref(),
        );
        let mut rows = statement.query(parameters).map_err(database("read"))?;
        while let Some(row) = rows.next().map_err(database("read"))? {
            let pin = read_pin(row)?;
            if expected.is_some() {
                found.add_pin(&pin);
            }
            if !each(pin) {
                return Ok(());
            }
        }
        match expected {
            Some((_, expected)) => state::compare(&found, &expected.sum),
            None => Ok(()),
        }
    }

    fn pin_count(&self) -> Result<u64, RowError> {
        let connection = self.readers.take()?;
        let count: i64 = connection
            .prepare_cached("SELECT count(*) FROM pin")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(database("read"))?;
        Ok(count.unsigned_abs())
    }

    fn change_pins(&self, changes: Vec<PinChange>) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            let writer = self.writer()?;
            if changes.is_empty() {
                return writer.check_open();
            }
            writer
                .apply(changes.into_iter().map(Change::Pin).collect())
                .await
        })
    }

    fn references(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(vec![None; keys.len()]);
        }
        references::find(&connection, keys)
    }

    fn reference_page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(Vec::new());
        }
        match order {
            ReferenceOrder::Key => references::by_key(&connection, after, limit),
            ReferenceOrder::Place => references::by_place(&connection, after, limit),
        }
    }

    fn reference_count(&self) -> Result<u64, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(0);
        }
        references::number(&connection, "SELECT count(*) FROM reference")
    }

    fn last_reference(&self) -> Result<u64, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(0);
        }
        references::number(&connection, "SELECT coalesce(max(id), 0) FROM reference")
    }

    fn change_references(
        &self,
        changes: Vec<ReferenceChange>,
    ) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            let writer = self.writer()?;
            if changes.is_empty() {
                return writer.check_open();
            }
            writer
                .apply(changes.into_iter().map(Change::Reference).collect())
                .await
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
