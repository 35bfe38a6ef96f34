//! A store whose every read takes its time, and what has to hold all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

use super::super::future::ReadFuture;
use super::super::traits::{
    BlockCollector, BlockEntry, BlockError, BlockReader, BlockStore, BlockWriter, Collected,
    Collector, Hold, Root, StoreStat,
};
use super::{Store, raw};

/// A store over another whose reads each wait first, without a thread, as a store beyond a network would. It needs a
/// runtime with a clock.
#[derive(Clone)]
pub struct Slow {
    below: Store,
    delay: Arc<RwLock<Duration>>,
    flights: Arc<Flights>,
}

#[derive(Default)]
struct Flights {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One read that is under way.
struct ReadInFlight<'a>(&'a Flights);

impl Drop for ReadInFlight<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Flights {
    fn begin(&self) -> ReadInFlight<'_> {
        let now = self.now.fetch_add(1, Ordering::AcqRel) + 1;
        self.most.fetch_max(now, Ordering::AcqRel);
        ReadInFlight(self)
    }
}

impl Slow {
    /// Delays every read of a store.
    #[must_use]
    pub fn new(below: Store, delay: Duration) -> Self {
        Self {
            below,
            delay: Arc::new(RwLock::new(delay)),
            flights: Arc::default(),
        }
    }

    /// Delays later reads by so much.
    pub fn set_delay(&self, delay: Duration) {
        *self.delay.write() = delay;
    }

    fn delay(&self) -> Duration {
        *self.delay.read()
    }

    /// Reads that are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.now.load(Ordering::Acquire)
    }

    /// The most reads that were ever under way at the same time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.flights.most.load(Ordering::Acquire)
    }

    fn late<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&'a Store) -> ReadFuture<'a, T> + Send + 'a,
    ) -> ReadFuture<'a, T> {
        ReadFuture::waiting(async move {
            let _flight = self.flights.begin();
            tokio::time::sleep(self.delay()).await;
            read(&self.below).await
        })
    }

    fn late_blocking<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        let _flight = self.flights.begin();
        std::thread::sleep(self.delay());
        read(&self.below)
    }
}

impl BlockReader for Slow {
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        self.late(move |below| below.has(key))
    }

    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>> {
        self.late(move |below| below.size(key))
    }

    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>> {
        self.late(move |below| below.get(key))
    }

    fn links<'a>(&'a self, cid: &'a Cid) -> ReadFuture<'a, Option<CidList>> {
        self.late(move |below| below.links(cid))
    }

    fn has_blocking(&self, key: &Multihash) -> Result<bool, BlockError> {
        self.late_blocking(|below| below.has_blocking(key))
    }

    fn size_blocking(&self, key: &Multihash) -> Result<Option<u32>, BlockError> {
        self.late_blocking(|below| below.size_blocking(key))
    }

    fn get_blocking(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        self.late_blocking(|below| below.get_blocking(key))
    }

    fn links_blocking(&self, cid: &Cid) -> Result<Option<CidList>, BlockError> {
        self.late_blocking(|below| below.links_blocking(cid))
    }
}

impl BlockWriter for Slow {
    fn hold(&self) -> Hold {
        self.below.hold()
    }

    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        self.below.write(hold, blocks)
    }

    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        self.below.write_blocking(hold, blocks)
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.below.sync()
    }

    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        self.below.put(hold, blocks)
    }

    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>> {
        self.below.remove(keys)
    }
}

impl BlockCollector for Slow {
    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_> {
        self.below.keys()
    }

    fn stat(&self) -> Result<StoreStat, BlockError> {
        self.below.stat()
    }

    fn walk(
        &self,
        roots: &[Root],
        visit: &mut dyn FnMut(&Cid, bool) -> bool,
    ) -> Result<(), BlockError> {
        self.below.walk(roots, visit)
    }

    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        self.below.collect(collector)
    }

    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError> {
        self.below.verify(seen)
    }
}

impl BlockStore for Slow {
    fn id(&self) -> String {
        self.below.id()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.below.close()
    }
}

impl std::fmt::Debug for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slow")
            .field("below", &self.below.id())
            .field("delay", &self.delay())
            .finish_non_exhaustive()
    }
}

/// As many readers as `readers`, on a runtime of two threads, wait for a slow store at the same time and not one after the
/// other.
pub fn slow_reads_wait_together(below: Store, readers: u32) {
    let slow = Arc::new(Slow::new(below, Duration::from_millis(50)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let blocks: Vec<Block> = (0..readers).map(|n| raw(&n.to_le_bytes())).collect();
    runtime.block_on(async {
        slow.put(&slow.hold(), blocks.clone()).await.unwrap();
        let reading: Vec<_> = blocks
            .iter()
            .map(|block| {
                let (slow, block) = (Arc::clone(&slow), block.clone());
                tokio::spawn(async move {
                    let data = slow.get(block.cid.hash()).await.unwrap();
                    assert_eq!(data.as_ref(), Some(&block.data));
                })
            })
            .collect();
        for reader in reading {
            reader.await.unwrap();
        }
        let keys: Vec<_> = blocks
            .iter()
            .map(|block| block.cid.hash().clone())
            .collect();
        // On a busy machine the first of them may end before the last begins, but not each time.
        for _ in 0..100 {
            let many = slow.get_many(&keys).await.unwrap();
            let each = blocks.iter().map(|block| Some(block.data.clone()));
            assert_eq!(many, each.collect::<Vec<_>>());
            if slow.most_in_flight() == keys.len() {
                break;
            }
        }
    });
    assert_eq!(slow.most_in_flight(), blocks.len());
    assert_eq!(slow.in_flight(), 0);
}
