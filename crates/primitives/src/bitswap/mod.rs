//! Messages of bitswap and their encoding: protobuf after a varint with the length.
//!
//! See the [wire format](https://specs.ipfs.tech/bitswap-protocol/#wire-format).

mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod version;

use bytes::Bytes;

pub use self::decode::{DecodeError, decode_prefix};
pub use self::version::Version;

use crate::cid::{self, Cid};
use crate::multihash::Multihash;

/// Maximum size of a block that is exchanged, in bytes.
pub const MAX_BLOCK: usize = 2 << 20;

/// Maximum size of a message, in bytes.
pub const MAX_MESSAGE: usize = 4 << 20;

/// Maximum size of a CID in a message, in bytes: a digest of 128 bytes and four numbers.
pub const MAX_CID: usize = 168;

/// Entries of the wantlist that are read of one message; further ones are ignored.
pub const MAX_ENTRIES: usize = 8192;

/// Blocks in one message; with more, it is refused.
pub const MAX_BLOCKS: usize = 8192;

/// Answers about presence that are read of one message; further ones are ignored.
pub const MAX_PRESENCES: usize = 16_384;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Changes of the sender's wants.
    pub wantlist: Vec<Entry>,
    /// Whether these are all wants of the sender.
    pub full: bool,
    /// Blocks.
    pub blocks: Vec<Payload>,
    /// Answers to wants without blocks.
    pub presences: Vec<Presence>,
    /// Bytes of further blocks that wait for being sent.
    pub pending_bytes: i32,
}

impl Message {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wantlist.is_empty()
            && !self.full
            && self.blocks.is_empty()
            && self.presences.is_empty()
    }
}

/// What is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WantKind {
    /// The block.
    #[default]
    Block,
    /// The answer that the peer has it.
    Have,
}

/// A change of a wantlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The block.
    pub cid: Cid,
    /// Entries with larger numbers are answered first.
    pub priority: i32,
    /// Whether the want ends.
    pub cancel: bool,
    /// What is wanted.
    pub kind: WantKind,
    /// Whether the answer that the peer does not have the block is wanted.
    pub send_dont_have: bool,
}

/// Whether a peer has a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PresenceKind {
    /// It has the block.
    Have,
    /// It does not.
    DontHave,
}

/// The answer whether a peer has a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The block.
    pub cid: Cid,
    /// The answer.
    pub kind: PresenceKind,
}

/// A CID without its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// The CID's version.
    pub version: u64,
    /// The codec.
    pub codec: u64,
    /// The code of the hash function.
    pub hash: u64,
    /// The length of the digest, in bytes.
    pub length: u64,
}

impl Prefix {
    /// What blocks of bitswap 1.0.0 have: that of a CIDv0.
    pub const V0: Self = Self {
        version: 0,
        codec: 0x70,
        hash: 0x12,
        length: 32,
    };

    /// The prefix of a CID.
    #[must_use]
    pub fn of(cid: &Cid) -> Self {
        Self {
            version: u64::from(cid.version() == cid::Version::V1),
            codec: cid.codec().0,
            hash: cid.hash().code(),
            length: cid.hash().digest().len() as u64,
        }
    }
}

/// A block without its digest, which its receiver computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// How its CID is made.
    pub prefix: Prefix,
    /// The bytes, a slice of the message.
    pub data: Bytes,
}

impl Payload {
    /// A block to be sent.
    #[must_use]
    pub fn new(cid: &Cid, data: Bytes) -> Self {
        Self {
            prefix: Prefix::of(cid),
            data,
        }
    }

    /// Computes the multihash; `None` where the hash function is unknown, not allowed, or has no such digest.
    #[must_use]
    pub fn multihash(&self) -> Option<Multihash> {
        Multihash::of_block(self.prefix.hash, self.prefix.length, &self.data).ok()
    }
}
