//! Moves the write-ahead log into the database beside the writer, which would otherwise make all who wait for a commit wait for it.
//!
//! The log begins anew only when all of it has been moved, and while there are commits it grows. So a thread moves what is
//! there, twice, and the writer the little that was added meanwhile: <https://www.sqlite.org/wal.html#ckpt>.

use std::ffi::c_int;
use std::path::{Path, PathBuf};
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

/// What a connection does after each commit. The thread ends with it.
struct Checkpoints {
    path: PathBuf,
    /// Since it was started, until the writer has moved what it left.
    thread: Option<JoinHandle<()>>,
    /// Pages of the log for the next attempt.
    next: c_int,
}

/// Has the log of a connection moved by a thread from now on.
pub(super) fn install(connection: &mut Connection, path: &Path) -> rusqlite::Result<()> {
    let mut checkpoints = Checkpoints {
        path: path.to_owned(),
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
        match &self.thread {
            Some(thread) if thread.is_finished() || pages >= MOST => self.finish(wal, pages),
            Some(_) => {}
            None if pages < self.next => {}
            None => match start(self.path.clone()) {
                Ok(thread) => self.thread = Some(thread),
                Err(_) => self.finish(wal, pages),
            },
        }
    }

    /// Moves what the thread has left.
    fn finish(&mut self, wal: &mut Wal, pages: c_int) {
        self.join();
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

fn start(path: PathBuf) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("checkpoint".into())
        .spawn(move || {
            if let Err(error) = move_pages(&path) {
                // The writer does it, and the next commit tells if the disk is full or failing.
                tracing::debug!(%error, path = %path.display(), "cannot move a log into its database");
            }
        })
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

    /// A database with an empty table, whose log is moved.
    fn open(path: &Path) -> Connection {
        let mut connection = Connection::open(path).unwrap();
        for (key, value) in [("journal_mode", "WAL"), ("synchronous", "OFF")] {
            connection.pragma_update(None, key, value).unwrap();
        }
        install(&mut connection, path).unwrap();
        connection
            .execute_batch("CREATE TABLE filled (bytes BLOB)")
            .unwrap();
        connection
    }

    fn count(connection: &Connection) -> i64 {
        connection
            .query_row("SELECT count(*) FROM filled", [], |row| row.get(0))
            .unwrap()
    }

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
        let connection = open(&path);
        let rows = 60_000_i64;
        fill(&connection, rows);
        let (pages, _) = log(&path);
        assert!(pages < i64::from(MOST) + i64::from(PAGES), "{pages} pages");
        assert_eq!(count(&connection), rows);
    }

    #[test]
    fn a_reader_stands_in_the_way_of_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let connection = open(&path);
        let reader = Connection::open(&path).unwrap();
        let snapshot = reader.unchecked_transaction().unwrap();
        assert_eq!(count(&snapshot), 0);
        fill(&connection, 15_000);
        assert_eq!(count(&snapshot), 0);
        drop(snapshot);
        fill(&connection, 15_000);
        drop(connection);
        let (pages, moved) = log(&path);
        assert_eq!(pages, moved);
    }
}
