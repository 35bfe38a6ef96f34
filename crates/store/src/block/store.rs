//! What every block store does, by who asks: readers, writers, and collectors.

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use futures_util::future::{BoxFuture, try_join_all};

use super::future::ReadFuture;
use super::links;
use super::traits::{BlockEntry, BlockError, Collected, Collector, Hold, Root, StoreStat};
use super::wait::wait;

/// Reads blocks by multihash.
///
/// Every read is a future that is ready at once when the answer is at hand, and waits off the runtime otherwise; its
/// `_blocking` form is for threads that may wait. Identity multihashes are answered from themselves and never stored.
pub trait BlockReader: Send + Sync + 'static {
    /// Whether the block can be read: it is present, and no read or write found it damaged.
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool>;

    /// The block's size in bytes.
    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>>;

    /// The block's bytes.
    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>>;

    /// Several blocks' bytes, in the order asked. What stands together on disk is read together, so this is the way to read
    /// what was written together. All are asked for at the same time: the caller keeps their number within bounds.
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

    /// The CIDs that a block links to, in the order of its bytes, or `None` when the block is absent. A block of a codec
    /// that is not built in has none.
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
    /// Begins to keep blocks from collection.
    fn hold(&self) -> Hold;

    /// Hands over blocks in order, without waiting for the disk; waits only while the queue is full. They can be read at
    /// once, and are durable after the next [`BlockWriter::sync`]. Blocks already present count as touched; their
    /// stored bytes are compared, and replaced if they are damaged. The bytes are trusted to match their CIDs: whoever takes them from outside verifies.
    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>>;

    /// As [`BlockWriter::write`], from a thread that may block.
    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError>;

    /// Waits until all that this process handed over before is durable; writers that wait together share one sync.
    /// Fails while a live hold has lost blocks to a disk failure: its operation must not be reported as done.
    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>>;

    /// [`BlockWriter::write`] and [`BlockWriter::sync`] in one: what a single `block put` needs.
    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>>;

    /// Removes blocks, durably. The answer says for each whether it was there.
    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>>;
}

/// Goes through all blocks. Everything here may take long and blocks its thread: call it from a thread of its own.
pub trait BlockCollector: Send + Sync + 'static {
    /// Every block, in no particular order, as of now; what comes or goes meanwhile may or may not be seen.
    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_>;

    /// Counts, cheaply, but it may look at the files.
    fn stat(&self) -> Result<StoreStat, BlockError>;

    /// Walks what the roots reach, each block once, parents before children; `visit` is called with each CID and whether
    /// it is present, and returns whether to go on below it.
    fn walk(
        &self,
        roots: &[Root],
        visit: &mut dyn FnMut(&Cid, bool) -> bool,
    ) -> Result<(), BlockError>;

    /// Removes what no root reaches and no hold keeps, then gives space back.
    ///
    /// # Errors
    /// [`BlockError::Unseen`] when a recursive root reaches a block that is absent, damaged or cannot be decoded: nothing is
    /// removed then.
    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError>;

    /// Reads and hashes every block; `seen` is called with each block and whether it is whole, and returns whether to go on.
    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError>;
}

/// Keeps blocks by multihash: what a node holds.
pub trait BlockStore: BlockReader + BlockWriter + BlockCollector {
    /// The store's id, made once at its creation.
    fn id(&self) -> String;

    /// Stops writers, syncs, writes a checkpoint, off the runtime. Later calls fail with [`BlockError::Closed`].
    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>>;
}
