//! Types of block stores: errors, statistics, collections and holds.

use std::any::Any;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use cairn_primitives::codec::CodecError;
use cairn_primitives::multihash::HashError;
use cairn_primitives::{Cid, CidList, Multihash};

use super::future::ReadFuture;
pub use super::store::{BlockCollector, BlockReader, BlockStore, BlockWriter};
use super::unreadable::UnreadableBlocks;
use crate::meta::{MAX_REFERENCE_PATH, RowError};

/// Maximum size of a block in any store, in bytes; peers exchange at most 2 MiB.
pub const MAX_BLOCK: usize = 64 << 20;

/// Why a block operation failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The disk or the index failed.
    #[error("cannot {action} the block store")]
    Io {
        /// The failed action: `read`, `write to`, `sync`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// No space is left, or the store's limit is reached: reads and collection continue.
    #[error("the disk is full: {free} bytes are free, but writing needs at least {needed}")]
    Full {
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// The repository was opened read-only.
    #[error("the block store is read-only")]
    ReadOnly,
    /// A block is larger than [`MAX_BLOCK`].
    #[error("a block of {size} bytes is too large: at most {MAX_BLOCK}")]
    TooBig {
        /// Its size in bytes.
        size: usize,
    },
    /// The stored bytes are damaged.
    #[error("block {key} is damaged on disk: store the same content again to repair it")]
    Damaged {
        /// The block, as CIDv1 raw.
        key: Cid,
    },
    /// The rows handed to a collection belong to another store.
    #[error("the pins belong to store {rows}, not to store {store}: nothing was collected")]
    OtherStore {
        /// Id of the store that the rows name.
        rows: String,
        /// Id of this store.
        store: String,
    },
    /// Blocks that are reachable from recursive roots cannot be read, so what is reachable from them is unknown.
    #[error("nothing was collected: {0}")]
    Unreadable(Arc<UnreadableBlocks>),
    /// A block's segment was lost.
    #[error("it was lost with segment {segment}")]
    Lost {
        /// The block, as CIDv1 raw.
        key: Cid,
        /// Number of the segment.
        segment: u32,
    },
    /// A block's bytes are invalid in its codec, so its links are unknown.
    #[error("cannot read the links of {cid}")]
    Undecodable {
        /// The block.
        cid: Cid,
        /// Why.
        #[source]
        source: CodecError,
    },
    /// A block in a file cannot be read from it.
    #[error("block {key} cannot be read from offset {offset} of {path}")]
    Referenced {
        /// The block, as CIDv1 raw.
        key: Cid,
        /// The file, relative to the directory of the repository's parent.
        path: Arc<str>,
        /// Byte offset of the block in the file.
        offset: u64,
        /// Why.
        #[source]
        source: ReferenceFault,
    },
    /// A reference to a file outside the directory that contains the repository.
    #[error("the file is outside of {}: only files below it can be referenced", root.display())]
    OutsideRoot {
        /// That folder.
        root: PathBuf,
    },
    /// A reference that is not allowed or not possible.
    #[error("{0}")]
    NoReference(ReferenceFault),
    /// The rows of the references failed.
    #[error("cannot {action} the references")]
    References {
        /// What was being done: `read`, `write`.
        action: &'static str,
        /// Why.
        #[source]
        source: RowError,
    },
    /// The rows with the roots of a collection failed.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The hold belongs to another store, so it would keep nothing.
    #[error("the hold belongs to another store")]
    OtherHold,
    /// The operation was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The store was closed.
    #[error("the block store is closed")]
    Closed,
}

/// Why a block in a file cannot be read or referred to.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceFault {
    /// References to files are not allowed.
    #[error("references to files are disabled")]
    FilesOff,
    /// References to URLs are not allowed.
    #[error("references to URLs are disabled")]
    UrlsOff,
    /// References to URLs are allowed, but this program cannot follow them.
    #[error("references to URLs are not supported, only those to files")]
    Urls,
    /// The path is longer than [`crate::meta::MAX_REFERENCE_PATH`].
    #[error(
        "the path has {length} bytes: at most {MAX_REFERENCE_PATH} are allowed for a reference"
    )]
    LongPath {
        /// Its length in bytes.
        length: usize,
    },
    /// The offset of the block is too large for any file system.
    #[error("offset {offset} is too large for a file")]
    Offset {
        /// The offset in bytes.
        offset: u64,
    },
    /// The file is gone.
    #[error("the file does not exist")]
    Missing(#[source] Arc<io::Error>),
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[source] Arc<io::Error>),
    /// The file ends before the block does.
    #[error("the file is shorter than before")]
    Short,
    /// The bytes do not match the block.
    #[error("the file was changed")]
    Changed,
    /// The bytes cannot be verified: the hash function is unknown.
    #[error("the bytes cannot be verified")]
    Unchecked(#[source] HashError),
}

/// Statistics of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStat {
    /// Number of readable blocks.
    pub blocks: u64,
    /// Total size of those blocks, in bytes.
    pub live_bytes: u64,
    /// Disk usage in bytes, including the index.
    pub disk_bytes: u64,
    /// Number of blocks that were found damaged since the store was opened, and not rewritten.
    pub damaged: u64,
}

/// An item of [`BlockCollector::keys`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockEntry {
    /// The multihash.
    pub key: Multihash,
    /// Size in bytes.
    pub size: u32,
}

/// A root of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The block.
    pub cid: Cid,
    /// Whether everything that it links to is kept as well.
    pub recursive: bool,
}

/// The result of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Number of removed blocks.
    pub blocks: u64,
    /// Total size of those blocks, in bytes.
    pub bytes: u64,
    /// Bytes by which the disk usage decreased.
    pub disk_bytes: u64,
    /// Number of absent non-recursive roots.
    pub missing: u64,
}

/// The callbacks of a collection.
pub trait Collector: Send {
    /// The roots to keep. Called once, after the collection has taken its position among the holds: a pin that
    /// committed earlier is returned here, and one that commits later is still covered by its hold.
    fn roots(&mut self) -> Result<Vec<Root>, BlockError>;
    /// Called for each durably removed block.
    fn removed(&mut self, key: &Multihash);
    /// Called with reachable but absent blocks: returns the links of each that another store has, which are then
    /// followed. A store that wraps another one learns this way which of its own blocks are reachable.
    fn elsewhere(&mut self, cids: &[Cid]) -> Result<Vec<Option<CidList>>, BlockError> {
        Ok(vec![None; cids.len()])
    }
    /// Called between batches; `true` stops the collection cleanly.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Protects the blocks of an operation from concurrent collections.
///
/// Take a hold before the first presence check of an operation that writes or pins, and drop it when its pin has
/// committed. Every block that the operation wrote, or found present through the hold, survives a collection that
/// started or starts meanwhile. An explicit [`BlockWriter::remove`] is not a collection: it ignores holds.
///
/// `Any` allows a store to recognise its own holds; a store that wraps another passes on the inner one's.
pub trait HoldGuard: Any + Send + Sync + std::fmt::Debug {
    /// Records that the operation relies on a block; `false` if the store does not have it or knows that it is
    /// damaged. Waits for a block that was written but is not durable yet (at most one sync), because what relies on
    /// it may become durable first.
    fn touch<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool>;

    /// As [`HoldGuard::touch`], from a thread that may block.
    fn touch_blocking(&self, key: &Multihash) -> Result<bool, BlockError>;
}

/// A live hold; see [`HoldGuard`].
pub type Hold = Arc<dyn HoldGuard>;
