//! A pool of read connections.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};

use super::{opening, prepare};
use crate::meta::RowError;

/// Connections kept open for the next read.
const KEPT: usize = 8;

/// Reads that may run at once. Each needs a connection, because a read may start another one (a listing that looks pins
/// up); beyond it a read fails with [`RowError::Busy`] rather than wait for one that may wait for it.
const LIMIT: usize = 256;

/// A pool of read connections to one file.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    immutable: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Connection>,
    running: usize,
    closed: bool,
}

/// A connection on loan.
#[derive(Debug)]
pub(crate) struct Reader {
    /// `None` only while it is dropped.
    connection: Option<Connection>,
    state: Arc<Mutex<State>>,
}

/// Opens a connection that only reads. `immutable` says that nobody writes the file, and skips every lock.
pub(crate) fn connect(path: &Path, immutable: bool) -> Result<Connection, RowError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = if immutable {
        Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(path, flags)
    };
    let connection = opened.map_err(|source| opening(path, source))?;
    prepare(&connection).map_err(|source| opening(path, source))?;
    Ok(connection)
}

/// The file as a URI with `immutable=1`; see <https://www.sqlite.org/uri.html>.
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for character in path.to_string_lossy().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

impl Readers {
    pub(crate) fn new(path: PathBuf, immutable: bool) -> Self {
        Self {
            path,
            immutable,
            state: Arc::default(),
        }
    }

    /// Keeps a connection for the next read.
    pub(crate) fn give_back(&self, connection: Connection) {
        self.state.lock().idle.push(connection);
    }

    /// Lends a connection, a new one when all are in use.
    pub(crate) fn take(&self) -> Result<Reader, RowError> {
        let kept = {
            let mut state = self.state.lock();
            if state.closed {
                return Err(RowError::Closed);
            }
            if state.running >= LIMIT {
                return Err(RowError::Busy { limit: LIMIT });
            }
            state.running += 1;
            state.idle.pop()
        };
        // Counted from here on, whatever happens below.
        let mut reader = Reader {
            connection: kept,
            state: Arc::clone(&self.state),
        };
        if reader.connection.is_none() {
            reader.connection = Some(connect(&self.path, self.immutable)?);
        }
        Ok(reader)
    }

    /// Lends a connection that is open and not in use, if there is one.
    pub(crate) fn take_idle(&self) -> Option<Reader> {
        let mut state = self.state.lock();
        let kept = state.idle.pop()?;
        state.running += 1;
        Some(Reader {
            connection: Some(kept),
            state: Arc::clone(&self.state),
        })
    }

    /// Refuses further reads; those under way continue.
    pub(crate) fn close(&self) {
        let idle = {
            let mut state = self.state.lock();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        drop(idle);
    }
}

impl Deref for Reader {
    type Target = Connection;

    #[allow(
        clippy::expect_used,
        reason = "`take` hands out only filled readers, and only `drop` empties them"
    )]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a lent connection")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        state.running -= 1;
        if let Some(connection) = self.connection.take()
            && !state.closed
            && state.idle.len() < KEPT
        {
            state.idle.push(connection);
        }
    }
}
