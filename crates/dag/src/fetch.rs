//! Blocks from the local store, and from elsewhere when it does not have them.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::{Block, Cid};
use cairn_store::{BlockError, BlockSource, BlockStore, Hold};
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesOrdered;

use crate::error::{FetchError, NodeError};

/// Where the read side has its blocks from: the local store, and a source of more behind it.
///
/// What the store holds is checked by the store; what the source gives is hashed, then kept in the store. Cheap to clone.
#[derive(Clone)]
pub struct Blocks {
    store: Arc<dyn BlockStore>,
    source: Option<Arc<dyn BlockSource>>,
    hold: Option<Hold>,
}

impl Blocks {
    /// The local store alone: what is absent there is an error at once.
    #[must_use]
    pub fn offline(store: Arc<dyn BlockStore>) -> Self {
        Self {
            store,
            source: None,
            hold: None,
        }
    }

    /// The local store, and a source for what it lacks.
    #[must_use]
    pub fn online(store: Arc<dyn BlockStore>, source: Arc<dyn BlockSource>) -> Self {
        Self {
            store,
            source: Some(source),
            hold: None,
        }
    }

    /// The same store without its source: what the `offline` option asks for.
    #[must_use]
    pub fn local(&self) -> Self {
        Self {
            source: None,
            ..self.clone()
        }
    }

    /// The same, with fetched blocks kept by a hold until that is dropped.
    #[must_use]
    pub fn held(&self, hold: Hold) -> Self {
        Self {
            hold: Some(hold),
            ..self.clone()
        }
    }

    /// The local store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn BlockStore> {
        &self.store
    }

    /// Whether there is nothing behind the local store.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.source.is_none()
    }

    /// The block's bytes, if they are here.
    pub async fn get_local(&self, cid: &Cid) -> Result<Option<Bytes>, FetchError> {
        Ok(self.store.get(cid.hash()).await?)
    }

    /// Whether the block's bytes are here.
    pub async fn has_local(&self, cid: &Cid) -> Result<bool, FetchError> {
        Ok(self.store.has(cid.hash()).await?)
    }

    /// The block's bytes, from here or from the source.
    pub async fn get(&self, cid: &Cid) -> Result<Bytes, FetchError> {
        match self.store.get(cid.hash()).await {
            Ok(Some(data)) => Ok(data),
            Ok(None) => self.fetch(cid).await,
            // What the source gives is written, and takes the place of the damaged copy.
            Err(BlockError::Damaged { .. }) if self.source.is_some() => self.fetch(cid).await,
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a block that is not here.
    pub(crate) async fn fetch(&self, cid: &Cid) -> Result<Bytes, FetchError> {
        let Some(source) = &self.source else {
            // A block that is here and damaged passes for absent: say which it is.
            self.store.get(cid.hash()).await?;
            return Err(FetchError::Offline { cid: cid.clone() });
        };
        let data = source
            .fetch(cid)
            .await?
            .ok_or_else(|| FetchError::NotFound { cid: cid.clone() })?;
        let block = Block::new(cid.clone(), data.clone());
        if !block.verify().unwrap_or(false) {
            return Err(FetchError::Mismatch { cid: cid.clone() });
        }
        let hold = self.hold.clone().unwrap_or_else(|| self.store.hold());
        self.store.write(&hold, vec![block]).await?;
        Ok(data)
    }

    /// The dag-pb node of a block.
    pub(crate) async fn node(&self, cid: &Cid) -> Result<dag_pb::Node, NodeError> {
        let data = self.get(cid).await?;
        decode_node(cid, &data)
    }

    /// The dag-pb node of a block, its links to be read one after the other.
    pub(crate) async fn get_links(&self, cid: &Cid) -> Result<dag_pb::Links, NodeError> {
        let data = self.get(cid).await?;
        decode_links(cid, data)
    }

    /// What a block links to, in the order of its bytes; fetches the block when it must.
    pub(crate) async fn links(&self, cid: &Cid) -> Result<Arc<[Cid]>, NodeError> {
        match self.store.links(cid).await {
            Ok(Some(links)) => return Ok(links),
            Ok(None) => {}
            Err(BlockError::Damaged { .. }) if self.source.is_some() => {}
            Err(error) => return Err(error.into()),
        }
        self.fetch(cid).await?;
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

/// Reads a block as dag-pb, its links one after the other.
pub(crate) fn decode_links(cid: &Cid, data: Bytes) -> Result<dag_pb::Links, NodeError> {
    dag_pb::Links::new(data).map_err(|error| NodeError::Codec {
        cid: cid.clone(),
        error,
    })
}

/// Blocks that are asked for ahead of the one that is read: with 256 KiB chunks, 4 MiB.
pub(crate) const AHEAD: usize = 16;

/// A block that was asked for, with what travels along.
type Asked<T> = BoxFuture<'static, (Cid, T, Result<Bytes, FetchError>)>;

/// Bytes that are read from the local store at once.
pub(crate) const TOGETHER: usize = 1 << 20;

/// Yields blocks in a given order. With a source behind the store, the next [`AHEAD`] are asked for already; without
/// one, a few are read together.
pub(crate) struct Ahead<T> {
    blocks: Blocks,
    waiting: std::vec::IntoIter<(Cid, T)>,
    asked: FuturesOrdered<Asked<T>>,
    /// Read from the store and not yet yielded, about [`TOGETHER`] bytes at most.
    read: VecDeque<(Cid, T, Result<Bytes, FetchError>)>,
    /// Blocks that are read at once.
    batch: usize,
    /// Bytes that are read at once, where more than one block is.
    together: usize,
}

impl<T: Send + 'static> Ahead<T> {
    /// Will yield these blocks; `T` travels along with each.
    pub(crate) fn new(blocks: Blocks, wanted: Vec<(Cid, T)>) -> Self {
        Self {
            blocks,
            waiting: wanted.into_iter(),
            asked: FuturesOrdered::new(),
            read: VecDeque::new(),
            batch: 4,
            together: TOGETHER,
        }
    }

    /// Reads no more than so many bytes at once, or one block.
    pub(crate) fn at_most(mut self, together: usize) -> Self {
        self.together = together;
        self
    }

    /// Reads each local block at its turn only: for walks that hold very many levels open.
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
        self.waiting.len() == 0 && self.asked.is_empty() && self.read.is_empty()
    }

    /// The next block that `want` lets pass, with its bytes. Cancel safe: a future that is dropped has consumed nothing
    /// that was asked for.
    pub(crate) async fn next(
        &mut self,
        mut want: impl FnMut(&Cid) -> bool,
    ) -> Option<(Cid, T, Result<Bytes, FetchError>)> {
        if self.blocks.is_offline() {
            // Whether a block is wanted can change until its turn.
            loop {
                if self.read.is_empty() {
                    self.read().await;
                }
                let next = self.read.pop_front()?;
                if want(&next.0) {
                    return Some(next);
                }
            }
        }
        loop {
            while self.asked.len() < AHEAD
                && let Some((cid, tag)) = self.waiting.next()
            {
                let blocks = self.blocks.clone();
                self.asked.push_back(Box::pin(async move {
                    let data = blocks.get(&cid).await;
                    (cid, tag, data)
                }));
            }
            let (cid, tag, data) = self.asked.next().await?;
            if want(&cid) {
                return Some((cid, tag, data));
            }
        }
    }
}

impl<T> std::fmt::Debug for Ahead<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ahead")
            .field("waiting", &self.waiting.len())
            .field("asked", &self.asked.len())
            .finish()
    }
}
