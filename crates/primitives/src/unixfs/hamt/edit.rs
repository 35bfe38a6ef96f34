//! Edits a node of a HAMT.
//!
//! An edit descends by [`super::HashBits`] to the node of a name, changes it, and rewrites the nodes above it. The
//! result is the HAMT that [`super::HamtBuilder`] would build of the same entries.

use super::build::{set_bit, trimmed};
use super::{HashBits, MURMUR3, ShardNode, Slot};
use crate::ByteString;
use crate::codec::dag_pb::{self, Link};
use crate::unixfs::directory::Entry;
use crate::unixfs::{BuildError, Mtime, NodeKind, UnixFs};

impl ShardNode {
    /// A node without slots taken that has the fanout of this one, and no attributes.
    fn empty_like(&self) -> Self {
        Self {
            fanout: self.fanout,
            prefix_len: self.prefix_len,
            taken: [0; super::shard::WORDS],
            links: Vec::new(),
            mode: None,
            mtime: None,
        }
    }

    /// Puts an entry into a slot, in place of what is there.
    pub fn set_entry(&mut self, slot: usize, entry: Entry) {
        let name = self.link_name(slot, &entry.name);
        self.set(slot, entry.into_link(name));
    }

    /// Puts a child shard into a slot, in place of what is there. `tree_size` is that of all blocks of the child.
    pub fn set_shard(&mut self, slot: usize, cid: crate::Cid, tree_size: u64) {
        let link = Link {
            cid,
            name: Some(self.link_name(slot, b"")),
            size: Some(tree_size),
        };
        self.set(slot, link);
    }

    /// Empties a slot.
    pub fn clear(&mut self, slot: usize) {
        if self.at(slot).is_none() {
            return;
        }
        let rank = self.rank(slot);
        self.links.remove(rank);
        if let Some(word) = self.taken.get_mut(slot / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    /// The entry, when it is all that the node holds: the node above takes it in then, in place of the node.
    #[must_use]
    pub fn only_entry(&self) -> Option<Entry> {
        match self.slots().next() {
            Some((_, Slot::Entry(entry))) if self.len() == 1 => Some(entry),
            _ => None,
        }
    }

    /// Sets permissions and time of modification.
    pub fn set_attributes(&mut self, mode: Option<u32>, mtime: Option<Mtime>) {
        self.mode = mode;
        self.mtime = mtime;
    }

    /// The node as dag-pb.
    #[must_use]
    pub fn to_node(&self) -> dag_pb::Node {
        let mut bitfield = vec![0u8; self.fanout / 8];
        for (slot, _) in self.slots() {
            set_bit(&mut bitfield, slot as u64);
        }
        let mut unixfs = UnixFs {
            data: trimmed(&bitfield),
            hash_type: Some(MURMUR3),
            fanout: Some(self.fanout as u64),
            ..UnixFs::new(NodeKind::HamtShard)
        };
        unixfs.set_attributes(self.mode, self.mtime);
        dag_pb::Node {
            links: self.links.clone(),
            data: Some(unixfs.encode()),
        }
    }

    fn set(&mut self, slot: usize, link: Link) {
        let rank = self.rank(slot);
        let Some(word) = self.taken.get_mut(slot / 64) else {
            return;
        };
        if *word >> (slot % 64) & 1 == 0 {
            *word |= 1 << (slot % 64);
            self.links.insert(rank.min(self.links.len()), link);
        } else if let Some(place) = self.links.get_mut(rank) {
            *place = link;
        }
    }

    fn link_name(&self, slot: usize, name: &[u8]) -> ByteString {
        let digits = self.prefix_len;
        [format!("{slot:0digits$X}").as_bytes(), name]
            .concat()
            .into()
    }
}

/// The nodes that two entries need which fall into one slot of `above`: a chain of nodes with one child each, and at its
/// end the node that holds both. `at` and `other` stand behind that slot. In the order from the top.
///
/// Each node but the last has, at the slot that stands with it, the child that follows.
///
/// # Errors
/// [`BuildError::TooDeep`] when the names have the same hash.
pub fn fork(
    above: &ShardNode,
    (one, mut at): (Entry, HashBits),
    other: Entry,
) -> Result<Vec<(ShardNode, usize)>, BuildError> {
    let mut behind = HashBits {
        used: at.used,
        ..HashBits::new(&other.name)
    };
    let mut chain = Vec::new();
    loop {
        let mut shard = above.empty_like();
        let slots = (at.next(above.fanout), behind.next(above.fanout));
        let (Some(first), Some(second)) = slots else {
            return Err(BuildError::TooDeep);
        };
        if first == second {
            chain.push((shard, first));
            continue;
        }
        shard.set_entry(first, one);
        shard.set_entry(second, other);
        chain.push((shard, first));
        return Ok(chain);
    }
}
