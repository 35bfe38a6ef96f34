//! All entries of a HAMT.

use super::{ShardNode, Slot, murmur3};
use crate::cid::Cid;
use crate::unixfs::ReadError;
use crate::unixfs::directory::Entry;

/// Goes through a HAMT depth first, in the order of the hashes. The caller fetches the shards.
///
/// Each entry is checked to be where its name belongs, and no shard but the root may be empty: so that the work
/// is bounded by the entries that there really are, however often a hostile HAMT links to the same shard.
#[derive(Debug)]
pub struct Walk {
    stack: Vec<Frame>,
    /// The place of the shard that was asked for last.
    wanted: Option<Place>,
}

/// The next thing on a [`Walk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visit {
    /// An entry.
    Entry(Entry),
    /// Fetch this shard and pass it to [`Walk::enter`]; or go on without, and its entries are left out.
    Shard(Cid),
}

#[derive(Debug)]
struct Frame {
    shard: ShardNode,
    next: usize,
    place: Place,
}

/// The bits of the hash that all names beneath have in common.
#[derive(Clone, Copy, Debug)]
struct Place {
    bits: u64,
    used: u32,
}

impl Place {
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

    fn holds(self, name: &str) -> bool {
        murmur3::hash(name.as_bytes()) >> (u64::BITS - self.used) == self.bits
    }
}

impl Walk {
    /// Begins at the root.
    #[must_use]
    pub fn new(root: ShardNode) -> Self {
        Self {
            stack: vec![Frame {
                shard: root,
                next: 0,
                place: Place { bits: 0, used: 0 },
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
            return match slot {
                Slot::Entry(entry) if place.holds(&entry.name) => Ok(Some(Visit::Entry(entry))),
                Slot::Entry(entry) => Err(ReadError::Misplaced(entry.name)),
                Slot::Shard(link) => {
                    self.wanted = Some(place);
                    Ok(Some(Visit::Shard(link.cid.clone())))
                }
            };
        }
        Ok(None)
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
