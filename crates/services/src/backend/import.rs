//! Adding content to a backend.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use cairn_dag::import::{Added, FileMeta, ImportOptions, ImportRoot};
use cairn_primitives::{Block, ByteString, Cid, CidList};
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;

use super::{BackendResult, DagSize, PinOptions};

/// Why content could not be received; see [`BackendError::Source`](super::BackendError::Source).
pub type SourceError = Arc<dyn std::error::Error + Send + Sync>;

/// Bytes as they arrive. The backend reads no further ahead than it can store.
pub type Content<'a> = BoxStream<'a, Result<Bytes, SourceError>>;

/// Files and directories as they arrive.
pub type Entries<'a> = BoxStream<'a, Result<Entry, SourceError>>;

/// An item of [`Entries`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Entry {
    /// A directory; the entries that lie in it follow.
    Directory {
        /// Its path.
        path: ByteString,
        /// Its own permissions and time.
        meta: FileMeta,
    },
    /// A symbolic link.
    Symlink {
        /// Its path.
        path: ByteString,
        /// What it points at.
        target: ByteString,
        /// Its own permissions and time.
        meta: FileMeta,
    },
    /// A file begins; the one before ends.
    File {
        /// Its path.
        path: ByteString,
        /// Its own permissions and time.
        meta: FileMeta,
    },
    /// Bytes of the file.
    Data(Bytes),
}

/// Keeps imported blocks from collection until it is dropped. Pin them before.
#[derive(Default)]
pub struct Keep(Option<Box<dyn Any + Send + Sync>>);

impl Keep {
    /// Keeps this value, which protects the blocks.
    pub fn new(guard: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(guard)))
    }

    /// The value, if it is of this type.
    #[must_use]
    pub fn guard<T: Any>(&self) -> Option<&T> {
        self.0.as_ref()?.downcast_ref()
    }
}

impl std::fmt::Debug for Keep {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keep")
    }
}

/// Imported files and directories.
#[derive(Debug)]
pub struct Imported {
    /// The entries at the top, in the order in which they came.
    pub roots: Vec<ImportRoot>,
    /// Keeps their blocks.
    pub keep: Keep,
}

/// Options of the import of a CAR.
#[derive(Clone, Copy, Debug, Default)]
pub struct CarOptions {
    /// Whether blocks are accepted that are larger than peers exchange.
    pub allow_big_block: bool,
    /// Up to how many blocks are listed; 0 for no list.
    pub list: usize,
}

/// An imported CAR.
#[derive(Debug)]
pub struct ImportedCar {
    /// The roots of its header, without duplicates; they may be absent.
    pub roots: Vec<Cid>,
    /// How many blocks it has, duplicates included.
    pub blocks: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
    /// Whether the DAG of the only root is known to be complete in it.
    pub is_whole: bool,
    /// The blocks, if a list was asked for and they are not too many.
    pub list: Option<CidList>,
    /// Keeps its blocks.
    pub keep: Keep,
}

/// Adds content. What was added is durable when a call has returned, and kept by its [`Keep`]; nothing is pinned until
/// [`Import::pin_imported`]. Dropping a future leaves blocks that nothing refers to, and that the next collection
/// removes.
pub trait Import: Send + Sync + 'static {
    /// Whether content is stored by this process, which pins it within milliseconds unless its disk fails.
    fn is_embedded(&self) -> bool {
        false
    }

    /// Imports files and directories.
    ///
    /// Every file, link and directory is sent to `events` when it is finished; the import waits while the channel is full.
    /// [`ImportOptions::pin`] is ignored.
    fn import<'a>(
        &'a self,
        options: ImportOptions,
        entries: Entries<'a>,
        events: mpsc::Sender<Added>,
    ) -> BackendResult<'a, Imported>;

    /// Imports a CAR; every block is verified.
    fn import_car<'a>(
        &'a self,
        options: CarOptions,
        archive: Content<'a>,
    ) -> BackendResult<'a, ImportedCar>;

    /// Stores blocks whose bytes are known to match their CIDs.
    fn put_blocks<'a>(&'a self, blocks: Vec<Block>) -> BackendResult<'a, Keep>;

    /// Pins a DAG recursively for the services, all of which the given imports have written. Does not walk it.
    fn pin_imported<'a>(
        &'a self,
        root: &'a Cid,
        name: &'a str,
        keep: &'a [&'a Keep],
    ) -> BackendResult<'a, ()>;

    /// Pins a DAG recursively for the services, whose blocks earlier imports have written, and `last`, the import of the last
    /// of them. Fails with [`BackendError::NotFound`](super::BackendError::NotFound) or
    /// [`BackendError::Stalled`](super::BackendError::Stalled) if one is absent after all.
    fn pin_completed<'a>(
        &'a self,
        root: &'a Cid,
        options: PinOptions,
        last: Option<&'a ImportedCar>,
    ) -> BackendResult<'a, DagSize>;

    /// A local block.
    fn block<'a>(&'a self, cid: &'a Cid) -> BackendResult<'a, Option<Bytes>>;

    /// Finds what DAGs lack without asking the network: up to `limit` CIDs such that nothing is missing once nothing is
    /// missing below these. Empty if they are complete. A later call may continue from the result, unless it was cut
    /// off at the limit.
    fn missing<'a>(&'a self, from: &'a [Cid], limit: usize) -> BackendResult<'a, Vec<Cid>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keep_holds_a_value_until_it_is_dropped() {
        let guard = Arc::new(7);
        let keep = Keep::new(Arc::clone(&guard));
        assert_eq!(keep.guard::<Arc<i32>>().map(|value| **value), Some(7));
        assert!(keep.guard::<u8>().is_none());
        assert_eq!(Arc::strong_count(&guard), 2);
        drop(keep);
        assert_eq!(Arc::strong_count(&guard), 1);
    }
}
