//! Entries between a write and the index.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use cairn_primitives::Multihash;
use foldhash::fast::FixedState;

use super::engine::FoundBlock;
use super::entry::Entry;
use super::link_rows::NewLinks;

/// Blocks that the index does not have yet, in the order of writing.
#[derive(Debug, Default)]
pub(super) struct Pending {
    map: HashMap<Multihash, FoundBlock, FixedState>,
    order: VecDeque<(u64, Multihash)>,
    bytes: u64,
    /// Blocks up to this id are in their file.
    written: u64,
    /// Segments that were closed and how long they are; their entries are durable.
    closed: Vec<(u32, u64)>,
    /// Links of the nodes among them, in the same order.
    links: VecDeque<NewLinks>,
    /// How many those are.
    linked: usize,
    /// Ids of those that take the place of a damaged block in the index, and the bytes of that one.
    repairs: HashMap<u64, u32, FixedState>,
}

/// Links that wait at most. The nodes that come beyond go without a row.
const MOST_LINKS: usize = 64 << 10;

/// What can go to the index.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Entries by key.
    pub(super) entries: Vec<(Multihash, Entry)>,
    /// Segments that were closed.
    pub(super) closed: Vec<(u32, u64)>,
    /// Links of the nodes among the entries.
    pub(super) links: Vec<NewLinks>,
    /// The last id among the entries.
    last: u64,
}

impl Pending {
    pub(super) fn get(&self, key: &Multihash) -> Option<FoundBlock> {
        self.map.get(key).cloned()
    }

    /// How many blocks there are that the index does not have.
    pub(super) fn len(&self) -> usize {
        self.map.len().saturating_sub(self.repairs.len())
    }

    /// Whether any takes the place of a damaged block.
    pub(super) fn is_repairing(&self) -> bool {
        !self.repairs.is_empty()
    }

    /// Entries that wait, those that a newer one replaced included.
    pub(super) fn waiting(&self) -> usize {
        self.order.len()
    }

    /// Bytes of the blocks that the index does not have.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
            .saturating_sub(self.repairs.values().map(|data| u64::from(*data)).sum())
    }

    /// Keys and sizes.
    pub(super) fn keys(&self) -> Vec<(Multihash, u32)> {
        self.map
            .iter()
            .map(|(key, slot)| (key.clone(), slot.entry.data))
            .collect()
    }

    pub(super) fn push(&mut self, key: Multihash, entry: Entry, data: Bytes) {
        self.bytes += u64::from(entry.data);
        self.order.push_back((entry.id, key.clone()));
        if let Some(old) = self.map.insert(
            key,
            FoundBlock {
                entry,
                data: Some(data),
            },
        ) {
            self.bytes -= u64::from(old.entry.data);
        }
    }

    /// The block that was pushed last takes the place of one in the index.
    pub(super) fn repairs(&mut self, id: u64, damaged: &Entry) {
        self.repairs.insert(id, damaged.data);
    }

    /// Keeps the links of the node that was pushed last, if there is room.
    pub(super) fn push_links(&mut self, links: NewLinks) {
        if self.linked + links.cids.len() <= MOST_LINKS {
            self.linked += links.cids.len();
            self.links.push_back(links);
        }
    }

    /// Blocks up to `id` are in their file: their bytes can be read there.
    pub(super) fn set_written(&mut self, id: u64) {
        let from = self.order.partition_point(|(at, _)| *at <= self.written);
        for (at, key) in self.order.range(from..) {
            if *at > id {
                break;
            }
            if let Some(slot) = self.map.get_mut(key).filter(|slot| slot.entry.id == *at) {
                slot.data = None;
            }
        }
        self.written = self.written.max(id);
    }

    pub(super) fn close(&mut self, segment: u32, len: u64) {
        self.closed.push((segment, len));
    }

    /// What is durable: entries up to id `settled`, and closed segments.
    pub(super) fn batch(&self, settled: u64) -> Batch {
        let mut batch = Batch {
            closed: self.closed.clone(),
            ..Batch::default()
        };
        for (id, key) in &self.order {
            if *id > settled {
                break;
            }
            batch.last = *id;
            if let Some(slot) = self.map.get(key).filter(|slot| slot.entry.id == *id) {
                batch.entries.push((key.clone(), slot.entry));
            }
        }
        let links = self.links.iter().take_while(|node| node.id <= settled);
        batch.links.extend(links.cloned());
        batch
            .entries
            .sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        batch
    }

    /// Whether [`Pending::batch`] would have nothing.
    pub(super) fn batch_is_empty(&self, settled: u64) -> bool {
        self.closed.is_empty() && self.order.front().is_none_or(|(id, _)| *id > settled)
    }

    /// The index has a batch.
    pub(super) fn flushed(&mut self, batch: &Batch) {
        while self.order.front().is_some_and(|(id, _)| *id <= batch.last) {
            if let Some((id, key)) = self.order.pop_front() {
                self.forget(&key, id);
            }
        }
        while self.links.front().is_some_and(|node| node.id <= batch.last) {
            let gone = self.links.pop_front();
            self.linked -= gone.map_or(0, |node| node.cids.len());
        }
        self.closed
            .drain(..batch.closed.len().min(self.closed.len()));
    }

    /// Drops the entries behind id `settled`: they were lost.
    pub(super) fn lose(&mut self, settled: u64) {
        while self.order.back().is_some_and(|(id, _)| *id > settled) {
            if let Some((id, key)) = self.order.pop_back() {
                self.forget(&key, id);
            }
        }
        while self.links.back().is_some_and(|node| node.id > settled) {
            let gone = self.links.pop_back();
            self.linked -= gone.map_or(0, |node| node.cids.len());
        }
    }

    fn forget(&mut self, key: &Multihash, id: u64) {
        self.repairs.remove(&id);
        if self.map.get(key).is_some_and(|slot| slot.entry.id == id)
            && let Some(slot) = self.map.remove(key)
        {
            self.bytes -= u64::from(slot.entry.data);
        }
    }
}
