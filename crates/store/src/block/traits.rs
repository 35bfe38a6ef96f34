//! What block stores and those who use them tell each other.

use std::any::Any;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use cairn_primitives::codec::CodecError;
use cairn_primitives::multihash::HashError;
use cairn_primitives::{Cid, CidList, Multihash};

use super::future::ReadFuture;
pub use super::store::{BlockCollector, BlockReader, BlockStore, BlockWriter};
use super::unseen::Unseen;
use crate::meta::{MAX_REFERENCE_PATH, RowError};

/// Largest block that any store takes, in bytes; what peers exchange is at most 2 MiB.
pub const MAX_BLOCK: usize = 64 << 20;

/// Why a block operation failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The disk or the index failed.
    #[error("cannot {action} the block store")]
    Io {
        /// What was being done: `read`, `write to`, `sync`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// No space is left, or the store's limit is reached: reads and collection go on.
    #[error("the disk is full: {free} bytes are free, and writing needs at least {needed}")]
    Full {
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// The repository was opened for reading.
    #[error("the block store is read-only")]
    ReadOnly,
    /// A block is larger than [`MAX_BLOCK`].
    #[error("a block of {size} bytes is larger than the {MAX_BLOCK} that a store takes")]
    TooBig {
        /// Its size in bytes.
        size: usize,
    },
    /// The stored bytes are not what the index says.
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
    /// Recursive roots reach blocks that cannot be read, and what hangs below those cannot be told.
    #[error("nothing was collected: {0}")]
    Unseen(Arc<Unseen>),
    /// A block's segment was lost.
    #[error("it was lost with segment {segment}")]
    Lost {
        /// The block, as CIDv1 raw.
        key: Cid,
        /// Number of the segment.
        segment: u32,
    },
    /// A block's bytes are not in its codec's form, so what it links to cannot be told.
    #[error("cannot read the links of {cid}")]
    Undecodable {
        /// The block.
        cid: Cid,
        /// Why.
        #[source]
        source: CodecError,
    },
    /// A block lies in a file, and cannot be had from it.
    #[error("block {key} cannot be read from offset {offset} of {path}")]
    Referenced {
        /// The block, as CIDv1 raw.
        key: Cid,
        /// The file, from the folder that holds the repository.
        path: Arc<str>,
        /// Where the block begins in it, in bytes.
        offset: u64,
        /// Why.
        #[source]
        source: ReferenceFault,
    },
    /// A reference would be to a file that is not below the folder that holds the repository.
    #[error("the file is outside of {}: only files below it can be referred to", root.display())]
    OutsideRoot {
        /// That folder.
        root: PathBuf,
    },
    /// A reference was to be added that is not allowed, or not possible.
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
    /// The rows that name the roots of a collection failed.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// A hold was handed to a store that did not give it out, so it would keep nothing.
    #[error("the hold belongs to another store")]
    OtherHold,
    /// The caller gave up.
    #[error("cancelled")]
    Cancelled,
    /// The store was closed.
    #[error("the block store is closed")]
    Closed,
}

/// Why a block that lies in a file cannot be had.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceFault {
    /// References to files are not allowed.
    #[error("references to files are turned off")]
    FilesOff,
    /// References to URLs are not allowed.
    #[error("references to URLs are turned off")]
    UrlsOff,
    /// References to URLs are allowed, but this program cannot follow them.
    #[error("references to URLs are not supported, only those to files")]
    Urls,
    /// The path is longer than [`crate::meta::MAX_REFERENCE_PATH`].
    #[error(
        "the path of a reference may have {MAX_REFERENCE_PATH} bytes, and this one has {length}"
    )]
    LongPath {
        /// Its length in bytes.
        length: usize,
    },
    /// The block begins further back than any file system reaches.
    #[error("no file reaches to offset {offset}")]
    Offset {
        /// The offset in bytes.
        offset: u64,
    },
    /// The file is gone.
    #[error("the file is gone")]
    Missing(#[source] Arc<io::Error>),
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[source] Arc<io::Error>),
    /// The file ends before the block does.
    #[error("the file has become shorter")]
    Short,
    /// The bytes are not those of the block.
    #[error("the file was changed")]
    Changed,
    /// The bytes cannot be checked: the hash function is not built in.
    #[error("the bytes cannot be checked")]
    Unchecked(#[source] HashError),
}

/// What one store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStat {
    /// Blocks that can be read.
    pub blocks: u64,
    /// Bytes of those blocks.
    pub live_bytes: u64,
    /// Bytes on disk, index included.
    pub disk_bytes: u64,
    /// Blocks that were found damaged since the store was opened, and not been written again.
    pub damaged: u64,
}

/// One block that [`BlockCollector::keys`] walks past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockEntry {
    /// The multihash.
    pub key: Multihash,
    /// Size in bytes.
    pub size: u32,
}

/// Where a collection starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The block.
    pub cid: Cid,
    /// Whether all that it links to is kept as well.
    pub recursive: bool,
}

/// What a collection did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blocks removed.
    pub blocks: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
    /// Bytes by which the disk use fell.
    pub disk_bytes: u64,
    /// Roots that are not recursive and absent.
    pub missing: u64,
}

/// What a collection asks of its caller.
pub trait Collector: Send {
    /// The roots to keep. Called once, after the collection has taken its position among the holds, so that a pin which
    /// commits earlier is seen here and one which commits later is still covered by its hold.
    fn roots(&mut self) -> Result<Vec<Root>, BlockError>;
    /// A block was removed, durably.
    fn removed(&mut self, key: &Multihash);
    /// Asked for blocks that are reachable but absent: the links of each that is kept elsewhere, which are then followed.
    /// This is how a store that wraps another learns what is reachable of its own.
    fn elsewhere(&mut self, cids: &[Cid]) -> Result<Vec<Option<CidList>>, BlockError> {
        Ok(vec![None; cids.len()])
    }
    /// Asked between batches; `true` stops cleanly.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Keeps blocks from a collection that runs beside an operation.
///
/// Take one before the first presence check of an operation that writes or pins, and drop it when its pin has
/// committed. Every block that the operation wrote, or found present through the hold, outlives a collection that began
/// or begins meanwhile. An explicit [`BlockWriter::remove`] is not a collection: it asks no hold.
///
/// `Any` lets a store recognise its own holds; a store that wraps another hands on the inner one's.
pub trait HoldGuard: Any + Send + Sync + std::fmt::Debug {
    /// Records that the operation relies on a block; `false` when the store does not have it, or knows that it is damaged. A block that was handed
    /// over but is not durable yet is waited for (a sync, at most), because what relies on it may become durable first.
    fn touch<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool>;

    /// As [`HoldGuard::touch`], from a thread that may block.
    fn touch_blocking(&self, key: &Multihash) -> Result<bool, BlockError>;
}

/// A live hold; see [`HoldGuard`].
pub type Hold = Arc<dyn HoldGuard>;
