//! HAMT: directories of many entries, spread over a tree of nodes by the hash of the names.
//!
//! Each level takes the next bits of a name's murmur3 hash as the number of a slot. A slot holds an entry, or a child
//! shard when several names fall into it. Links are named by the slot in hexadecimal and, for entries, the name after
//! it.
//!
//! Spec: <https://specs.ipfs.tech/unixfs/#dag-pb-hamtdirectory>

mod build;
mod edit;
mod murmur3;
mod shard;
mod walk;

pub use build::HamtBuilder;
pub use edit::fork;
pub use shard::{Lookup, ShardNode, Slot, Step};
pub use walk::{Visit, Walk};

/// Default number of slots of a node.
pub const DEFAULT_FANOUT: usize = 256;
/// Maximum number of slots of a node.
pub const MAX_FANOUT: usize = 1024;
/// Deepest HAMT: the hash has 64 bits and the smallest fanout takes 3 at a time.
pub const MAX_DEPTH: usize = 21;

/// The multicodec code of murmur3-x64-64.
const MURMUR3: u64 = 0x22;

/// Whether a HAMT can have so many slots a node: a power of two and a multiple of 8.
#[must_use]
pub fn is_fanout(fanout: usize) -> bool {
    fanout.is_power_of_two() && fanout.is_multiple_of(8)
}

/// The hash by which a name finds its slots. Entries lie in a HAMT, and are walked, in the order of their hashes.
#[must_use]
pub fn hash_name(name: impl AsRef<[u8]>) -> u64 {
    murmur3::hash(name.as_ref())
}

/// How many hexadecimal digits number the slots.
fn prefix_len(fanout: usize) -> usize {
    let bits = (fanout - 1).checked_ilog2().unwrap_or(0) as usize + 1;
    bits.div_ceil(4)
}

/// The slots that a name's hash leads to, from the root down.
#[derive(Clone, Copy, Debug)]
pub struct HashBits {
    hash: u64,
    used: u32,
}

impl HashBits {
    /// Begins at the root.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        Self {
            hash: murmur3::hash(name),
            used: 0,
        }
    }

    /// The next slot in a node of a fanout, or none when the hash is used up.
    pub fn next(&mut self, fanout: usize) -> Option<usize> {
        let bits = fanout.trailing_zeros();
        let used = self.used + bits;
        if used > u64::BITS {
            return None;
        }
        let slot = (self.hash >> (u64::BITS - used)) & (fanout as u64 - 1);
        self.used = used;
        usize::try_from(slot).ok()
    }
}

#[cfg(test)]
mod tests;
