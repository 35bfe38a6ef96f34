//! The index: a redb database that can be rebuilt from the segments.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | name | `store`: id, generation and format; `next`: next block id, next segment number |
//! | `blocks` | multihash | [`Entry`] |
//! | `segments` | number | [`SegmentRow`] |
//! | `links` | (id, codec) of an inner node | its links, see `mark` |

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_primitives::varint;
use parking_lot::RwLock;
use redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};

use super::super::disk::{Access, Disk};
use super::super::traits::BlockError;
use super::backend::launch;
pub(super) use super::entry::IndexOwner;
use super::entry::{Entry, Rows, SegmentRow, numbers};
pub(super) use super::fault::{IndexFault, broken, database_error, failed, guarded};
use super::reserve::Reserve;
use super::snapshot::Snapshot;

/// The index's file.
pub(super) const PATH: &str = "index.redb";

pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
pub(super) const BLOCKS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("blocks");
pub(super) const SEGMENTS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("segments");
pub(super) const LINKS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("links");

/// When a change has to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    /// Before it is said to be made.
    Durable,
    /// With the next durable one.
    Lazy,
}

/// A table of blocks that can be read.
pub(super) type Blocks = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The open index.
#[derive(Debug)]
pub(super) struct Index {
    /// The table that look-ups share until the index changes. It is dropped before the database.
    pub(super) snapshot: Snapshot,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) path: &'static str,
    pub(super) cache: usize,
    pub(super) reserve: Arc<Reserve>,
    pub(super) database: RwLock<Arc<Database>>,
    pub(super) must_rebuild: Arc<AtomicBool>,
}

impl Index {
    /// Makes an empty index in a new file.
    pub(super) fn create(
        disk: Arc<dyn Disk>,
        path: &'static str,
        cache: usize,
        reserve: Arc<Reserve>,
        owner: &IndexOwner,
    ) -> Result<Self, BlockError> {
        let file = disk
            .open(path, Access::Create, false)
            .map_err(|error| failed("create the index of", error))?;
        let must_rebuild = Arc::new(AtomicBool::new(false));
        let database = launch(file, cache, &reserve, &must_rebuild)
            .map_err(|error| failed("create the index of", io::Error::other(error)))?;
        let index = Self {
            snapshot: Snapshot::default(),
            disk,
            path,
            cache,
            reserve,
            database: RwLock::new(Arc::new(database)),
            must_rebuild,
        };
        index.write("create the index of", |transaction| {
            transaction
                .open_table(META)?
                .insert("store", owner.encode().as_slice())?;
            transaction.open_table(BLOCKS)?;
            transaction.open_table(SEGMENTS)?;
            transaction.open_table(LINKS)?;
            Ok(())
        })?;
        Ok(index)
    }

