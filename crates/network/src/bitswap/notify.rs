//! A block store that tells bitswap of new blocks.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use cairn_store::block::{BlockEntry, Collected, Collector, Root, StoreStat};
use cairn_store::{
    BlockCollector, BlockError, BlockReader, BlockStore, BlockWriter, Hold, ReadFuture,
};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Bitswap;

/// Another store, of whose new blocks peers that wait for them are told: [`Bitswap::notify`] after each write.
///
/// Give [`super::new`] the inner store and the node this one.
pub struct NotifyingStore {
    inner: Arc<dyn BlockStore>,
    bitswap: Bitswap,
}

impl NotifyingStore {
    /// Wraps a store.
    #[must_use]
    pub fn new(inner: Arc<dyn BlockStore>, bitswap: Bitswap) -> Self {
        Self { inner, bitswap }
    }
}

/// The CIDs of blocks.
fn cids(blocks: &[Block]) -> Vec<Cid> {
    blocks.iter().map(|block| block.cid.clone()).collect()
}

impl BlockReader for NotifyingStore {
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        self.inner.has(key)
    }

    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>> {
        self.inner.size(key)
    }

    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>> {
        self.inner.get(key)
    }

    fn get_many<'a>(&'a self, keys: &'a [Multihash]) -> ReadFuture<'a, Vec<Option<Bytes>>> {
        self.inner.get_many(keys)
    }

    fn links<'a>(&'a self, cid: &'a Cid) -> ReadFuture<'a, Option<CidList>> {
        self.inner.links(cid)
    }

    fn has_blocking(&self, key: &Multihash) -> Result<bool, BlockError> {
        self.inner.has_blocking(key)
    }

    fn size_blocking(&self, key: &Multihash) -> Result<Option<u32>, BlockError> {
        self.inner.size_blocking(key)
    }

    fn get_blocking(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        self.inner.get_blocking(key)
    }

    fn get_many_blocking(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        self.inner.get_many_blocking(keys)
    }

    fn links_blocking(&self, cid: &Cid) -> Result<Option<CidList>, BlockError> {
        self.inner.links_blocking(cid)
    }
}

impl BlockWriter for NotifyingStore {
    fn hold(&self) -> Hold {
        self.inner.hold()
    }

    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        async move {
            let cids = cids(&blocks);
            self.inner.write(hold, blocks).await?;
            self.bitswap.notify(&cids);
            Ok(())
        }
        .boxed()
    }

    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        let cids = cids(&blocks);
        self.inner.write_blocking(hold, blocks)?;
        self.bitswap.notify(&cids);
        Ok(())
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.inner.sync()
    }

    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        async move {
            let cids = cids(&blocks);
            self.inner.put(hold, blocks).await?;
            self.bitswap.notify(&cids);
            Ok(())
        }
        .boxed()
    }

    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>> {
        self.inner.remove(keys)
    }
}

impl BlockCollector for NotifyingStore {
    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_> {
        self.inner.keys()
    }

    fn stat(&self) -> Result<StoreStat, BlockError> {
        self.inner.stat()
    }

    fn walk(
        &self,
        roots: &[Root],
        visit: &mut dyn FnMut(&Cid, bool) -> bool,
    ) -> Result<(), BlockError> {
        self.inner.walk(roots, visit)
    }

    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        self.inner.collect(collector)
    }

    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError> {
        self.inner.verify(seen)
    }
}

impl BlockStore for NotifyingStore {
    fn id(&self) -> String {
        self.inner.id()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.inner.close()
    }
}

impl std::fmt::Debug for NotifyingStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NotifyingStore")
            .field("store", &self.inner.id())
            .finish()
    }
}
