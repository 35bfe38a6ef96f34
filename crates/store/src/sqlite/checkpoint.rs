//! Moves the write-ahead log into the database beside the writer, which would otherwise make all who wait for a commit wait for it.
//!
//! The log begins anew only when all of it has been moved, and while there are commits it grows. So a thread moves what is
//! there, twice, and the writer the little that was added meanwhile: <https://www.sqlite.org/wal.html#ckpt>.

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};

/// Pages of the log (32 MiB) from which on they are moved: what many commits change is moved once.
const PAGES: c_int = 8_192;

/// Pages of the log at which the writer moves them, however long that takes: a log that grows without end would fill the disk.
const MOST: c_int = 8 * PAGES;

/// Further pages before another attempt, where readers stand in the way of a new beginning.
const STEP: c_int = 1_024;

/// How often the thread moves what is there, before the writer moves the rest.
const PASSES: usize = 2;

const IDLE: u8 = 0;
const RUNNING: u8 = 1;
const MOVED: u8 = 2;

/// What a connection does after each commit. The thread ends with it.
struct Checkpoints {
    path: PathBuf,
    state: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
    /// Pages of the log for the next attempt.
    next: c_int,
}

/// Has the log of a connection moved by a thread from now on.
pub(super) fn install(connection: &mut Connection, path: &Path) -> rusqlite::Result<()> {
    let mut checkpoints = Checkpoints {
        path: path.to_owned(),
        state: Arc::default(),
        thread: None,
        next: PAGES,
    };
    connection.wal_hook(Some(move |wal: &mut Wal, pages| {
        checkpoints.after_commit(wal, pages);
        // An error here would be one of the commit, which has been made.
        Ok(())
    }))
}

impl Checkpoints {
    fn after_commit(&mut self, wal: &mut Wal, pages: c_int) {
        if pages < PAGES {
            // It has begun anew.
            self.next = PAGES;
        }
        match self.state.load(Ordering::Acquire) {
            MOVED => {
                self.join();
                self.finish(wal, pages);
            }
            RUNNING if pages < MOST => {}
            RUNNING => {
                self.join();
                self.finish(wal, pages);
            }
            _ if pages < self.next => {}
            _ => {
                if self.start().is_err() {
                    self.finish(wal, pages);
                }
            }
        }
    }

    fn start(&mut self) -> std::io::Result<()> {
        self.state.store(RUNNING, Ordering::Release);
        let (path, state) = (self.path.clone(), Arc::clone(&self.state));
        let started = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(move || {
                if let Err(error) = move_pages(&path) {
                    // The writer does it, and the next commit tells if the disk is full or failing.
                    tracing::debug!(%error, path = %path.display(), "cannot move a log into its database");
                }
                state.store(MOVED, Ordering::Release);
            })?;
        self.thread = Some(started);
        Ok(())
    }

    /// Moves what the thread has left.
    fn finish(&mut self, wal: &mut Wal, pages: c_int) {
        self.state.store(IDLE, Ordering::Release);
        self.next = pages.saturating_add(STEP).max(PAGES);
        if let Err(error) = wal.checkpoint() {
            tracing::debug!(%error, "cannot move a log into its database");
        }
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.join();
    }
}

fn move_pages(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    for _ in 0..PASSES {
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of the log, and how many of them are in the database.
    fn log(path: &Path) -> (i64, i64) {
        let connection = Connection::open(path).unwrap();
        let found = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get(1)?, row.get(2)?))
        });
        found.unwrap()
    }

    fn fill(connection: &Connection, rows: i64) {
        let mut insert = connection
            .prepare("INSERT INTO filled VALUES (randomblob(4000))")
            .unwrap();
        for _ in 0..rows {
            insert.execute([]).unwrap();
        }
    }

    #[test]
    fn the_log_begins_anew_under_commits_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let mut connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        connection
            .pragma_update(None, "synchronous", "OFF")
            .unwrap();
        install(&mut connection, &path).unwrap();
        connection
            .execute_batch("CREATE TABLE filled (bytes BLOB)")
            .unwrap();
        let rows = 60_000_i64;
        fill(&connection, rows);
        let (pages, _) = log(&path);
        assert!(pages < i64::from(MOST) + i64::from(PAGES), "{pages} pages");
        let count: i64 = connection
            .query_row("SELECT count(*) FROM filled", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, rows);
    }

    #[test]
    fn a_reader_stands_in_the_way_of_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let mut connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        connection
            .pragma_update(None, "synchronous", "OFF")
            .unwrap();
        install(&mut connection, &path).unwrap();
        connection
            .execute_batch("CREATE TABLE filled (bytes BLOB)")
            .unwrap();
        let reader = Connection::open(&path).unwrap();
        let snapshot = reader.unchecked_transaction().unwrap();
        let count = || -> i64 {
            snapshot
                .query_row("SELECT count(*) FROM filled", [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(count(), 0);
        fill(&connection, 15_000);
        assert_eq!(count(), 0);
        drop(snapshot);
        fill(&connection, 15_000);
        drop(connection);
        let (pages, moved) = log(&path);
        assert_eq!(pages, moved);
    }
}
