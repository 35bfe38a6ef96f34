//! UnixFS: files, directories and symbolic links as dag-pb nodes and raw blocks.
//!
//! Writing goes `bytes -> `[`chunker`]` -> `[`layout`]` -> blocks` for files and [`directory`] (which turns to
//! [`hamt`] when it grows) for directories. Reading goes through [`node::UnixFs`], [`file::FileNode`],
//! [`directory`] and [`hamt`]. None of it fetches or stores: it hands out blocks and asks for CIDs.
//!
//! Spec: <https://specs.ipfs.tech/unixfs/>

pub mod chunker;
pub mod cid_maker;
pub mod directory;
pub mod file;
pub mod hamt;
pub mod layout;
pub mod node;
pub mod symlink;

pub use cid_maker::CidMaker;
pub use node::{Mtime, NodeKind, UnixFs};

use crate::bytestring::ByteString;
use crate::codec::CodecError;
use crate::multihash::HashError;

/// Largest block that is made, in bytes: what Bitswap carries.
pub const MAX_BLOCK: usize = 2 << 20;

/// What came out of building a file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The root.
    pub cid: crate::Cid,
    /// Bytes of content; 0 for a directory.
    pub file_size: u64,
    /// Bytes of all blocks below and with the root: `Tsize` of a link to it, `Size` in the output of `add`.
    pub tree_size: u64,
}

/// Why a file, a directory or a link could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A block could not be named.
    #[error("a block could not be hashed")]
    Hash(#[from] HashError),
    /// CIDv0 was asked for with another hash function.
    #[error("a CIDv0 requires sha2-256")]
    V0Hash,
    /// More bytes than a CID may hold.
    #[error(
        "blocks of {0} bytes cannot be inlined: at most {max}",
        max = crate::multihash::MAX_DIGEST
    )]
    InlineLimit(usize),
    /// A block would be larger than [`MAX_BLOCK`].
    #[error("a node exceeds the maximum block size")]
    TooLarge,
    /// A file node of so few links cannot hold a file.
    #[error("a file node needs at least {least} links, got {got}")]
    MaxLinks {
        /// What was asked for.
        got: usize,
        /// What the layout needs.
        least: usize,
    },
    /// The fanout has no HAMT.
    #[error("invalid HAMT fanout {0}: expected a power of 2 and a multiple of 8")]
    Fanout(usize),
    /// The fanout is larger than [`hamt::MAX_FANOUT`].
    #[error("invalid HAMT fanout {0}: at most {max}", max = hamt::MAX_FANOUT)]
    FanoutTooLarge(usize),
    /// Sharding is turned off and the directory has more links than allowed.
    #[error("the directory has too many links, and sharding is disabled")]
    TooManyLinks,
    /// An entry has no name.
    #[error("a directory entry has no name")]
    NoName,
    /// Two names have the same hash.
    #[error("the sharded directory is nested too deep")]
    TooDeep,
    /// A leaf given to a builder is not one that [`layout::make_leaf`] made.
    #[error("a leaf is not a file node")]
    Leaf(#[from] ReadError),
}

/// Why a node is not valid UnixFS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The block is not in its codec's form.
    #[error("the block could not be decoded")]
    Codec(#[from] CodecError),
    /// The protobuf is malformed.
    #[error("the UnixFS data is malformed: {0}")]
    Wire(&'static str),
    /// A required field is missing.
    #[error("the UnixFS data lacks the field {0}")]
    Missing(&'static str),
    /// A dag-pb node that has no `Data`.
    #[error("the node has no UnixFS data")]
    NoData,
    /// The node is of another kind.
    #[error("expected {expected}, found {found}")]
    Kind {
        /// What was looked for.
        expected: &'static str,
        /// What stands there.
        found: NodeKind,
    },
    /// The codec has no UnixFS.
    #[error("blocks of codec {0:#x} are not UnixFS")]
    NotUnixFs(u64),
    /// Links and block sizes do not belong together.
    #[error("a file node has {links} links and {sizes} block sizes")]
    BlockSizes {
        /// How many links.
        links: usize,
        /// How many sizes.
        sizes: usize,
    },
    /// The sizes sum to more than 64 bits hold.
    #[error("the sizes of a file node overflow")]
    SizeOverflow,
    /// The sum is not what the node claims.
    #[error("a file node states a size of {claimed} bytes, but its parts have {sum}")]
    SizeMismatch {
        /// What `filesize` says.
        claimed: u64,
        /// Data and block sizes together.
        sum: u64,
    },
    /// The HAMT's hash function is not murmur3.
    #[error("the hash function of the HAMT is not murmur3")]
    HashType,
    /// The fanout is not a power of two, not a multiple of 8, or too large.
    #[error("invalid HAMT fanout {0}")]
    Fanout(u64),
    /// The bitfield does not agree with the fanout or the links.
    #[error("the HAMT bitfield has {bits} bits set for {links} links")]
    Bitfield {
        /// Bits that are set, or how many there are when there are too many.
        bits: usize,
        /// How many links.
        links: usize,
    },
    /// A link's name is shorter than the prefix.
    #[error("invalid link name {0:?}")]
    LinkName(ByteString),
    /// The shards nest deeper than the hash has bits.
    #[error("the sharded directory is nested too deep")]
    TooDeep,
    /// A name is in a slot that its hash does not lead to.
    #[error("the HAMT entry {0:?} is in the wrong slot")]
    Misplaced(ByteString),
}
