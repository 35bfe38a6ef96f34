//! The state of an open store, and reads.
//!
//! Neither this nor its sibling modules start or wait for threads, so one thread can drive a store from a seed
//! (`simulate`); the threads are in [`super::SegmentStore`].
//!
//! Locks are taken in this order: `writer`, `rows`, `gate`, `stage`, `pending`, then those of the holds
//! and of what is damaged.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use cairn_primitives::{Cid, Codec, Multihash};
use foldhash::fast::FixedState;
use parking_lot::{Mutex, RwLock};

use super::super::disk::{Disk, DiskLock};
use super::super::holds::Holds;
use super::super::traits::{BlockError, StoreStat};
use super::damage::Damaged;
use super::entry::{Entry, Rows};
use super::files::Files;
use super::identity::StoreCard;
use super::index::{self, Index, IndexOwner, failed};
use super::lost::LostBlocks;
use super::pending::Pending;
use super::read::block_of;
use super::recent::Recent;
use super::reserve::Reserve;
use super::signal::Signal;
use super::stage::Stage;
use super::warm::Warm;
use super::writer::{Waiters, Writer};

/// Sizes that a store keeps to.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Bytes at which a segment is sealed.
    pub(super) segment: u64,
    /// Bytes of a staging buffer; three exist at most.
    pub(super) buffer: usize,
    /// Blocks that may wait for the index; writers wait beyond.
    pub(super) pending: usize,
    /// Written bytes after which a sync is made though nobody asked.
    pub(super) unsynced: u64,
    /// Bytes by which the active segment's file grows, at least and at most.
    pub(super) grow: (u64, u64),
    /// Zeros written behind a small commit, so that the next ones overwrite (a cheaper sync than one that extends).
    pub(super) ahead: usize,
    /// Bytes that are left free on the disk, for the index.
    pub(super) margin: u64,
    /// Victims a removing transaction takes.
    pub(super) sweep: usize,
    /// Blocks that a compaction moves at a time.
    pub(super) moves: usize,
    /// Bytes of the index's file below which it is never shrunk.
    pub(super) shrink_from: u64,
    /// Bytes of the index's cache.
    pub(super) cache: usize,
    /// Bytes of small blocks that were read recently.
    pub(super) recent: u64,
    /// Segments open for reading.
    pub(super) files: usize,
    /// Whether what was written is read into the page cache later.
    pub(super) warm_writes: bool,
    /// Whether every read is hashed.
    pub(super) verify_reads: bool,
}

/// Blocks that are being removed, with their ids: look-ups take them for absent.
pub(super) type BlocksBeingRemoved = HashMap<Multihash, u64, FixedState>;

/// An open store.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) limits: Limits,
    pub(super) owner: IndexOwner,
    /// What `store.json` says.
    pub(super) card: Mutex<StoreCard>,
    /// Blocks that were lost with their segments.
    pub(super) lost: Mutex<LostBlocks>,
    pub(super) read_only: bool,
    pub(super) index: Index,
    pub(super) reserve: Arc<Reserve>,
    pub(super) files: Files,
    pub(super) holds: Arc<Holds>,
    /// The rows of the segments as the index has them; whoever changes the index holds this.
    pub(super) rows: Mutex<Rows>,
    /// A copy of the rows' sums, for [`Engine::stat`].
    pub(super) sums: Mutex<StoreStat>,
    /// Held for reading over a look-up and its touch, for writing by what makes blocks vanish.
    pub(super) gate: RwLock<BlocksBeingRemoved>,
    /// Advanced whenever an entry may have left `pending` or `gate`: an older snapshot of the index does not count then.
    pub(super) epoch: AtomicU64,
    pub(super) stage: Mutex<Stage>,
    pub(super) pending: Mutex<Pending>,
    pub(super) next_id: AtomicU64,
    pub(super) next_segment: AtomicU32,
    pub(super) writer: Mutex<Writer>,
    pub(super) waiters: Mutex<Waiters>,
    /// Blocks up to this id are durable, or lost and reported.
    pub(super) settled: AtomicU64,
    /// Blocks up to this id are waited for.
    pub(super) wanted: AtomicU64,
    pub(super) collecting: Mutex<()>,
    /// Whether the index is to be rebuilt at the next opening.
    pub(super) condemned: Mutex<bool>,
    pub(super) closed: AtomicBool,
    pub(super) lock: Mutex<Option<Box<dyn DiskLock>>>,
    /// Work for the writer.
    pub(super) to_write: Signal,
    /// Work for the indexer.
    pub(super) to_index: Signal,
    /// Work for the warmer.
    pub(super) to_warm: Signal,
    /// What was written and may be read soon.
    pub(super) warm: Warm,
    /// Small blocks that were read recently.
    pub(super) recent: Recent,
    /// Blocks that were found damaged.
    pub(super) damaged: Damaged,
    /// Free bytes as last measured, less what was appended since.
    pub(super) free: Mutex<super::handover::FreeSpace>,
}

