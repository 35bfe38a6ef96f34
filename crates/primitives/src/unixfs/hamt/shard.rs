//! Reads a node of a HAMT, and looks up names step by step.

use super::{HashBits, MAX_FANOUT, MURMUR3, is_fanout, prefix_len};
use crate::cid::Cid;
use crate::codec::dag_pb::{self, Link};
use crate::unixfs::directory::Entry;
use crate::unixfs::{Mtime, NodeKind, ReadError, UnixFs};

pub(super) const WORDS: usize = MAX_FANOUT / 64;

/// A node of a HAMT, checked: there is one link for each slot that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardNode {
    pub(super) fanout: usize,
    pub(super) prefix_len: usize,
    /// Which slots are taken; slot 0 is the lowest bit of the first word.
    pub(super) taken: [u64; WORDS],
    pub(super) links: Vec<Link>,
    pub(super) mode: Option<u32>,
    pub(super) mtime: Option<Mtime>,
}

/// What is in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot<'a> {
    /// A child shard.
    Shard(&'a Link),
    /// An entry.
    Entry(Entry),
}

impl ShardNode {
    /// Reads a node.
    pub fn decode(node: &dag_pb::Node) -> Result<Self, ReadError> {
        Self::new(&UnixFs::of(node)?, node.links.clone())
    }

    /// Puts a node together from its two parts.
    pub fn new(unixfs: &UnixFs, links: Vec<Link>) -> Result<Self, ReadError> {
        if unixfs.kind != NodeKind::HamtShard {
            return Err(ReadError::Kind {
                expected: "HAMTShard",
                found: unixfs.kind,
            });
        }
        if unixfs.hash_type != Some(MURMUR3) {
            return Err(ReadError::HashType);
        }
        let claimed = unixfs.fanout.unwrap_or(0);
        let fanout = usize::try_from(claimed)
            .ok()
            .filter(|&fanout| is_fanout(fanout) && fanout <= MAX_FANOUT)
            .ok_or(ReadError::Fanout(claimed))?;
        let bitfield = unixfs.data.as_deref().unwrap_or_default();
        if bitfield.len() > fanout / 8 {
            return Err(ReadError::Bitfield {
                bits: bitfield.len().saturating_mul(8),
                links: links.len(),
            });
        }
        let mut taken = [0u64; WORDS];
        for (index, &byte) in bitfield.iter().rev().enumerate() {
            if let Some(word) = taken.get_mut(index / 8) {
                *word |= u64::from(byte) << (8 * (index % 8));
            }
        }
        let bits = taken.iter().map(|word| word.count_ones() as usize).sum();
        if bits != links.len() {
            return Err(ReadError::Bitfield {
                bits,
                links: links.len(),
            });
        }
        let prefix_len = prefix_len(fanout);
        for link in &links {
            let name = link.name.as_deref().unwrap_or_default();
            if name.get(prefix_len..).is_none() {
                return Err(ReadError::LinkName(name.into()));
            }
        }
        Ok(Self {
            fanout,
            prefix_len,
            taken,
            links,
            mode: unixfs.permissions(),
            mtime: unixfs.valid_mtime(),
        })
    }

    /// How many slots the node has.
    #[must_use]
    pub fn fanout(&self) -> usize {
        self.fanout
    }

    /// Permissions, when the node has them. Only those of the root mean anything.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        self.mode
    }

    /// Time of modification, likewise.
    #[must_use]
    pub fn mtime(&self) -> Option<Mtime> {
        self.mtime
    }

    /// How many slots are taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether no slot is taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// The slots that are taken, with their numbers, in order.
    pub fn slots(&self) -> impl Iterator<Item = (usize, Slot<'_>)> {
        (0..self.len()).filter_map(|index| self.nth(index))
    }

    /// The CIDs of the child shards, in order.
    pub fn shards(&self) -> impl Iterator<Item = &Cid> {
        self.links
            .iter()
            .filter(|link| self.suffix(link).is_empty())
            .map(|link| &link.cid)
    }

    /// The taken slot of a rank, with its number.
    pub(super) fn nth(&self, index: usize) -> Option<(usize, Slot<'_>)> {
        let link = self.links.get(index)?;
        Some((self.number_of(index)?, self.slot(link)))
    }

    /// What is in the slot of a number.
    #[must_use]
    pub fn at(&self, number: usize) -> Option<Slot<'_>> {
        let here = *self.taken.get(number / 64)?;
        if here >> (number % 64) & 1 == 0 {
            return None;
        }
        let link = self.links.get(self.rank(number))?;
        Some(self.slot(link))
    }

    /// How many slots before the one of a number are taken.
    pub(super) fn rank(&self, number: usize) -> usize {
        let (word, bit) = (number / 64, number % 64);
        let before: u32 = self
            .taken
            .iter()
            .take(word)
            .map(|word| word.count_ones())
            .sum();
        let here = self.taken.get(word).copied().unwrap_or(0);
        (before + (here & ((1 << bit) - 1)).count_ones()) as usize
    }

    /// The number of the taken slot of a rank.
    fn number_of(&self, rank: usize) -> Option<usize> {
        let mut left = rank;
        for (index, &word) in self.taken.iter().enumerate() {
            let ones = word.count_ones() as usize;
            if left >= ones {
                left -= ones;
                continue;
            }
            let mut word = word;
            for _ in 0..left {
                word &= word - 1;
            }
            return Some(index * 64 + word.trailing_zeros() as usize);
        }
        None
    }

    fn slot<'a>(&self, link: &'a Link) -> Slot<'a> {
        match self.suffix(link) {
            [] => Slot::Shard(link),
            name => Slot::Entry(Entry::from_link(link, name)),
        }
    }

    fn suffix<'a>(&self, link: &'a Link) -> &'a [u8] {
        link.name
            .as_deref()
            .and_then(|name| name.get(self.prefix_len..))
            .unwrap_or_default()
    }
}

/// Looks up a name: the caller starts with the root and fetches the requested shards.
#[derive(Clone, Debug)]
pub struct Lookup<'a> {
    name: &'a [u8],
    bits: HashBits,
}

/// The result of a step of a [`Lookup`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The name is there.
    Found(Entry),
    /// The name does not exist.
    Absent,
    /// Fetch this shard and continue with it.
    Descend(Cid),
}

impl<'a> Lookup<'a> {
    /// Begins at the root.
    #[must_use]
    pub fn new<T: AsRef<[u8]> + ?Sized>(name: &'a T) -> Self {
        let name = name.as_ref();
        Self {
            name,
            bits: HashBits::new(name),
        }
    }

    /// Looks into the next shard. Ends with an error where the hash is used up, so that at most
    /// [`super::MAX_DEPTH`] shards are asked for.
    pub fn step(&mut self, shard: &ShardNode) -> Result<Step, ReadError> {
        let slot = self.bits.next(shard.fanout).ok_or(ReadError::TooDeep)?;
        Ok(match shard.at(slot) {
            Some(Slot::Shard(link)) => Step::Descend(link.cid.clone()),
            Some(Slot::Entry(entry)) if entry.name.as_bytes() == self.name => Step::Found(entry),
            Some(Slot::Entry(_)) | None => Step::Absent,
        })
    }
}
