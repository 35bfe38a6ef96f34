//! Blocks in memory: for tests, and for temporary DAGs.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use futures_util::future::{self, BoxFuture};
use parking_lot::{Mutex, RwLock};

use super::future::ReadFuture;
use super::holds::{HoldState, Holds, Touch};
use super::links;
use super::traits::{
    BlockCollector, BlockEntry, BlockError, BlockReader, BlockStore, BlockWriter, Collected,
    Collector, Hold, MAX_BLOCK, Root, StoreStat,
};
use super::unreadable::UnreadableBlocks;

/// How many blocks a collection removes while writers wait.
const SWEEP_BATCH: usize = 1024;

#[derive(Default)]
struct Blocks {
    map: HashMap<Multihash, (u64, Bytes)>,
    bytes: u64,
}

#[derive(Default)]
struct Shared {
    blocks: RwLock<Blocks>,
    /// The next block's id; advanced only while `blocks` is locked for writing.
    next_id: AtomicU64,
    closed: AtomicBool,
}

impl Shared {
    fn open(&self) -> Result<(), BlockError> {
        if self.closed.load(Ordering::Acquire) {
            Err(BlockError::Closed)
        } else {
            Ok(())
        }
    }

    fn get(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        self.open()?;
        if let Some(data) = key.identity_data() {
            return Ok(Some(Bytes::copy_from_slice(data)));
        }
        Ok(self
            .blocks
            .read()
            .map
            .get(key)
            .map(|(_, data)| data.clone()))
    }
}

impl Touch for Shared {
    fn touch(&self, hold: &HoldState, key: &Multihash) -> Result<bool, BlockError> {
        self.open()?;
        let blocks = self.blocks.read();
        Ok(blocks
            .map
            .get(key)
            .map(|(id, _)| hold.record(*id))
            .is_some())
    }
}

/// A block store in memory; otherwise it behaves like the store on disk.
pub struct MemoryStore {
    id: String,
    shared: Arc<Shared>,
    holds: Arc<Holds>,
    collecting: Mutex<()>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// The links of an absent block that another store has.
type ExternalLinks = Option<CidList>;

impl MemoryStore {
    /// An empty store with a new id.
    #[must_use]
    pub fn new() -> Self {
        // Where the system has no random numbers to give, the stores of this process differ all the same.
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = getrandom::u64().unwrap_or_else(|_| MADE.fetch_add(1, Ordering::Relaxed));
        let id = format!("memory-{number:016x}");
        Self {
            id,
            shared: Arc::default(),
            holds: Arc::default(),
            collecting: Mutex::default(),
        }
    }

    fn insert(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        self.shared.open()?;
        let hold = self.holds.of(hold)?;
        if let Some(block) = blocks.iter().find(|block| block.data.len() > MAX_BLOCK) {
            return Err(BlockError::TooBig {
                size: block.data.len(),
            });
        }
        let mut inner = self.shared.blocks.write();
        for Block { cid, data } in blocks {
            if cid.hash().identity_data().is_some() {
                continue;
            }
            if let Some((id, old)) = inner.map.get(cid.hash()) {
                if *old == data || cid.hash().matches(old).unwrap_or(true) {
                    hold.record(*id);
                    continue;
                }
                inner.bytes -= old.len() as u64;
            }
            let id = self.shared.next_id.fetch_add(1, Ordering::AcqRel);
            inner.bytes += data.len() as u64;
            inner.map.insert(cid.hash().clone(), (id, data));
            hold.record(id);
        }
        Ok(())
    }

    fn take(&self, keys: &[Multihash]) -> Result<Vec<bool>, BlockError> {
        self.shared.open()?;
        let mut inner = self.shared.blocks.write();
        let mut answers = Vec::with_capacity(keys.len());
        for key in keys {
            let gone = inner.map.remove(key);
            inner.bytes -= gone.as_ref().map_or(0, |(_, data)| data.len() as u64);
            answers.push(gone.is_some());
        }
        Ok(answers)
    }

    /// Marks what is reachable from roots; returns the absent blocks, and the links of those in another store.
    fn mark(
        &self,
        roots: &[Root],
        marked: &mut HashSet<Multihash>,
        asked: &mut HashSet<Cid>,
        collector: &mut dyn Collector,
    ) -> Result<(Vec<Cid>, Vec<ExternalLinks>), BlockError> {
        let mut absent = Vec::new();
        self.walk(roots, &mut |cid, present| {
            if present {
                marked.insert(cid.hash().clone());
            } else if asked.insert(cid.to_v1()) {
                absent.push(cid.clone());
            }
            true
        })?;
        let links = collector.elsewhere(&absent)?;
        Ok((absent, links))
    }

