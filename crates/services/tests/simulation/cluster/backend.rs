//! Backends whose blocks and pins are in memory, and the ways between peers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cairn_dag::import::{Added, ImportOptions};
use cairn_primitives::car::{self, Decoder, Event};
use cairn_primitives::{Block, Cid, Multiaddr, codec};
use cairn_services::backend::import::{
    CarOptions, Content, Entries, Import, Imported, ImportedCar, Keep, SourceError,
};
use cairn_services::backend::{
    Backend, BackendError, BackendPin, BackendResult, DagSize, Delegates, PinOptions, Space,
};
use cairn_services::cluster::{Cluster, LinkError, PeerInfo, PeerLink};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::World;
use super::process::{Condition, latency};

/// How long another peer may take to send a piece.
const PIECE: Duration = Duration::from_secs(30);

/// The key of a block: the bytes of its multihash.
type Key = Vec<u8>;

fn key(cid: &Cid) -> Key {
    cid.to_raw().to_bytes()
}

/// What outlives a process.
#[derive(Default)]
pub(super) struct Disk {
    blocks: BTreeMap<Key, Bytes>,
    /// Whether each pin is recursive.
    pub(super) pins: BTreeMap<Cid, bool>,
    /// How many guards keep a block.
    kept: BTreeMap<Key, usize>,
}

impl Disk {
    fn links(&self, cid: &Cid) -> Option<Vec<Cid>> {
        let data = self.blocks.get(&key(cid))?;
        let links = codec::links(cid.codec(), data);
        Some(
            links
                .map(|links| links.iter().collect())
                .unwrap_or_default(),
        )
    }

    /// The blocks below a root that are absent and whose parents are present.
    pub(super) fn missing(&self, root: &Cid) -> Vec<Cid> {
        let (mut waiting, mut missing) = (vec![root.clone()], Vec::new());
        while let Some(cid) = waiting.pop() {
            match self.links(&cid) {
                Some(links) => waiting.extend(links),
                None => missing.push(cid),
            }
        }
        missing
    }

    /// Whether it has a pin with all its blocks.
    pub(super) fn holds(&self, cid: &Cid, direct: bool) -> bool {
        match self.pins.get(cid) {
            Some(true) => self.missing(cid).is_empty(),
            Some(false) => direct && self.blocks.contains_key(&key(cid)),
            None => false,
        }
    }

    fn store(&mut self, block: &Block) {
        self.blocks.insert(key(&block.cid), block.data.clone());
    }

    /// Removes the blocks that nothing keeps.
    fn collect(&mut self) {
        let mut marked: BTreeSet<Key> = self.kept.keys().cloned().collect();
        for (root, recursive) in &self.pins {
            let mut waiting = vec![root.clone()];
            while let Some(cid) = waiting.pop() {
                marked.insert(key(&cid));
                if *recursive {
                    waiting.extend(self.links(&cid).unwrap_or_default());
                }
            }
        }
        self.blocks.retain(|key, _| marked.contains(key));
    }
}

/// Keeps blocks from collection.
struct Guard {
    disk: Arc<Mutex<Disk>>,
    keys: Vec<Key>,
}

impl Guard {
    /// Stores blocks and keeps them.
    fn store(disk: &Arc<Mutex<Disk>>, blocks: &[Block]) -> Keep {
        let keys: Vec<Key> = blocks.iter().map(|block| key(&block.cid)).collect();
        {
            let mut disk = disk.lock();
            for block in blocks {
                disk.store(block);
                *disk.kept.entry(key(&block.cid)).or_default() += 1;
            }
        }
        Keep::new(Self {
            disk: Arc::clone(disk),
            keys,
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut disk = self.disk.lock();
        for key in &self.keys {
            if let Some(count) = disk.kept.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    disk.kept.remove(key);
                }
            }
        }
    }
}

/// The backend of a process.
pub(super) struct Storage {
    world: Arc<World>,
    peer: usize,
    disk: Arc<Mutex<Disk>>,
    condition: Arc<Condition>,
    free: u64,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Storage").field(&self.peer).finish()
    }
}

fn failing(text: &'static str) -> BackendError {
    BackendError::Unreachable(Arc::new(std::io::Error::other(text)))
}

impl Storage {
    pub(super) fn new(
        world: &Arc<World>,
        peer: usize,
        disk: Arc<Mutex<Disk>>,
        condition: Arc<Condition>,
    ) -> Self {
        Self {
            free: world.draw(|rng| rng.below(1 << 30)),
            world: Arc::clone(world),
            peer,
            disk,
            condition,
        }
    }

    /// What every operation waits for before it takes place.
    async fn operation(&self) -> Result<(), BackendError> {
        self.condition.awake().await;
        sleep(self.world.draw(latency)).await;
        self.condition.awake().await;
        if self.condition.is_replaced() {
            return Err(failing("another process has the repository"));
        }
        let faults = self.world.state.lock().faults;
        let sick = self.condition.sick.load(Ordering::Relaxed);
        if sick || faults && self.world.draw(|rng| rng.one_in(80)) {
            return Err(failing("the disk fails"));
        }
        Ok(())
    }