/// A block that was found.
#[derive(Clone, Debug)]
pub(super) struct FoundBlock {
    pub(super) entry: Entry,
    /// Its bytes, while they are not in the file yet.
    pub(super) data: Option<Bytes>,
}

impl Engine {
    pub(super) fn check_open(&self) -> Result<(), BlockError> {
        if self.closed.load(Ordering::Acquire) {
            Err(BlockError::Closed)
        } else {
            Ok(())
        }
    }

    pub(super) fn check_writable(&self) -> Result<(), BlockError> {
        self.check_open()?;
        if self.read_only {
            return Err(BlockError::ReadOnly);
        }
        if self.index.must_rebuild() {
            self.check_index();
            return Err(failed(
                "write to",
                io::Error::other(
                    "the index is damaged, or a sync of it has failed: start again, and it is rebuilt from the segments",
                ),
            ));
        }
        Ok(())
    }

    /// Makes the next opening rebuild an index that is damaged or whose sync failed: it belongs to a generation that is
    /// no more.
    pub(super) fn check_index(&self) {
        let mut condemned = self.condemned.lock();
        if *condemned || !self.index.must_rebuild() {
            return;
        }
        let mut card = self.card.lock();
        let mut next = card.clone();
        next.owner.generation = self.owner.generation + 1;
        let written = super::identity::write(&*self.disk, &next);
        *card = next;
        match written {
            Ok(()) => *condemned = true,
            Err(error) => tracing::error!(%error, "cannot mark the block index as invalid"),
        }
    }

    /// Notes in `store.json`, before a segment is begun, that its number is used: it is not used again even when index and
    /// segment are both lost.
    pub(super) fn claim(&self, number: u32) -> io::Result<()> {
        let mut card = self.card.lock();
        if number < card.segments {
            return Ok(());
        }
        let next = StoreCard {
            segments: number.saturating_add(1),
            ..card.clone()
        };
        super::identity::write(&*self.disk, &next).map_err(|error| match error {
            super::options::OpenError::Io { source, .. } => source,
            other => io::Error::other(other),
        })?;
        *card = next;
        Ok(())
    }

    /// Notes which rows belong to the store.
    pub(super) fn set_rows(&self, rows: &str) -> Result<(), BlockError> {
        let mut card = self.card.lock();
        if card.rows.as_deref() == Some(rows) {
            return Ok(());
        }
        let next = StoreCard {
            rows: Some(rows.to_owned()),
            ..card.clone()
        };
        super::identity::write(&*self.disk, &next)
            .map_err(|error| failed("write store.json of", io::Error::other(error)))?;
        *card = next;
        Ok(())
    }

    /// The id that the next block gets.
    pub(super) fn upcoming_id(&self) -> u64 {
        self.next_id.load(Ordering::Acquire)
    }

    /// What comes next, for the index to remember.
    pub(super) fn upcoming(&self) -> (u64, u32) {
        (
            self.upcoming_id(),
            self.next_segment.load(Ordering::Acquire),
        )
    }

    /// Looks a block up.
    pub(super) fn find(&self, key: &Multihash) -> Result<Option<FoundBlock>, BlockError> {
        self.check_open()?;
        // First what waits for the index, then the index: an entry goes from the one to the other.
        if let Some(slot) = self.pending.lock().get(key) {
            return Ok(Some(slot));
        }
        let gate = self.gate.read();
        let entry = self
            .index
            .get(key.as_bytes())
            .inspect_err(|_| self.check_index())?;
        Ok(entry
            .filter(|entry| gate.get(key) != Some(&entry.id))
            .map(|entry| FoundBlock { entry, data: None }))
    }

