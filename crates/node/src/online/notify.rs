//! A store that tells of the blocks that were written, so that peers that wait for them get them.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use cairn_store::block::{
    BlockEntry, BlockError, Collected, Collector, Hold, ReadFuture, Root, StoreStat,
};
use cairn_store::{BlockCollector, BlockReader, BlockStore, BlockWriter};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

/// Is called with the CIDs of blocks after they were written. Must return at once.
pub(crate) type OnWritten = Arc<dyn Fn(&[Cid]) + Send + Sync>;

/// The listener of a store; none on an offline node.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<RwLock<Option<OnWritten>>>);

impl Listener {
    pub(crate) fn set(&self, listener: Option<OnWritten>) {
        *self.0.write() = listener;
    }

    /// The CIDs to tell of, if anybody listens.
    fn cids(&self, blocks: &[Block]) -> Vec<Cid> {
        if self.0.read().is_none() {
            return Vec::new();
        }
        blocks.iter().map(|block| block.cid.clone()).collect()
    }

    fn tell(&self, cids: &[Cid]) {
        if cids.is_empty() {
            return;
        }
        let listener = self.0.read().clone();
        if let Some(listener) = listener {
            listener(cids);
        }
    }
}

/// See the module.
pub(crate) struct NotifyingStore {
    inner: Arc<dyn BlockStore>,
    listener: Listener,
}

impl NotifyingStore {
    pub(crate) fn new(inner: Arc<dyn BlockStore>, listener: Listener) -> Self {
        Self { inner, listener }
    }
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
        let cids = self.listener.cids(&blocks);
        let written = self.inner.write(hold, blocks);
        if cids.is_empty() {
            return written;
        }
        Box::pin(async move {
            written.await?;
            self.listener.tell(&cids);
            Ok(())
        })
    }

    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        let cids = self.listener.cids(&blocks);
        self.inner.write_blocking(hold, blocks)?;
        self.listener.tell(&cids);
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
        let cids = self.listener.cids(&blocks);
        let written = self.inner.put(hold, blocks);
        if cids.is_empty() {
            return written;
        }
        Box::pin(async move {
            written.await?;
            self.listener.tell(&cids);
            Ok(())
        })
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