    /// A block of another peer, or from outside of the cluster.
    fn fetch(&self, cid: &Cid) -> Option<Block> {
        let state = self.world.state.lock();
        let mut outside = state
            .items
            .iter()
            .filter(|item| item.outside && item.reachable);
        if let Some(block) = outside.find_map(|item| {
            let mut blocks = item.blocks.iter();
            blocks.find(|block| block.cid.hash() == cid.hash())
        }) {
            return Some(block.clone());
        }
        let others = state.peers.iter().enumerate();
        others
            .filter(|(number, peer)| {
                let process = peer.process.as_ref();
                *number != self.peer && process.is_some_and(|process| process.condition.answers())
            })
            .find_map(|(_, peer)| peer.disk.lock().blocks.get(&key(cid)).cloned())
            .map(|data| Block::new(cid.clone(), data))
    }

    async fn pin_and_fetch(
        &self,
        root: &Cid,
        options: &PinOptions,
    ) -> Result<DagSize, BackendError> {
        self.operation().await?;
        let root = root.to_v1();
        loop {
            let missing = if options.recursive {
                self.disk.lock().missing(&root)
            } else if self.disk.lock().blocks.contains_key(&key(&root)) {
                Vec::new()
            } else {
                vec![root.clone()]
            };
            let Some(cid) = missing.into_iter().next() else {
                break;
            };
            self.operation().await?;
            let Some(block) = self.fetch(&cid) else {
                return Err(BackendError::NotFound { cid });
            };
            self.disk.lock().store(&block);
        }
        let mut disk = self.disk.lock();
        // What was fetched may have been collected since: a store holds it, and this one does as well.
        let recursive = options.recursive || disk.pins.get(&root) == Some(&true);
        disk.pins.insert(root, recursive);
        Ok(DagSize::default())
    }

    async fn import_archive(&self, mut archive: Content<'_>) -> Result<ImportedCar, BackendError> {
        self.operation().await?;
        let (mut decoder, mut roots, mut blocks) = (Decoder::default(), Vec::new(), Vec::new());
        let invalid = |error: car::CarError| BackendError::Invalid(error.to_string());
        while let Some(bytes) = archive.next().await {
            decoder.push(bytes.map_err(BackendError::Source)?);
            while let Some(event) = decoder.next().map_err(invalid)? {
                match event {
                    Event::Header { roots: found, .. } => roots = found,
                    Event::Block(block) => {
                        car::verify(&block).map_err(invalid)?;
                        blocks.push(block);
                    }
                }
            }
        }
        decoder.finish().map_err(invalid)?;
        self.operation().await?;
        let mut alone = Disk::default();
        for block in &blocks {
            alone.store(block);
        }
        let is_whole = roots.len() == 1 && alone.missing(&roots[0]).is_empty();
        Ok(ImportedCar {
            roots,
            blocks: blocks.len() as u64,
            bytes: blocks.iter().map(|block| block.data.len() as u64).sum(),
            is_whole,
            list: None,
            keep: Guard::store(&self.disk, &blocks),
        })
    }
}

impl Backend for Storage {
    fn pin<'a>(&'a self, root: &'a Cid, options: PinOptions) -> BackendResult<'a, DagSize> {
        Box::pin(async move { self.pin_and_fetch(root, &options).await })
    }

    fn has<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move {
            self.operation().await?;
            Ok(self.disk.lock().missing(root).is_empty())
        })
    }

    fn is_pinned<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move {
            self.operation().await?;
            Ok(self.disk.lock().pins.contains_key(&root.to_v1()))
        })
    }

    fn probe<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move {
            self.operation().await?;
            let here = self.disk.lock().blocks.contains_key(&key(root));
            Ok(here || self.fetch(root).is_some())
        })
    }

    fn unpin<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move {
            self.operation().await?;
            let root = root.to_v1();
            super::check::unpin(&self.world, self.peer, &root).await;
            self.world
                .note(format!("{} unpins {root}", self.condition.name));
            let removed = self.disk.lock().pins.remove(&root).is_some();
            sleep(self.world.draw(latency)).await;
            self.condition.awake().await;
            Ok(removed)
        })
    }

    fn pins(&self) -> BoxStream<'_, Result<BackendPin, BackendError>> {
        let listed = async move {
            self.operation().await?;
            let pins = self.disk.lock().pins.clone();
            let pins = pins
                .into_iter()
                .map(|(cid, recursive)| BackendPin { cid, recursive });
            Ok::<_, BackendError>(stream::iter(pins.map(Ok)))
        };
        stream::once(listed)
            .flat_map(|listed| match listed {
                Ok(pins) => pins.boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            })
            .boxed()
    }

    fn connect<'a>(&'a self, _: &'a Multiaddr) -> BackendResult<'a, ()> {
        Box::pin(self.operation())
    }

    fn delegates(&self) -> BackendResult<'_, Delegates> {
        Box::pin(async { Ok(Delegates::default()) })
    }

    fn importer(&self) -> Option<&dyn Import> {
        Some(self)
    }

    fn space(&self) -> BackendResult<'_, Space> {
        Box::pin(async {
            Ok(Space {
                used: 0,
                free: self.free,
            })
        })
    }

    fn collect(&self) -> BackendResult<'_, Vec<Cid>> {
        Box::pin(async {
            self.operation().await?;
            self.disk.lock().collect();
            Ok(Vec::new())
        })
    }
}

