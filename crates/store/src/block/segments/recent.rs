//! Small blocks that were read recently, in memory: to read one again takes neither a system call nor a checksum.
//!
//! Whether a block exists is asked of the index before, and the id of its entry, which is never given twice, has to be the same.
//! So nothing in here can be outdated, and what a damaged index says of a block cannot lead to another one's bytes.

use bytes::Bytes;
use cairn_primitives::Multihash;
use foldhash::fast::FixedState;
use quick_cache::sync::{Cache, DefaultLifecycle};

use super::engine::Engine;
use super::entry::Entry;

/// Maximum size of a block in here, in bytes: for larger ones, reading is little beside sending.
const SMALL: usize = 16 << 10;
/// What a block takes beside its bytes.
const OVERHEAD: u64 = 128;

/// The blocks, at most so many bytes of them. Those that are read more than once stay longest.
#[derive(Debug)]
pub(super) struct Recent(Cache<Multihash, Kept, Size, FixedState>);

/// The bytes of a block, and the id of the entry by which they were read.
#[derive(Clone, Debug)]
struct Kept {
    id: u64,
    data: Bytes,
}

#[derive(Clone, Debug)]
struct Size;

impl quick_cache::Weighter<Multihash, Kept> for Size {
    fn weight(&self, _: &Multihash, kept: &Kept) -> u64 {
        OVERHEAD + kept.data.len() as u64
    }
}

impl Recent {
    /// Room for so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        // Of the largest: the cache is divided so that each part has room for some dozen of so many.
        let blocks = usize::try_from(bytes).unwrap_or(usize::MAX) / SMALL;
        let hash = FixedState::default();
        Self(Cache::with(
            blocks,
            bytes,
            Size,
            hash,
            DefaultLifecycle::default(),
        ))
    }

    fn get(&self, key: &Multihash, entry: &Entry) -> Option<Bytes> {
        let kept = self.0.get(key)?;
        (kept.id == entry.id).then_some(kept.data)
    }

    /// Remembers the bytes of a block that was read, if it is small.
    pub(super) fn insert(&self, key: &Multihash, entry: &Entry, data: &Bytes) {
        if data.len() <= SMALL {
            let kept = Kept {
                id: entry.id,
                data: data.clone(),
            };
            self.0.insert(key.clone(), kept);
        }
    }
}

impl Engine {
    /// The bytes of a block, if it was read recently, and its record is not known to be damaged.
    pub(super) fn recent(&self, key: &Multihash, entry: &Entry) -> Option<Bytes> {
        if entry.data as usize > SMALL || self.damaged.has(key, entry) {
            return None;
        }
        self.recent.get(key, entry)
    }
}

#[cfg(test)]
mod tests {
    use cairn_primitives::Block;

    use super::super::super::conformance::raw;
    use super::*;

    fn entry(id: u64, data: &[u8]) -> Entry {
        Entry {
            id,
            segment: 1,
            offset: 64 * id,
            head: 38,
            data: u32::try_from(data.len()).unwrap(),
            check: None,
        }
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let recent = Recent::new(1 << 20);
        for size in [SMALL, 1000, SMALL + 1] {
            let blocks: Vec<Block> = (0..2000_u32)
                .map(|number| {
                    let mut data = vec![0; size];
                    data[..4].copy_from_slice(&number.to_le_bytes());
                    raw(&data)
                })
                .collect();
            for (id, block) in blocks.iter().enumerate() {
                let entry = entry(id as u64, &block.data);
                recent.insert(block.cid.hash(), &entry, &block.data);
            }
            let held = blocks.iter().enumerate().filter(|(id, block)| {
                let found = recent.get(block.cid.hash(), &entry(*id as u64, &block.data));
                found.is_some_and(|data| data == block.data)
            });
            let kept = held.count();
            assert!(kept * size <= 1 << 20, "{kept} blocks of {size} bytes");
            assert_eq!(kept > 0, size <= SMALL, "{kept} blocks of {size} bytes");
        }
    }

    #[test]
    fn another_entry_of_the_same_block_does_not_count() {
        let recent = Recent::new(1 << 20);
        let block = raw(b"block");
        let key = block.cid.hash();
        recent.insert(key, &entry(7, &block.data), &block.data);
        assert_eq!(
            recent.get(key, &entry(7, &block.data)),
            Some(block.data.clone())
        );
        assert_eq!(recent.get(key, &entry(8, &block.data)), None);
    }
}
