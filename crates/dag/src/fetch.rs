//! Blocks from the local store, or from peers.

mod ahead;
mod session;
mod wants;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::{Cid, CidList};
use cairn_store::exchange::Hint;
use cairn_store::{BlockError, BlockStore, Exchange, Hold};
use futures_util::future::join_all;

use crate::error::{FetchError, NodeError};

pub(crate) use ahead::WalkAhead;
use ahead::Window;
use session::Fetcher;
use wants::WantGuard;
pub use wants::{FetchProgress, MAX_IN_FLIGHT};

/// The blocks that one operation on a DAG reads: from the local store, or through an exchange with peers.
///
/// The first absent block opens a session, which this and its clones share: one per operation. A block is requested
/// once however many tasks wait for it, at most [`MAX_IN_FLIGHT`] are in flight, and dropping the waiting future
/// cancels its wants. Received blocks are verified and stored. Cheap to clone.
#[derive(Clone)]
pub struct Blocks {
    store: Arc<dyn BlockStore>,
    fetcher: Option<Arc<Fetcher>>,
}

impl Blocks {
    /// Only the local store: an absent block is an immediate error.
    #[must_use]
    pub fn offline(store: Arc<dyn BlockStore>) -> Self {
        Self {
            store,
            fetcher: None,
        }
    }

    /// The local store, and an exchange for absent blocks, which a tokio task fetches.
    #[must_use]
    pub fn online(store: Arc<dyn BlockStore>, exchange: Arc<dyn Exchange>) -> Self {
        let fetcher = Fetcher::new(Arc::clone(&store), exchange);
        Self {
            store,
            fetcher: Some(Arc::new(fetcher)),
        }
    }

    /// The same store without the exchange, for the `offline` option.
    #[must_use]
    pub fn local(&self) -> Self {
        Self::offline(Arc::clone(&self.store))
    }

    /// The same session, with fetched blocks kept by a hold until that is dropped.
    #[must_use]
    pub fn held(&self, hold: Hold) -> Self {
        self.with_fetcher(|fetcher| fetcher.held(hold))
    }

    /// With a new session, and hints of peers that probably have the DAG.
    #[must_use]
    pub fn with_hints(&self, hints: Vec<Hint>) -> Self {
        self.with_fetcher(|fetcher| fetcher.with_hints(hints))
    }

    /// The same session, where all wants fail with [`FetchError::TimedOut`] when no block arrives for this time.
    #[must_use]
    pub fn with_idle_timeout(&self, idle: Option<Duration>) -> Self {
        self.with_fetcher(|fetcher| fetcher.with_idle_timeout(idle))
    }

    fn with_fetcher(&self, change: impl FnOnce(&Fetcher) -> Fetcher) -> Self {
        Self {
            store: Arc::clone(&self.store),
            fetcher: self
                .fetcher
                .as_deref()
                .map(|fetcher| Arc::new(change(fetcher))),
        }
    }

    /// The progress of fetching from peers; `None` offline.
    #[must_use]
    pub fn transfer(&self) -> Option<FetchProgress> {
        self.fetcher.as_deref().map(Fetcher::transfer)
    }

    /// Whether peers were asked for a block: then more will be absent.
    pub(crate) fn is_fetching(&self) -> bool {
        self.fetcher.as_deref().is_some_and(Fetcher::is_active)
    }

