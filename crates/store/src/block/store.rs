//! The traits of block stores: for readers, writers and collectors.

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use futures_util::future::{BoxFuture, try_join_all};

use super::future::ReadFuture;
use super::links;
use super::traits::{BlockEntry, BlockError, Collected, Collector, Hold, Root, StoreStat};
use super::wait::wait;

/// Reads blocks by multihash.
///
/// Every read is a future that is ready immediately if the answer is in memory, and otherwise waits off the runtime;
/// the `_blocking` variants are for threads that may block. Blocks with identity multihashes are read from the
/// multihash and never stored.
pub trait BlockReader: Send + Sync + 'static {
    /// Whether the block can be read: it is present and not known to be damaged.
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool>;

    /// The block's size in bytes.
    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>>;

    /// The block's bytes.
    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>>;

    /// The bytes of several blocks, in the given order. Neighbours on disk are read together, so use this for blocks
    /// that were written together. All are read at the same time: the caller bounds their number.
    fn get_many<'a>(&'a self, keys: &'a [Multihash]) -> ReadFuture<'a, Vec<Option<Bytes>>> {
        let mut ready = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            match self.get(key).into_ready() {
                Ok(Ok(block)) => ready.push(block),
                Ok(Err(error)) => return ReadFuture::ready(Err(error)),
                Err(first) => {
                    let rest = keys.get(at + 1..).unwrap_or_default();
                    let rest = rest.iter().map(|key| self.get(key));
                    let waiting = try_join_all(std::iter::once(first).chain(rest));
                    return ReadFuture::waiting(async move {
                        ready.extend(waiting.await?);
                        Ok(ready)
                    });
                }
            }
        }
        ReadFuture::ready(Ok(ready))
    }

    /// The CIDs that a block links to, in the order of its bytes, or `None` if the block is absent. A block with an
    /// unknown codec has no links.
    fn links<'a>(&'a self, cid: &'a Cid) -> ReadFuture<'a, Option<CidList>> {
        self.get(cid.hash())
            .and_then(move |data| links::of_found(cid, data))
    }

    /// As [`BlockReader::has`], from a thread that may block.
    fn has_blocking(&self, key: &Multihash) -> Result<bool, BlockError> {
        wait(self.has(key))
    }

    /// As [`BlockReader::size`], from a thread that may block.
    fn size_blocking(&self, key: &Multihash) -> Result<Option<u32>, BlockError> {
        wait(self.size(key))
    }

    /// As [`BlockReader::get`], from a thread that may block.
    fn get_blocking(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError>;

    /// As [`BlockReader::get_many`], from a thread that may block.
    fn get_many_blocking(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        keys.iter().map(|key| self.get_blocking(key)).collect()
    }

    /// As [`BlockReader::links`], from a thread that may block.
    fn links_blocking(&self, cid: &Cid) -> Result<Option<CidList>, BlockError> {
        links::of_found(cid, self.get_blocking(cid.hash())?)
    }
}

/// Writes and removes blocks.
pub trait BlockWriter: Send + Sync + 'static {
    /// Takes a hold, which protects blocks from collection.
    fn hold(&self) -> Hold;

    /// Writes blocks in order without waiting for the disk; waits only while the queue is full. They can be read
    /// immediately, and are durable after the next [`BlockWriter::sync`]. Blocks that are already present count as
    /// touched; their stored bytes are compared, and replaced if damaged. The bytes are trusted to match their CIDs:
    /// the caller verifies untrusted ones.
    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>>;

    /// As [`BlockWriter::write`], from a thread that may block.
    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError>;

    /// Waits until everything that this process wrote before is durable; concurrent writers share one sync. Fails
    /// while a live hold has lost blocks to a disk failure: its operation must not be reported as done.
    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>>;

    /// [`BlockWriter::write`] and [`BlockWriter::sync`] combined, for a single block.
    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>>;

    /// Removes blocks durably. Returns for each whether it was present.
    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>>;
}

/// Operations on all blocks. They may take long and block: call them from a dedicated thread.
pub trait BlockCollector: Send + Sync + 'static {
    /// All blocks, in no particular order. Concurrent changes may or may not be seen.
    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_>;

    /// Statistics. Cheap, but may read file metadata.
    fn stat(&self) -> Result<StoreStat, BlockError>;

    /// Walks what is reachable from the roots, each block once, parents before children; `visit` is called with each
    /// CID and whether it is present, and returns whether to continue below it.
    fn walk(
        &self,
        roots: &[Root],
        visit: &mut dyn FnMut(&Cid, bool) -> bool,
    ) -> Result<(), BlockError>;

    /// Removes all blocks that are not reachable from a root or kept by a hold, then frees space.
    ///
    /// # Errors
    /// [`BlockError::Unreadable`] when a recursive root reaches a block that is absent, damaged or cannot be decoded: nothing is
    /// removed then.
    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError>;

    /// Verifies every block; `seen` is called with each block and whether it is intact, and returns whether to
    /// continue.
    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError>;
}

/// A block store.
pub trait BlockStore: BlockReader + BlockWriter + BlockCollector {
    /// The store's id, generated at its creation.
    fn id(&self) -> String;

    /// Stops writers, syncs and writes a checkpoint, off the runtime. Later calls fail with [`BlockError::Closed`].
    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>>;
}