    fn sweep(&self, floor: u64, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        let mut done = Collected::default();
        let (deep, flat): (Vec<Root>, Vec<Root>) = collector
            .roots()?
            .into_iter()
            .partition(|root| root.recursive);
        let mut marked = HashSet::new();
        let mut asked = HashSet::new();
        let mut unseen = UnreadableBlocks::default();
        for root in deep {
            let mut below = vec![root.clone()];
            while !below.is_empty() {
                let (absent, links) = self.mark(&below, &mut marked, &mut asked, collector)?;
                below = Vec::new();
                for (cid, links) in absent.into_iter().zip(links) {
                    match links {
                        None => unseen.note(&root.cid, cid, None),
                        // What is elsewhere may link back to what is here.
                        Some(links) => below.extend(links.iter().map(|cid| Root {
                            cid,
                            recursive: true,
                        })),
                    }
                }
            }
        }
        if unseen.count > 0 {
            return Err(BlockError::Unreadable(Arc::new(unseen)));
        }
        let (_, links) = self.mark(&flat, &mut marked, &mut asked, collector)?;
        done.missing += links.iter().filter(|links| links.is_none()).count() as u64;
        let mut victims: Vec<(u64, Multihash)> = {
            let inner = self.shared.blocks.read();
            let unmarked = inner
                .map
                .iter()
                .filter(|(key, (id, _))| *id < floor && !marked.contains(*key));
            unmarked.map(|(key, (id, _))| (*id, key.clone())).collect()
        };
        victims.sort_unstable_by_key(|(id, _)| *id);
        for batch in victims.chunks(SWEEP_BATCH) {
            if collector.cancelled() {
                return Err(BlockError::Cancelled);
            }
            let mut batch = batch.to_vec();
            let mut inner = self.shared.blocks.write();
            self.holds.spare(&mut batch, |(id, _)| *id);
            // A victim that was removed and put again meanwhile has another id.
            batch.retain(|(id, key)| inner.map.get(key).is_some_and(|(now, _)| now == id));
            for (_, key) in &batch {
                if let Some((_, data)) = inner.map.remove(key) {
                    inner.bytes -= data.len() as u64;
                    done.blocks += 1;
                    done.bytes += data.len() as u64;
                }
            }
            drop(inner);
            for (_, key) in &batch {
                collector.removed(key);
            }
        }
        done.disk_bytes = done.bytes;
        Ok(done)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl BlockReader for MemoryStore {
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        ReadFuture::ready(self.shared.get(key).map(|data| data.is_some()))
    }

    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>> {
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_BLOCK")]
        let size = |data: Bytes| data.len() as u32;
        ReadFuture::ready(self.shared.get(key).map(|data| data.map(size)))
    }

    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>> {
        ReadFuture::ready(self.shared.get(key))
    }

    fn get_blocking(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        self.shared.get(key)
    }
}

impl BlockWriter for MemoryStore {
    fn hold(&self) -> Hold {
        self.holds
            .give(&self.shared, || self.shared.next_id.load(Ordering::Acquire))
    }

    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        Box::pin(future::ready(self.insert(hold, blocks)))
    }

    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        self.insert(hold, blocks)
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        Box::pin(future::ready(self.shared.open()))
    }

    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        self.write(hold, blocks)
    }

    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>> {
        Box::pin(future::ready(self.take(keys)))
    }
}

impl BlockCollector for MemoryStore {
    fn walk(
        &self,
        roots: &[Root],
        visit: &mut dyn FnMut(&Cid, bool) -> bool,
    ) -> Result<(), BlockError> {
        links::walk_store(self, roots, visit)
    }

    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_> {
        if let Err(closed) = self.shared.open() {
            return Box::new(std::iter::once(Err(closed)));
        }
        let inner = self.shared.blocks.read();
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_BLOCK")]
        let entries: Vec<_> = inner
            .map
            .iter()
            .map(|(key, (_, data))| BlockEntry {
                key: key.clone(),
                size: data.len() as u32,
            })
            .collect();
        Box::new(entries.into_iter().map(Ok))
    }

    fn stat(&self) -> Result<StoreStat, BlockError> {
        self.shared.open()?;
        let inner = self.shared.blocks.read();
        Ok(StoreStat {
            blocks: inner.map.len() as u64,
            live_bytes: inner.bytes,
            disk_bytes: inner.bytes,
            damaged: 0,
        })
    }

    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        let _one = self.collecting.lock();
        self.shared.open()?;
        let floor = self
            .holds
            .begin_collection(|| self.shared.next_id.load(Ordering::Acquire));
        let done = self.sweep(floor, collector);
        self.holds.end_collection();
        done
    }

    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError> {
        for entry in self.keys() {
            let key = entry?.key;
            let Some(data) = self.shared.get(&key)? else {
                continue;
            };
            let whole = match key.matches(&data) {
                Ok(false) => Err(BlockError::Damaged {
                    key: Cid::v1(cairn_primitives::Codec::RAW, key.clone()),
                }),
                // A function that is not built in cannot be checked.
                Ok(true) | Err(_) => Ok(()),
            };
            if !seen(&key, whole) {
                break;
            }
        }
        Ok(())
    }
}

impl BlockStore for MemoryStore {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.shared.closed.store(true, Ordering::Release);
        Box::pin(future::ready(Ok(())))
    }
}
