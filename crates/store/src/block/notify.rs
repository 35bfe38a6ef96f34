//! A store that tells of the blocks that were written to it, so that whoever waits for them gets them.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

use super::{
    BlockCollector, BlockEntry, BlockError, BlockReader, BlockStore, BlockWriter, Collected,
    Collector, Hold, ReadFuture, Root, StoreStat,
};

/// Is called with the CIDs of blocks after they were written. Must return at once.
pub type OnWritten = Arc<dyn Fn(&[Cid]) + Send + Sync>;

/// Who is told of the blocks that are written to a store: at first nobody.
#[derive(Clone, Default)]
pub struct WriteListener(Arc<RwLock<Option<OnWritten>>>);

impl WriteListener {
    /// Sets or removes it.
    pub fn set(&self, listener: Option<OnWritten>) {
        *self.0.write() = listener;
    }

    /// The CIDs to tell of; none if nobody listens.
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

    /// A write, and after it what is told.
    fn after<'a>(
        &'a self,
        written: BoxFuture<'a, Result<(), BlockError>>,
        cids: Vec<Cid>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        if cids.is_empty() {
            return written;
        }
        Box::pin(async move {
            written.await?;
            self.tell(&cids);
            Ok(())
        })
    }
}

impl std::fmt::Debug for WriteListener {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("WriteListener")
            .field(&self.0.read().is_some())
            .finish()
    }
}

/// Another store, of whose written blocks a [`WriteListener`] is told. Without one it costs a lock a write.
pub struct NotifyingStore {
    inner: Arc<dyn BlockStore>,
    listener: WriteListener,
}

impl NotifyingStore {
    /// Wraps a store.
    #[must_use]
    pub fn new(inner: Arc<dyn BlockStore>, listener: WriteListener) -> Self {
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
        self.listener.after(self.inner.write(hold, blocks), cids)
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
        self.listener.after(self.inner.put(hold, blocks), cids)
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
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NotifyingStore")
            .field("store", &self.inner.id())
            .field("listener", &self.listener)
            .finish()
    }
}