    /// Requests blocks that will be read soon, in this order, until the returned guards are dropped. Local ones are
    /// skipped.
    pub(crate) fn prefetch<'a>(&self, cids: impl IntoIterator<Item = &'a Cid>) -> Vec<WantGuard> {
        match &self.fetcher {
            Some(fetcher) => fetcher.ahead(cids),
            None => Vec::new(),
        }
    }

    /// The local store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn BlockStore> {
        &self.store
    }

    /// Whether there is no exchange.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.fetcher.is_none()
    }

    /// The block's bytes, if stored locally.
    pub async fn get_local(&self, cid: &Cid) -> Result<Option<Bytes>, FetchError> {
        Ok(self.store.get(cid.hash()).await?)
    }

    /// Whether the block is stored locally.
    pub async fn has_local(&self, cid: &Cid) -> Result<bool, FetchError> {
        Ok(self.store.has(cid.hash()).await?)
    }

    /// The block's bytes, from the store or from peers.
    pub async fn get(&self, cid: &Cid) -> Result<Bytes, FetchError> {
        match self.store.get(cid.hash()).await {
            Ok(Some(data)) => return Ok(data),
            Ok(None) => {}
            // What peers send is written, and takes the place of the damaged copy.
            Err(BlockError::Damaged { .. }) if self.fetcher.is_some() => {}
            Err(error) => return Err(error.into()),
        }
        // Boxed, as this future is a part of nearly all others.
        Box::pin(self.fetch(cid)).await
    }

    /// Fetches a block that is not stored locally.
    pub(crate) async fn fetch(&self, cid: &Cid) -> Result<Bytes, FetchError> {
        let Some(fetcher) = &self.fetcher else {
            // A block that is here and damaged passes for absent: say which it is.
            self.store.get(cid.hash()).await?;
            return Err(FetchError::Offline { cid: cid.clone() });
        };
        match fetcher.want(cid).await? {
            Some(data) => Ok(data),
            // It came by another way in the meantime.
            None => self
                .get_local(cid)
                .await?
                .ok_or_else(|| FetchError::NotFound { cid: cid.clone() }),
        }
    }

    /// The dag-pb node of a block.
    pub(crate) async fn node(&self, cid: &Cid) -> Result<dag_pb::Node, NodeError> {
        let data = self.get(cid).await?;
        decode_node(cid, &data)
    }

    /// The dag-pb node of a block with lazily decoded links.
    pub(crate) async fn get_links(&self, cid: &Cid) -> Result<dag_pb::Links, NodeError> {
        let data = self.get(cid).await?;
        decode_links(cid, data)
    }

    /// The links of a block, in the order of its bytes; fetches the block if absent.
    pub(crate) async fn links(&self, cid: &Cid) -> Result<CidList, NodeError> {
        match self.store.links(cid).await {
            Ok(Some(links)) => return Ok(links),
            Ok(None) => {}
            Err(BlockError::Damaged { .. }) if self.fetcher.is_some() => {}
            Err(error) => return Err(error.into()),
        }
        Box::pin(self.fetch(cid)).await?;
        // A store that lost the block again, to a `block rm`, lost it for good.
        self.store
            .links(cid)
            .await?
            .ok_or_else(|| FetchError::NotFound { cid: cid.clone() }.into())
    }
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks")
            .field("store", &self.store.id())
            .field("offline", &self.is_offline())
            .finish()
    }
}

/// Reads a block as dag-pb.
pub(crate) fn decode_node(cid: &Cid, data: &Bytes) -> Result<dag_pb::Node, NodeError> {
    dag_pb::Node::decode(data).map_err(|error| NodeError::Codec {
        cid: cid.clone(),
        error,
    })
}

/// Decodes a block as dag-pb with lazily decoded links.
pub(crate) fn decode_links(cid: &Cid, data: Bytes) -> Result<dag_pb::Links, NodeError> {
    dag_pb::Links::new(data).map_err(|error| NodeError::Codec {
        cid: cid.clone(),
        error,
    })
}

/// Number of entries that are examined ahead, if peers may be asked.
pub(crate) const AHEAD: usize = 64;

/// Bytes that are read from the local store at once.
pub(crate) const TOGETHER: usize = 1 << 20;

/// Yields blocks in a given order. Local ones are read a few at a time; after the first absent one, the following
/// ones are requested from peers in advance and stored.
pub(crate) struct ReadAhead<T> {
    blocks: Blocks,
    waiting: std::vec::IntoIter<(Cid, T)>,
    window: Window,
    /// Read from the store and not yet yielded, about [`TOGETHER`] bytes at most.
    read: VecDeque<(Cid, T, Result<Bytes, FetchError>)>,
    /// Blocks that are read at once.
    batch: usize,
    /// Bytes that are read at once, where more than one block is.
    together: usize,
}