    /// Opens an index, which must belong to `owner`.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        cache: usize,
        reserve: Arc<Reserve>,
        owner: &IndexOwner,
    ) -> Result<Self, IndexFault> {
        let file = match disk.open(PATH, Access::Write, false) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(IndexFault::Missing);
            }
            Err(error) => return Err(IndexFault::Io(error)),
        };
        if file.len().map_err(IndexFault::Io)? == 0 {
            return Err(IndexFault::Missing);
        }
        let must_rebuild = Arc::new(AtomicBool::new(false));
        let database = launch(file, cache, &reserve, &must_rebuild).map_err(|error| {
            if must_rebuild.load(Ordering::Acquire) {
                IndexFault::Broken("a sync of it has failed".to_owned())
            } else {
                error
            }
        })?;
        let index = Self {
            snapshot: Snapshot::default(),
            disk,
            path: PATH,
            cache,
            reserve,
            database: RwLock::new(Arc::new(database)),
            must_rebuild,
        };
        let named = index
            .read(|transaction| {
                transaction.open_table(BLOCKS)?;
                transaction.open_table(SEGMENTS)?;
                transaction.open_table(LINKS)?;
                Ok(transaction
                    .open_table(META)?
                    .get("store")?
                    .map(|row| row.value().to_vec()))
            })
            .map_err(IndexFault::from_block_error)?;
        let Some(named) = named else {
            return Err(IndexFault::Foreign);
        };
        if named == owner.encode_first() {
            index
                .write("update the index of", |transaction| {
                    let mut table = transaction.open_table(META)?;
                    table.insert("store", owner.encode().as_slice())?;
                    Ok(())
                })
                .map_err(IndexFault::from_block_error)?;
        } else if named != owner.encode() {
            return Err(IndexFault::Foreign);
        }
        Ok(index)
    }

    /// Reads in one snapshot.
    pub(super) fn read<T>(
        &self,
        run: impl Fn(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, BlockError> {
        let attempt = |database: &Database| guarded(|| run(&database.begin_read()?));
        let database = Arc::clone(&self.database.read());
        match attempt(&database) {
            Ok(answer) => Ok(answer),
            Err(_) if self.reopened(&database) => {
                let database = Arc::clone(&self.database.read());
                attempt(&database).map_err(|error| self.refused("read the index of", error))
            }
            Err(error) => Err(self.refused("read the index of", error)),
        }
    }

    /// Reads the table of blocks as it is since the last change of the index.
    pub(super) fn read_blocks<T>(
        &self,
        run: impl Fn(&Blocks) -> Result<T, redb::Error>,
    ) -> Result<T, BlockError> {
        let changes = self.snapshot.changes();
        if let Some(table) = self.snapshot.get(changes)
            && let Ok(answer) = guarded(|| run(&table))
        {
            return Ok(answer);
        }
        let (answer, table) = self.read(|transaction| {
            let table = transaction.open_table(BLOCKS)?;
            Ok((run(&table)?, table))
        })?;
        self.snapshot.put(changes, table);
        Ok(answer)
    }

    /// A failure of the database. After damage nothing more is written, and the next opening rebuilds the index.
    pub(super) fn refused(&self, action: &'static str, error: redb::Error) -> BlockError {
        if matches!(error, redb::Error::Corrupted(_)) {
            self.must_rebuild.store(true, Ordering::Release);
        }
        database_error(action, error)
    }

    /// Whether the database has been opened again, since or now. redb refuses everything once an operation has
    /// failed.
    fn reopened(&self, stale: &Arc<Database>) -> bool {
        let mut current = self.database.write();
        if !Arc::ptr_eq(&current, stale) {
            return true;
        }
        let Ok(file) = self.disk.open(self.path, Access::Write, false) else {
            return false;
        };
        match launch(file, self.cache, &self.reserve, &self.must_rebuild) {
            Ok(fresh) => {
                *current = Arc::new(fresh);
                self.snapshot.changed();
                true
            }
            Err(error) => {
                tracing::error!(%error, "cannot open the block index again");
                false
            }
        }
    }

    /// Changes durably, in one step. After a failure the change may or may not have been made.
    pub(super) fn write<T>(
        &self,
        action: &'static str,
        run: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, BlockError> {
        self.commit(action, Commit::Durable, run)
    }

    /// Changes in one step; with [`Commit::Lazy`], one that becomes durable with the next durable one, and may be
    /// undone until then.
    pub(super) fn commit<T>(
        &self,
        action: &'static str,
        kind: Commit,
        run: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, BlockError> {
        if self.must_rebuild() {
            return Err(failed(
                action,
                io::Error::other(
                    "the index is damaged, or a sync of it has failed: start again, and it is rebuilt from the segments",
                ),
            ));
        }
        let database = Arc::clone(&self.database.read());
        let done = guarded(|| {
            let mut transaction = database.begin_write()?;
            match kind {
                // Opening then never walks the database.
                Commit::Durable => transaction.set_quick_repair(true),
                Commit::Lazy => transaction
                    .set_durability(redb::Durability::None)
                    .map_err(|error| redb::Error::Io(io::Error::other(error)))?,
            }
            let answer = run(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        });
        // Whatever became of it: the next look-up sees what there is now.
        self.snapshot.changed();
        done.map_err(|error| {
            self.reopened(&database);
            self.refused(action, error)
        })
    }

    /// Whether a sync has failed or damage was found, so that the file does not hold what was written. It can be read
    /// while the store stays open; nothing more is written, and the next opening rebuilds it.
    pub(super) fn must_rebuild(&self) -> bool {
        self.must_rebuild.load(Ordering::Acquire)
    }

    /// The rows of the segments.
    pub(super) fn rows(&self) -> Result<Rows, BlockError> {
        self.read(|transaction| {
            let table = transaction.open_table(SEGMENTS)?;
            let mut rows = Rows::new();
            for row in table.iter()? {
                let (number, row) = row?;
                let row = SegmentRow::decode(row.value())
                    .ok_or_else(|| redb::Error::Corrupted("a segment row".to_owned()))?;
                rows.insert(number.value(), row);
            }
            Ok(rows)
        })
    }

    /// The next block id and the next segment number.
    pub(super) fn next(&self) -> Result<(u64, u32), BlockError> {
        self.read(|transaction| {
            let table = transaction.open_table(META)?;
            let row = table.get("next")?;
            let [id, segment] = row.and_then(|row| numbers(row.value())).unwrap_or([1, 1]);
            Ok((id, u32::try_from(segment).unwrap_or(u32::MAX)))
        })
    }

    /// Where a block is.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Entry>, BlockError> {
        self.read_blocks(|table| lookup(table, key))
    }

    /// Bytes of its file.
    pub(super) fn path_len(&self) -> u64 {
        self.disk
            .open(self.path, Access::Read, false)
            .and_then(|file| file.len())
            .unwrap_or(0)
    }
}

/// Looks a key up in a table of blocks.
pub(super) fn lookup(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Entry>, redb::Error> {
    match table.get(key)? {
        None => Ok(None),
        Some(row) => Entry::decode(row.value())
            .map(Some)
            .ok_or_else(|| redb::Error::Corrupted("a block row".to_owned())),
    }
}

/// Writes the rows of segments that changed, and what comes next.
pub(super) fn write_rows(
    transaction: &WriteTransaction,
    before: &Rows,
    after: &Rows,
    next: (u64, u32),
) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(SEGMENTS)?;
    for (number, row) in after {
        if before.get(number) != Some(row) {
            table.insert(number, row.encode().as_slice())?;
        }
    }
    for number in before.keys().filter(|number| !after.contains_key(number)) {
        table.remove(number)?;
    }
    let mut out = Vec::with_capacity(16);
    varint::encode(next.0, &mut out);
    varint::encode(u64::from(next.1), &mut out);
    transaction
        .open_table(META)?
        .insert("next", out.as_slice())?;
    Ok(())
}

/// Inserts entries (sorted by key, for speed). With `keep`, a key that is already present keeps its entry.
pub(super) fn insert<'a>(
    transaction: &WriteTransaction,
    entries: impl Iterator<Item = (&'a [u8], Entry)>,
    rows: &mut Rows,
    keep: bool,
) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(BLOCKS)?;
    let mut value = Vec::with_capacity(32);
    for (key, entry) in entries {
        if keep && lookup(&table, key)?.is_some() {
            continue;
        }
        entry.encode(&mut value);
        let old = table
            .insert(key, value.as_slice())?
            .and_then(|old| Entry::decode(old.value()));
        if let Some(old) = old
            && let Some(row) = rows.get_mut(&old.segment)
        {
            row.sub(&old);
        }
        rows.entry(entry.segment).or_default().add(&entry);
    }
    Ok(())
}
