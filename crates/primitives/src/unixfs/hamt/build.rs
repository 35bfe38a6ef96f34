//! Builds HAMTs.

use bytes::Bytes;

use super::{MAX_FANOUT, MURMUR3, is_fanout, murmur3, prefix_len};
use crate::block::Block;
use crate::cid::{Cid, Codec};
use crate::codec::dag_pb::{self, Link};
use crate::unixfs::directory::Entry;
use crate::unixfs::{BuildError, Built, CidMaker, NodeKind, UnixFs};

/// Builds the HAMT of a set of entries, which is unique.
///
/// Holds all entries, about 150 bytes each, and makes one shard at a time.
#[derive(Debug)]
pub struct HamtBuilder {
    cid: CidMaker,
    fanout: usize,
    entries: Vec<Keyed>,
}

#[derive(Debug)]
struct Keyed {
    hash: u64,
    entry: Entry,
}

impl HamtBuilder {
    /// A HAMT without entries.
    pub fn new(cid: CidMaker, fanout: usize) -> Result<Self, BuildError> {
        if !is_fanout(fanout) {
            return Err(BuildError::Fanout(fanout));
        }
        if fanout > MAX_FANOUT {
            return Err(BuildError::FanoutTooLarge(fanout));
        }
        Ok(Self {
            cid,
            fanout,
            entries: Vec::new(),
        })
    }

    /// Adds an entry, in any order. Of two entries with the same name the later one counts.
    pub fn add(&mut self, entry: Entry) -> Result<(), BuildError> {
        if entry.name.is_empty() {
            return Err(BuildError::NoName);
        }
        let hash = murmur3::hash(entry.name.as_bytes());
        self.entries.push(Keyed { hash, entry });
        Ok(())
    }

    /// Passes on the shards, children before parents. The root keeps the attributes of `root`.
    pub fn finish(
        mut self,
        root: UnixFs,
        sink: &mut dyn FnMut(Block),
    ) -> Result<Built, BuildError> {
        // The sort is stable, so that the last of a name stays the last.
        self.entries
            .sort_by(|a, b| (a.hash, &a.entry.name).cmp(&(b.hash, &b.entry.name)));
        self.entries.dedup_by(|later, kept| {
            let same = later.hash == kept.hash && later.entry.name == kept.entry.name;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        let (cid, tree_size) = self.shard(&self.entries, 0, root, sink)?;
        Ok(Built {
            cid,
            file_size: 0,
            tree_size,
        })
    }

    /// Makes the shard of entries whose hashes agree in the first `used` bits.
    fn shard(
        &self,
        entries: &[Keyed],
        used: u32,
        node: UnixFs,
        sink: &mut dyn FnMut(Block),
    ) -> Result<(Cid, u64), BuildError> {
        let used = used + self.fanout.trailing_zeros();
        if used > u64::BITS {
            return Err(BuildError::TooDeep);
        }
        let slot_mask = self.fanout as u64 - 1;
        let slot_of = |keyed: &Keyed| (keyed.hash >> (u64::BITS - used)) & slot_mask;
        let digits = prefix_len(self.fanout);
        let mut bitfield = vec![0u8; self.fanout / 8];
        let mut links = Vec::new();
        let mut tree_size = 0u64;
        for group in entries.chunk_by(|a, b| slot_of(a) == slot_of(b)) {
            let Some(first) = group.first() else { continue };
            let slot = slot_of(first);
            set_bit(&mut bitfield, slot);
            let (name, cid, size) = if group.len() == 1 {
                let Entry {
                    name,
                    cid,
                    tree_size,
                } = &first.entry;
                (name.as_bytes(), cid.clone(), *tree_size)
            } else {
                let shard = UnixFs::new(NodeKind::HamtShard);
                let (cid, size) = self.shard(group, used, shard, sink)?;
                (&b""[..], cid, size)
            };
            tree_size = tree_size.saturating_add(size);
            links.push(Link {
                cid,
                name: Some(
                    [format!("{slot:0digits$X}").as_bytes(), name]
                        .concat()
                        .into(),
                ),
                size: Some(size),
            });
        }
        let unixfs = UnixFs {
            kind: NodeKind::HamtShard,
            data: trimmed(&bitfield),
            hash_type: Some(MURMUR3),
            fanout: Some(self.fanout as u64),
            ..node
        };
        let node = dag_pb::Node {
            links,
            data: Some(unixfs.encode()),
        };
        let data = Bytes::from(node.encode());
        let cid = self.cid.make(Codec::DAG_PB, &data)?;
        let tree_size = tree_size.saturating_add(data.len() as u64);
        sink(Block::new(cid.clone(), data));
        Ok((cid, tree_size))
    }
}

/// Slot 0 is the lowest bit of the last byte.
pub(super) fn set_bit(bitfield: &mut [u8], slot: u64) {
    let byte = usize::try_from(slot / 8).ok();
    if let Some(byte) = byte.and_then(|byte| bitfield.iter_mut().rev().nth(byte)) {
        *byte |= 1 << (slot % 8);
    }
}

/// Zero bytes in front are not written, and nothing at all when no bit is set.
pub(super) fn trimmed(bitfield: &[u8]) -> Option<Bytes> {
    let start = bitfield.iter().position(|&byte| byte != 0)?;
    bitfield.get(start..).map(Bytes::copy_from_slice)
}