impl<T: Send + 'static> ReadAhead<T> {
    /// Yields these blocks, each with its `T`.
    pub(crate) fn new(blocks: Blocks, wanted: Vec<(Cid, T)>) -> Self {
        Self {
            blocks,
            waiting: wanted.into_iter(),
            window: Window::default(),
            read: VecDeque::new(),
            batch: 4,
            together: TOGETHER,
        }
    }

    /// Reads no more than this many bytes at once, or one block.
    pub(crate) fn at_most(mut self, together: usize) -> Self {
        self.together = together;
        self
    }

    /// Reads local blocks one at a time: for walks with very many open levels.
    pub(crate) fn one_by_one(mut self) -> Self {
        self.batch = 1;
        self
    }

    /// How many of the next blocks are read at once.
    fn run(&self) -> usize {
        let waiting = self.waiting.as_slice();
        let most = waiting.len().min(self.batch);
        if most < 2 {
            return most;
        }
        // A few small blocks say nothing of the next.
        let mut bytes = 0;
        let fitting = waiting.iter().take(most).take_while(|(cid, _)| {
            // A store that has to look for the size is not asked: what was read last says enough.
            let size = self.blocks.store.size(cid.hash()).into_ready();
            bytes += size.ok().and_then(Result::ok).flatten().unwrap_or_default() as usize;
            bytes <= self.together
        });
        fitting.count().max(1)
    }

    /// Reads the next blocks from the local store. Cancel safe: they are only taken once they are read.
    async fn read(&mut self) {
        let run = self.run();
        let next = self.waiting.as_slice().iter().take(run);
        let keys: Vec<_> = next.map(|(cid, _)| cid.hash().clone()).collect();
        let store = &self.blocks.store;
        let found: Vec<_> = match store.get_many(&keys).await {
            Ok(found) => found.into_iter().map(Ok).collect(),
            // One that fails does not take its neighbours along.
            Err(_) => join_all(keys.iter().map(|key| store.get(key))).await,
        };
        let mut largest = 0;
        for (found, (cid, tag)) in found.into_iter().zip(self.waiting.by_ref()) {
            let data = match found {
                Ok(Some(data)) => Ok(data),
                Ok(None) => Err(FetchError::Offline { cid: cid.clone() }),
                Err(error) => Err(error.into()),
            };
            largest = largest.max(data.as_ref().map_or(0, Bytes::len));
            self.read.push_back((cid, tag, data));
        }
        if self.batch > 1 {
            self.batch = (self.together / largest.max(1)).clamp(2, 64);
        }
    }

    /// Whether all of them have been yielded.
    pub(crate) fn is_done(&mut self) -> bool {
        self.waiting.len() == 0 && self.read.is_empty()
    }

    /// The next block for which `want` is true, with its bytes. Cancel safe: a dropped future has not consumed a
    /// wanted block.
    pub(crate) async fn next(
        &mut self,
        mut want: impl FnMut(&Cid) -> bool,
    ) -> Option<(Cid, T, Result<Bytes, FetchError>)> {
        // Whether a block is wanted can change until its turn.
        loop {
            if self.read.is_empty() {
                self.read().await;
            }
            let (cid, _, data) = self.read.front_mut()?;
            if data.is_err() && !self.blocks.is_offline() {
                if !self.blocks.is_fetching() {
                    // The first that is absent: it is asked for together with what follows.
                    let _first = self.blocks.prefetch([&*cid]);
                }
                let ahead = self.read.iter().map(|(cid, ..)| cid);
                let waiting = self.waiting.as_slice().iter().map(|(cid, _)| cid);
                self.window.request(&self.blocks, ahead.chain(waiting));
                let (cid, _, data) = self.read.front_mut()?;
                *data = self.blocks.get(cid).await;
            } else if self.blocks.is_fetching() {
                let ahead = self.read.iter().map(|(cid, ..)| cid);
                let waiting = self.waiting.as_slice().iter().map(|(cid, _)| cid);
                self.window.request(&self.blocks, ahead.chain(waiting));
            }
            let next = self.read.pop_front()?;
            self.window.advance();
            if want(&next.0) {
                return Some(next);
            }
        }
    }
}

impl<T> std::fmt::Debug for ReadAhead<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ahead")
            .field("waiting", &self.waiting.len())
            .field("read", &self.read.len())
            .finish()
    }
}
