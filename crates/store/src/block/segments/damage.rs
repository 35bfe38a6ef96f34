//! Damaged blocks: found by reads, and replaced by writes of the same block.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_primitives::{Block, Multihash};
use foldhash::fast::FixedState;
use parking_lot::Mutex;

use super::super::traits::BlockError;
use super::engine::Engine;
use super::entry::Entry;
use super::record::{self, MAX_HEAD, RecordStart};

/// Damaged blocks that are remembered at most; what is found beyond is reported each time.
const MOST: usize = 64 << 10;
/// Bytes that are compared at a time: they stay in the processor's cache.
const PIECE: usize = 128 << 10;

/// Damaged blocks that were found, with the record that is bad.
#[derive(Debug, Default)]
pub(super) struct Damaged {
    map: Mutex<HashMap<Multihash, Entry, FixedState>>,
    /// How many: none, nearly always, and then nobody has to lock.
    count: AtomicUsize,
}

impl Damaged {
    /// How many blocks are known to be damaged.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Whether the record of an entry is known to be damaged.
    pub(super) fn has(&self, key: &Multihash, entry: &Entry) -> bool {
        self.len() > 0 && (self.map.lock().get(key)).is_some_and(|known| known.same_place(entry))
    }

    /// Remembers a record; whether it was not known.
    fn note(&self, key: &Multihash, entry: &Entry) -> bool {
        let mut map = self.map.lock();
        let known = map.get(key).is_some_and(|known| known.same_place(entry));
        if !known && (map.len() < MOST || map.contains_key(key)) {
            map.insert(key.clone(), *entry);
        }
        self.count.store(map.len(), Ordering::Release);
        !known
    }

    /// Forgets a block: its bytes are good, or it is gone.
    pub(super) fn forget(&self, key: &Multihash) {
        if self.len() > 0 {
            let mut map = self.map.lock();
            map.remove(key);
            self.count.store(map.len(), Ordering::Release);
        }
    }
}

/// Blocks that a write met as present, to be compared with what is stored.
#[derive(Debug, Default)]
pub(super) struct Present {
    pub(super) blocks: Vec<(Block, Entry)>,
    /// Bytes of their records.
    bytes: u64,
    scratch: Vec<u8>,
}

impl Present {
    /// Bytes and blocks from which on they are compared. Small ones are compared together.
    const FULL: (u64, usize) = (1 << 20, 256);

    pub(super) fn push(&mut self, block: Block, entry: Entry) {
        self.bytes += entry.total();
        self.blocks.push((block, entry));
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= Self::FULL.0 || self.blocks.len() >= Self::FULL.1
    }
}

impl Engine {
    /// Remembers and reports a damaged block, once.
    pub(super) fn note_damage(&self, key: &Multihash, entry: &Entry) {
        if self.damaged.note(key, entry) {
            let block = cairn_primitives::Cid::v1(cairn_primitives::Codec::RAW, key.clone());
            tracing::error!(
                %block,
                segment = entry.segment,
                offset = entry.offset,
                "a stored block is damaged; storing the same content again repairs it"
            );
        }
    }

    /// Compares blocks with their stored bytes; those whose stored bytes are bad come back, with the bad entry.
    pub(super) fn compare(&self, present: &mut Present) -> Vec<(Block, Entry)> {
        let mut blocks = std::mem::take(&mut present.blocks);
        present.bytes = 0;
        let mut bad = Vec::new();
        let mut from = 0;
        while from < blocks.len() {
            let rest = &blocks[from..];
            let run = self.same_run(rest, &mut present.scratch);
            if run > 0 {
                from += run;
                continue;
            }
            let (block, entry) = &rest[0];
            if !self.is_stored_intact(block, entry, &mut present.scratch) {
                bad.push(from);
            }
            from += 1;
        }
        let bad: Vec<(Block, Entry)> = bad
            .into_iter()
            .rev()
            .map(|at| blocks.swap_remove(at))
            .inspect(|(block, entry)| self.note_damage(block.cid.hash(), entry))
            .collect();
        if self.damaged.len() > 0 {
            for (block, _) in &blocks {
                self.damaged.forget(block.cid.hash());
            }
        }
        bad
    }