impl Import for Storage {
    fn import<'a>(
        &'a self,
        _: ImportOptions,
        _: Entries<'a>,
        _: mpsc::Sender<Added>,
    ) -> BackendResult<'a, Imported> {
        Box::pin(async { Err(BackendError::Invalid("it takes CARs alone".to_owned())) })
    }

    fn import_car<'a>(
        &'a self,
        _: CarOptions,
        archive: Content<'a>,
    ) -> BackendResult<'a, ImportedCar> {
        Box::pin(self.import_archive(archive))
    }

    fn put_blocks<'a>(&'a self, blocks: Vec<Block>) -> BackendResult<'a, Keep> {
        Box::pin(async move {
            self.operation().await?;
            Ok(Guard::store(&self.disk, &blocks))
        })
    }

    fn pin_imported<'a>(
        &'a self,
        root: &'a Cid,
        _: &'a str,
        _: &'a [&'a Keep],
    ) -> BackendResult<'a, ()> {
        Box::pin(async move {
            self.operation().await?;
            if !self.disk.lock().missing(root).is_empty() {
                self.world.wrong(format!(
                    "{} pins {root} without its blocks",
                    self.condition.name
                ));
            }
            self.disk.lock().pins.insert(root.to_v1(), true);
            Ok(())
        })
    }

    fn pin_completed<'a>(
        &'a self,
        root: &'a Cid,
        options: PinOptions,
        _: Option<&'a ImportedCar>,
    ) -> BackendResult<'a, DagSize> {
        self.pin(root, options)
    }

    fn block<'a>(&'a self, cid: &'a Cid) -> BackendResult<'a, Option<Bytes>> {
        Box::pin(async move {
            self.operation().await?;
            Ok(self.disk.lock().blocks.get(&key(cid)).cloned())
        })
    }

    fn missing<'a>(&'a self, from: &'a [Cid], limit: usize) -> BackendResult<'a, Vec<Cid>> {
        Box::pin(async move {
            self.operation().await?;
            let disk = self.disk.lock();
            let missing = from.iter().flat_map(|root| disk.missing(root));
            Ok(missing.take(limit).collect())
        })
    }
}

/// The way of a process to other peers.
pub(super) struct Link {
    world: Arc<World>,
    condition: Arc<Condition>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Link")
    }
}

impl Link {
    pub(super) fn new(world: &Arc<World>, condition: Arc<Condition>) -> Self {
        Self {
            world: Arc::clone(world),
            condition,
        }
    }

    async fn reach(&self, peer: &PeerInfo) -> Result<Arc<Cluster>, LinkError> {
        self.condition.awake().await;
        sleep(self.world.draw(latency)).await;
        self.condition.awake().await;
        let found = {
            let state = self.world.state.lock();
            let mut peers = state.peers.iter();
            peers
                .find(|known| known.id == peer.id)
                .and_then(|known| known.process.as_ref())
                .filter(|process| process.condition.answers())
                .map(|process| Arc::clone(process.services.cluster()))
        };
        let faults = self.world.state.lock().faults;
        let lost = faults && self.world.draw(|rng| rng.one_in(20));
        found
            .filter(|_| !lost)
            .ok_or_else(|| LinkError::Unreachable {
                peer: peer.id.clone(),
                source: Arc::new(std::io::Error::other("no answer")),
            })
    }
}

impl PeerLink for Link {
    fn dag<'a>(
        &'a self,
        peer: &'a PeerInfo,
        root: &'a Cid,
        depth: Option<u32>,
        _: String,
    ) -> BoxFuture<'a, Result<Content<'static>, LinkError>> {
        Box::pin(async move {
            let archive = self.reach(peer).await?.archive(root, depth);
            let faults = self.world.state.lock().faults;
            let cut = faults && self.world.draw(|rng| rng.one_in(20));
            let broken = || Err(Arc::new(std::io::Error::other("it was cut off")) as SourceError);
            if cut {
                return Ok(stream::iter([broken()]).boxed());
            }
            // A peer that dies or sleeps sends nothing more.
            let pieces = stream::unfold(Some(archive), move |archive| async move {
                let mut archive = archive?;
                match timeout(PIECE, archive.next()).await {
                    Ok(piece) => Some((piece?, Some(archive))),
                    Err(_) => Some((broken(), None)),
                }
            });
            Ok(pieces.boxed())
        })
    }

    fn collect<'a>(
        &'a self,
        peer: &'a PeerInfo,
        _: String,
    ) -> BoxFuture<'a, Result<Vec<Cid>, LinkError>> {
        Box::pin(async move {
            let cluster = self.reach(peer).await?;
            Ok(cluster.collect_here().await.unwrap_or_default())
        })
    }
}