    /// Looks many blocks up.
    pub(super) fn find_all<'a>(
        &self,
        keys: impl Iterator<Item = &'a Multihash>,
    ) -> Result<Vec<Option<Entry>>, BlockError> {
        let keys: Vec<&Multihash> = keys.collect();
        let mut found: Vec<Option<Entry>> = {
            let pending = self.pending.lock();
            keys.iter()
                .map(|key| pending.get(key).map(|slot| slot.entry))
                .collect()
        };
        if found.iter().all(Option::is_some) {
            return Ok(found);
        }
        let gate = self.gate.read();
        let indexed = self.index.read_blocks(|table| {
            let absent = keys.iter().zip(&found).filter(|(_, found)| found.is_none());
            absent
                .map(|(key, _)| index::lookup(table, key.as_bytes()))
                .collect::<Result<Vec<_>, _>>()
        });
        let indexed = indexed.inspect_err(|_| self.check_index())?;
        let absent = keys
            .iter()
            .zip(&mut found)
            .filter(|(_, found)| found.is_none());
        for ((key, slot), entry) in absent.zip(indexed) {
            *slot = entry.filter(|entry| gate.get(*key) != Some(&entry.id));
        }
        Ok(found)
    }

    /// A block's bytes.
    pub(super) fn get(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        self.get_by(key, self.limits.verify_reads)
    }

    /// A block's bytes; `verify` hashes what is read.
    pub(super) fn get_by(
        &self,
        key: &Multihash,
        verify: bool,
    ) -> Result<Option<Bytes>, BlockError> {
        // A compaction may move the block between the look-up and the read; it cannot do so all the time.
        for attempt in 0.. {
            let Some(found) = self.find(key)? else {
                return Ok(None);
            };
            if let Some(data) = found.data {
                return Ok(Some(data));
            }
            if !verify && let Some(data) = self.recent(key, &found.entry) {
                return Ok(Some(data));
            }
            match self.read(key, &found.entry, verify) {
                Ok(data) => {
                    self.recent.insert(key, &found.entry, &data);
                    return self.note_read(key, &found.entry, Ok(data)).map(Some);
                }
                Err(error) if attempt >= 3 => return Err(error),
                Err(error) => {
                    // Damage is reported at once, unless the block is somewhere else by now.
                    let moved = match self.find(key)? {
                        None => true,
                        Some(now) => now.data.is_some() || now.entry != found.entry,
                    };
                    if !moved && attempt > 0 {
                        return self.note_read(key, &found.entry, Err(error)).map(Some);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Reads the record that an entry tells of; `verify` hashes its bytes though they have a checksum.
    pub(super) fn read(
        &self,
        key: &Multihash,
        entry: &Entry,
        verify: bool,
    ) -> Result<Bytes, BlockError> {
        let damaged = || BlockError::Damaged {
            key: Cid::v1(Codec::RAW, key.clone()),
        };
        let file = self
            .files
            .get(entry.segment)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => damaged(),
                _ => failed("open a segment of", error),
            })?;
        let total = usize::try_from(entry.total()).map_err(|_| damaged())?;
        self.warm.used();
        let bytes = file
            .read_to_vec(entry.offset, total)
            .map_err(|error| failed("read", error))?;
        block_of(key, entry, bytes, verify).ok_or_else(damaged)
    }

    /// Counts.
    pub(super) fn stat(&self) -> Result<StoreStat, BlockError> {
        self.check_open()?;
        let mut stat = self.sums.lock().clone();
        let pending = self.pending.lock();
        stat.damaged = self.damaged.len() as u64;
        stat.blocks += pending.len() as u64;
        stat.live_bytes += pending.bytes();
        drop(pending);
        stat.disk_bytes += self.index.path_len();
        Ok(stat)
    }

    /// Takes over the sums of changed rows.
    pub(super) fn sum(&self, rows: &Rows) {
        let mut sums = StoreStat::default();
        for row in rows.values() {
            sums.blocks += row.blocks;
            sums.live_bytes += row.data;
            sums.disk_bytes += row.end;
        }
        *self.sums.lock() = sums;
    }

    /// Free bytes, unknown taken for plenty.
    pub(super) fn measure_free(&self) -> u64 {
        self.disk.free_space().unwrap_or(u64::MAX)
    }

    /// Gives the reserve free while the disk is full, and takes it up again when it is not; whether it was given free now.
    pub(super) fn update_reserve(&self) -> bool {
        // Far below what writes leave free.
        if self.measure_free() < self.limits.margin / 8 {
            let released = self.reserve.release();
            if released {
                self.free.lock().forget();
            }
            return released;
        }
        // A collection lives on the reserve, and takes it up again at its end.
        let Some(_none) = self.collecting.try_lock() else {
            return false;
        };
        if let Err(error) = self.reserve.fill() {
            tracing::debug!(%error, "cannot refill the reserve file of the block store");
        }
        false
    }

    /// Gives a failure its figures.
    pub(super) fn explain(&self, error: BlockError, needed: u64) -> BlockError {
        match error {
            BlockError::Full { .. } => {
                // What was measured last knows nothing of what the index took.
                self.free.lock().forget();
                BlockError::Full {
                    free: self.measure_free(),
                    // What the disk refused may be the index: it needs what is left for it.
                    needed: needed.max(self.limits.margin).max(1),
                }
            }
            other => other,
        }
    }

    /// Removes a file that may be gone already.
    pub(super) fn discard(&self, path: &str) -> io::Result<()> {
        match self.disk.remove(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}