    /// How many small blocks from the front stand one after the other and are as they were written, found with one
    /// read.
    fn same_run(&self, blocks: &[(Block, Entry)], scratch: &mut Vec<u8>) -> usize {
        let Some((_, first)) = blocks.first() else {
            return 0;
        };
        let mut end = first.offset;
        let run = blocks.iter().take_while(|(_, entry)| {
            let next = entry.segment == first.segment
                && entry.offset == end
                && entry.end() - first.offset <= PIECE as u64;
            if next {
                end = entry.end();
            }
            next
        });
        let run = run.count();
        let Ok(len) = usize::try_from(end - first.offset) else {
            return 0;
        };
        if run < 2 || !self.fill(first.segment, first.offset, len, scratch) {
            return 0;
        }
        let mut at = 0usize;
        let same = blocks.iter().take(run).take_while(|(block, entry)| {
            let total = usize::try_from(entry.total()).unwrap_or(usize::MAX);
            let record = scratch.get(at..at.saturating_add(total));
            at = at.saturating_add(total);
            record.is_some_and(|record| is_record(record, block, entry))
        });
        same.count()
    }

    /// Whether the stored bytes of a block are good: those that are written now, as a rule.
    fn is_stored_intact(&self, block: &Block, entry: &Entry, scratch: &mut Vec<u8>) -> bool {
        // What differs from the bytes that are written now is bad unless its own digest says otherwise.
        self.is_same(block, entry, scratch) || self.read(block.cid.hash(), entry, true).is_ok()
    }

    fn is_same(&self, block: &Block, entry: &Entry, scratch: &mut Vec<u8>) -> bool {
        let head = usize::from(entry.head);
        let first = head + block.data.len().min(PIECE - MAX_HEAD);
        if !self.fill(entry.segment, entry.offset, first, scratch) {
            return false;
        }
        if !is_front(scratch, block, entry) {
            return false;
        }
        let (front, rest) = block.data.split_at(first - head);
        if scratch.get(head..) != Some(front) {
            return false;
        }
        let mut at = entry.offset + first as u64;
        rest.chunks(PIECE).all(|piece| {
            let filled = self.fill(entry.segment, at, piece.len(), scratch);
            at += piece.len() as u64;
            filled && scratch.as_slice() == piece
        })
    }

    /// Reads exactly this many bytes of a segment.
    fn fill(&self, segment: u32, offset: u64, len: usize, scratch: &mut Vec<u8>) -> bool {
        let Ok(file) = self.files.get(segment) else {
            return false;
        };
        self.warm.used();
        scratch.resize(len, 0);
        file.read_at(offset, scratch).is_ok_and(|read| read == len)
    }

    /// Sees to it that an entry can be replaced: it is in the index.
    pub(super) fn prepare_repair(&self, key: &Multihash, entry: &Entry) -> Result<(), BlockError> {
        let pending = self.pending.lock().get(key);
        if pending.is_some_and(|slot| slot.entry.id == entry.id) {
            self.settle(entry.id);
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Makes the index find the copies that replaced damaged ones, if any of them is durable: after a crash, replay would
    /// keep to the entry that is there.
    pub(super) fn switch_repaired(&self) -> Result<(), BlockError> {
        if self.pending.lock().is_repairing() {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// What a read of a block gave, remembered if it is bad.
    pub(super) fn note_read(
        &self,
        key: &Multihash,
        entry: &Entry,
        read: Result<Bytes, BlockError>,
    ) -> Result<Bytes, BlockError> {
        match &read {
            Ok(_) if self.damaged.has(key, entry) => self.damaged.forget(key),
            Err(BlockError::Damaged { .. }) => self.note_damage(key, entry),
            _ => {}
        }
        read
    }
}

fn is_front(bytes: &[u8], block: &Block, entry: &Entry) -> bool {
    matches!(record::front(bytes), RecordStart::Record(head)
        if head.cid.hash() == block.cid.hash() && head.len == entry.head && head.data == entry.data)
        && block.data.len() == entry.data as usize
}

/// Whether a record is that of a block.
fn is_record(record: &[u8], block: &Block, entry: &Entry) -> bool {
    is_front(record, block, entry)
        && record.get(usize::from(entry.head)..) == Some(block.data.as_ref())
}
