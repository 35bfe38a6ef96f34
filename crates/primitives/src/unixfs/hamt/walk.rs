//! Walks over all entries of a HAMT.

use super::{ShardNode, Slot, murmur3};
use crate::cid::Cid;
use crate::unixfs::ReadError;
use crate::unixfs::directory::Entry;

/// Walks over a HAMT depth first, in hash order. The caller fetches the shards.
///
/// Each entry is checked to be where its name belongs, in a whole HAMT or in a shard of one, and no shard but the root may be empty: so that the work
/// is bounded by the entries that there really are, however often a hostile HAMT links to the same shard.
#[derive(Debug)]
pub struct Walk {
    stack: Vec<Frame>,
    /// The place of the shard that was asked for last.
    wanted: Option<HashPrefix>,
    /// How many levels may lie above the root: it may be a shard within a HAMT. A bit each; entries rule out more and more.
    above: u32,
    /// Bits that each of those levels takes.
    width: u32,
    /// The hash of the first entry, whose first bits all share with it.
    first: Option<u64>,
}

/// The next item of a [`Walk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visit {
    /// An entry.
    Entry(Entry),
    /// Fetch this shard and pass it to [`Walk::enter`]; or continue without, and its entries are left out.
    Shard(Cid),
}

#[derive(Debug)]
struct Frame {
    shard: ShardNode,
    next: usize,
    place: HashPrefix,
}

/// The bits of the hash that all names below have in common.
#[derive(Clone, Copy, Debug)]
struct HashPrefix {
    bits: u64,
    used: u32,
}

impl HashPrefix {
    fn slot(self, shard: &ShardNode, slot: usize) -> Result<Self, ReadError> {
        let width = shard.fanout().trailing_zeros();
        let used = self.used + width;
        if used > u64::BITS {
            return Err(ReadError::TooDeep);
        }
        Ok(Self {
            bits: self.bits << width | slot as u64,
            used,
        })
    }

    /// Whether a hash leads here when the first `above` bits of it are those of shards above the root.
    fn holds(self, hash: u64, above: u32) -> bool {
        above + self.used <= u64::BITS && hash << above >> (u64::BITS - self.used) == self.bits
    }
}

impl Walk {
    /// Begins at the root.
    #[must_use]
    pub fn new(root: ShardNode) -> Self {
        Self {
            above: u32::MAX,
            width: root.fanout().trailing_zeros(),
            first: None,
            stack: vec![Frame {
                shard: root,
                next: 0,
                place: HashPrefix { bits: 0, used: 0 },
            }],
            wanted: None,
        }
    }

    /// How many shards are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.stack.len()
    }

    /// Goes on; none at the end.
    pub fn step(&mut self) -> Result<Option<Visit>, ReadError> {
        self.wanted = None;
        while let Some(frame) = self.stack.last_mut() {
            let Some((number, slot)) = frame.shard.nth(frame.next) else {
                self.stack.pop();
                continue;
            };
            frame.next += 1;
            let place = frame.place.slot(&frame.shard, number)?;
            let entry = match slot {
                Slot::Entry(entry) => entry,
                Slot::Shard(link) => {
                    let cid = link.cid.clone();
                    self.wanted = Some(place);
                    return Ok(Some(Visit::Shard(cid)));
                }
            };
            return if self.holds(place, &entry.name) {
                Ok(Some(Visit::Entry(entry)))
            } else {
                Err(ReadError::Misplaced(entry.name))
            };
        }
        Ok(None)
    }

    /// Whether an entry may be where it is, given those before it.
    fn holds(&mut self, place: HashPrefix, name: &[u8]) -> bool {
        let hash = murmur3::hash(name);
        let differs = hash ^ *self.first.get_or_insert(hash);
        let mut left = 0;
        for level in (0..u32::BITS).filter(|level| self.above >> level & 1 == 1) {
            let above = level * self.width;
            let shared = differs.leading_zeros() >= above;
            if above < u64::BITS && shared && place.holds(hash, above) {
                left |= 1 << level;
            }
        }
        self.above = left;
        left != 0
    }

    /// Takes the shard that [`Self::step`] has just asked for.
    pub fn enter(&mut self, shard: ShardNode) -> Result<(), ReadError> {
        if shard.is_empty() {
            return Err(ReadError::Bitfield { bits: 0, links: 0 });
        }
        if let Some(place) = self.wanted.take() {
            self.stack.push(Frame {
                shard,
                next: 0,
                place,
            });
        }
        Ok(())
    }
}
