//! Shrinks the index by its empty pages.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{
    ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
};

use super::super::disk::Access;
use super::super::traits::BlockError;
use super::backend::launch;
use super::index::{BLOCKS, Index, LINKS, META, PATH, SEGMENTS, database_error, failed, guarded};

/// Where an index is made that will replace the one in use.
pub(super) const FRESH: &str = "index.redb.new";
/// An index is shrunk when its file has more than this many bytes an entry.
const SHRINK_AT: u64 = 160;

fn copy_table<K: redb::Key + 'static, V: redb::Value + 'static>(
    from: &ReadTransaction,
    to: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<(), redb::Error> {
    let from = from.open_table(table)?;
    let mut to = to.open_table(table)?;
    for row in from.iter()? {
        let (key, value) = row?;
        to.insert(key.value(), value.value())?;
    }
    Ok(())
}

impl Index {
    /// Copies the database to a new file without its empty pages, when it has grown far beyond `rows` entries, and
    /// continues with that. Nobody else may change the index meanwhile; it can be read all the time.
    pub(super) fn shrink(&self, entries: u64, from: u64) -> Result<(), BlockError> {
        let len = self.path_len();
        if self.must_rebuild()
            || self.path != PATH
            || len < from
            || len < entries.saturating_mul(SHRINK_AT)
        {
            return Ok(());
        }
        let writing = |error| failed("shrink the index of", error);
        let other = |error: redb::Error| database_error("shrink the index of", error);
        match self.disk.remove(FRESH) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(writing(error)),
            _ => {}
        }
        let file = self
            .disk
            .open(FRESH, Access::Create, false)
            .map_err(writing)?;
        let must_rebuild = Arc::new(AtomicBool::new(false));
        let mut fresh = launch(file, self.cache.min(16 << 20), &self.reserve, &must_rebuild)
            .map_err(|error| writing(io::Error::other(error)))?;
        let copied = guarded(|| {
            let mut transaction = fresh.begin_write()?;
            transaction.set_quick_repair(true);
            let source = self.database.read().begin_read()?;
            copy_table(&source, &transaction, META)?;
            copy_table(&source, &transaction, BLOCKS)?;
            copy_table(&source, &transaction, SEGMENTS)?;
            copy_table(&source, &transaction, LINKS)?;
            transaction.commit()?;
            Ok(())
        });
        copied.map_err(other)?;
        fresh.compact().map_err(|error| other(error.into()))?;
        // The last commit of a compaction is not one that opens without a walk.
        let settled = (|| {
            let mut transaction = fresh.begin_write()?;
            transaction.set_quick_repair(true);
            transaction.commit()?;
            Ok(())
        })();
        settled.map_err(other)?;
        if must_rebuild.load(Ordering::Acquire) {
            return Err(writing(io::Error::other("a sync has failed")));
        }
        let mut current = self.database.write();
        self.disk.rename(FRESH, PATH).map_err(writing)?;
        // Not synced yet, the old file may be back after a crash: then every change since is lost, so none may be made.
        if let Err(error) = self.disk.sync_dir("") {
            self.must_rebuild.store(true, Ordering::Release);
            return Err(writing(error));
        }
        // Its backend has another flag: open it with ours.
        drop(fresh);
        let file = self
            .disk
            .open(PATH, Access::Write, false)
            .map_err(writing)?;
        match launch(file, self.cache, &self.reserve, &self.must_rebuild) {
            Ok(database) => {
                *current = Arc::new(database);
                self.snapshot.changed();
                Ok(())
            }
            Err(error) => {
                self.must_rebuild.store(true, Ordering::Release);
                Err(writing(io::Error::other(error)))
            }
        }
    }
}
