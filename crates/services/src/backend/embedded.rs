//! This node as the backend.

mod import;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_dag::export::Car;
use cairn_dag::pin::{MAX_NAME, PinError, Progress};
use cairn_dag::{FetchError, NodeError, Pinner, resolve};
use cairn_node::Node;
use cairn_primitives::car::v1;
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, CidList, Multiaddr};
use cairn_store::BlockError;
use cairn_store::meta::{PinFilter, PinMode, PinOwner};
use cairn_store::names::NameOptions;
use cairn_store::network::{Network, QueryStep};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::import::{Content, Import, SourceError};
use super::origin::{Origins, SystemLookup};
use super::{
    Backend, BackendError, BackendPin, BackendResult, DagSize, Delegates, Fetched, PinOptions,
    PinProgress, Space, content_size,
};

/// How long the name of a path is looked up.
const NAMES: Duration = Duration::from_secs(20);

/// How long a probe asks the network.
const PROBE: Duration = Duration::from_secs(5);

/// Interval of calls of [`PinOptions::progress`].
const REPORT: Duration = Duration::from_millis(250);

/// This node. It pins for [`PinOwner::Services`], by the CIDs' version 1.
#[derive(Debug)]
pub struct Embedded {
    node: Arc<Node>,
    pins: Pinner,
    origins: Origins,
}

impl Embedded {
    /// `node`, with the settings of its configuration at this time.
    #[must_use]
    pub fn new(node: Arc<Node>) -> Self {
        let private = node.config().services.allow_private_origins == Some(true);
        Self {
            pins: node.pins().of(PinOwner::Services),
            origins: Origins::new(private, Arc::new(SystemLookup)),
            node,
        }
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// A DAG whose blocks are all here, as a CAR.
    #[must_use]
    pub fn archive(&self, root: &Cid) -> Content<'static> {
        let root = root.clone();
        let blocks = self.node.offline_blocks();
        let opened = async move { Car::open(&blocks, &root, false).await };
        stream::once(opened)
            .map_ok(Car::into_stream)
            .try_flatten()
            .map_err(|error| Arc::new(error) as SourceError)
            .boxed()
    }

    /// Blocks that are here, as a CAR with this root. Ends with an error at one that is not.
    #[must_use]
    pub fn archive_of(&self, root: &Cid, blocks: &CidList) -> Content<'static> {
        let mut header = Vec::new();
        v1::write_header(std::slice::from_ref(root), &mut header);
        let store = Arc::clone(self.node.store());
        let cids = Cids {
            bytes: blocks.as_bytes().to_vec(),
            at: 0,
        };
        // Others are in their CIDs.
        let stored = cids.filter(|cid| cid.hash().identity_data().is_none());
        let sections = stream::iter(stored).then(move |cid| {
            let store = Arc::clone(&store);
            async move {
                let read = store.get(cid.hash()).await;
                let data = read
                    .map_err(|error| Arc::new(error) as SourceError)?
                    .ok_or_else(|| -> SourceError {
                        Arc::new(BackendError::NotFound { cid: cid.clone() })
                    })?;
                let mut section = Vec::with_capacity(v1::section_len(&cid, data.len()));
                v1::write_block_prefix(&cid, data.len(), &mut section);
                section.extend_from_slice(&data);
                Ok(Bytes::from(section))
            }
        });
        stream::iter([Ok(Bytes::from(header))])
            .chain(sections)
            .boxed()
    }

    async fn pin_and_measure(
        &self,
        root: &Cid,
        options: PinOptions,
    ) -> Result<DagSize, BackendError> {
        let root = root.to_v1();
        let mode = if options.recursive {
            PinMode::Recursive
        } else {
            PinMode::Direct
        };
        if mode == PinMode::Direct && self.has_pin(&root, PinMode::Recursive)? {
            if options.narrows {
                let narrowed = self.pins.make_direct(&root).await;
                narrowed.map_err(|error| pin_failed(&root, error))?;
            }
            return self.measure(&root, mode).await;
        }
        let blocks = self.node.blocks().with_idle_timeout(options.stall);
        let progress = Progress::default();
        let name = truncated(&options.name);
        {
            let pinning = self.pins.add(&blocks, &root, mode, name, Some(&progress));
            let reporting = report(&progress, options.progress.as_ref());
            tokio::select! {
                pinned = pinning => pinned.map_err(|error| pin_failed(&root, error))?,
                () = reporting => {}
            }
        }
        if let Some(each) = &options.progress {
            (each.0)(fetched(&progress));
        }
        Ok(DagSize {
            blocks: progress.bytes(),
            content: content_size::of(&self.node.offline_blocks(), &root).await,
        })
    }

    fn has_pin(&self, root: &Cid, mode: PinMode) -> Result<bool, BackendError> {
        let pin = self.node.rows().pin(root, PinOwner::Services);
        let pin = pin.map_err(|error| BackendError::failed("read the pins", error))?;
        Ok(pin.is_some_and(|pin| pin.mode == mode))
    }

    async fn measure(&self, root: &Cid, mode: PinMode) -> Result<DagSize, BackendError> {
        let blocks = self.node.offline_blocks();
        let bytes = match mode {
            PinMode::Direct => cairn_dag::stat::block(&blocks, root)
                .await
                .map_err(|error| BackendError::failed("measure the DAG", error))?,
            PinMode::Recursive => {
                cairn_dag::stat::dags(&blocks, std::slice::from_ref(root), |_| {})
                    .await
                    .map_err(|error| BackendError::failed("measure the DAG", error))?
                    .unique_bytes
            }
        };
        Ok(DagSize {
            blocks: bytes,
            content: content_size::of(&blocks, root).await,
        })
    }

    async fn is_whole(&self, root: &Cid) -> Result<bool, BackendError> {
        let root = root.to_v1();
        if self.has_pin(&root, PinMode::Recursive)? {
            return Ok(true);
        }
        // The root first: nearly all that is asked for and absent lacks it.
        let store = self.node.store();
        if root.hash().identity_data().is_none()
            && !store
                .has(root.hash())
                .await
                .map_err(|error| BackendError::failed("read blocks", error))?
        {
            return Ok(false);
        }
        let mut listing = self.pins.verify_dag(root);
        match listing.next().await {
            Some(status) => Ok(status
                .map_err(|error| BackendError::failed("check the DAG", error))?
                .ok()),
            None => Ok(false),
        }
    }

    async fn is_known(&self, root: &Cid) -> Result<bool, BackendError> {
        let root = root.to_v1();
        let blocks = self.node.blocks();
        if blocks
            .has_local(&root)
            .await
            .map_err(|error| BackendError::failed("read blocks", error))?
        {
            return Ok(true);
        }
        let Some(network) = self.node.network() else {
            return Ok(false);
        };
        let fetched = async { blocks.get(&root).await.is_ok() };
        let provided = has_providers(&*network, &root, self.node.identity().peer_id());
        let asked = async {
            let (mut fetched, mut provided) = (std::pin::pin!(fetched), std::pin::pin!(provided));
            tokio::select! {
                found = &mut fetched => found || provided.await,
                found = &mut provided => found || fetched.await,
            }
        };
        Ok(tokio::time::timeout(PROBE, asked).await.unwrap_or(false))
    }

    async fn list_pins(&self) -> Result<[(bool, CidList); 2], BackendError> {
        let rows = Arc::clone(self.node.rows());
        let listing = tokio::task::spawn_blocking(move || {
            let filter = PinFilter {
                owner: Some(PinOwner::Services),
                ..PinFilter::default()
            };
            let (mut recursive, mut direct) = (CidList::new(), CidList::new());
            rows.pins(&filter, &mut |pin| {
                match pin.mode {
                    PinMode::Recursive => recursive.push(&pin.cid),
                    PinMode::Direct => direct.push(&pin.cid),
                }
                true
            })?;
            Ok([(true, recursive), (false, direct)])
        });
        listing
            .await
            .map_err(|error| BackendError::failed("list the pins", error))?
            .map_err(|error: cairn_store::meta::RowError| {
                BackendError::failed("list the pins", error)
            })
    }

    async fn connect_to(&self, peer: &Multiaddr) -> Result<(), BackendError> {
        let network = self.node.network().ok_or_else(|| {
            BackendError::Invalid("this node is offline, and connects to no peers".to_owned())
        })?;
        let swarm = network.swarm();
        for peer in self.origins.checked(peer, Some(swarm)).await? {
            swarm
                .connect_only(peer)
                .await
                .map_err(|error| BackendError::failed("connect", error))?;
        }
        Ok(())
    }

    fn measure_space(&self) -> Result<Space, BackendError> {
        let stat = self
            .node
            .store()
            .stat()
            .map_err(|error| BackendError::failed("measure the store", error))?;
        let disk = cairn_store::block::disk::space(self.node.repo().path())
            .map_err(|error| BackendError::failed("measure the disk", error))?;
        let most = self.node.config().datastore.max_bytes();
        let most =
            most.map_err(|error| BackendError::failed("read Datastore.StorageMax", error))?;
        Ok(Space {
            used: stat.disk_bytes,
            free: disk.free.min(most.saturating_sub(stat.disk_bytes)),
        })
    }
}

/// The CIDs of a [`CidList`], which they own.
struct Cids {
    bytes: Vec<u8>,
    at: usize,
}

impl Iterator for Cids {
    type Item = Cid;

    fn next(&mut self) -> Option<Cid> {
        let (cid, used) = Cid::read(self.bytes.get(self.at..)?).ok()?;
        self.at += used;
        Some(cid)
    }
}

/// Whether anybody but this node is found as a provider.
async fn has_providers(network: &dyn Network, root: &Cid, own: cairn_primitives::PeerId) -> bool {
    let mut events = network.routing().find_providers(root, 2);
    while let Some(Ok(event)) = events.next().await {
        if event.step == QueryStep::Provider
            && event.responses.iter().any(|found| found.peer != own)
        {
            return true;
        }
    }
    false
}

/// Reports progress for as long as it is polled.
async fn report(progress: &Progress, each: Option<&PinProgress>) {
    let Some(each) = each else {
        return std::future::pending().await;
    };
    let mut last = Fetched::default();
    loop {
        tokio::time::sleep(REPORT).await;
        let now = fetched(progress);
        if now != last {
            (each.0)(now);
            last = now;
        }
    }
}

fn fetched(progress: &Progress) -> Fetched {
    Fetched {
        blocks: progress.nodes(),
        bytes: progress.bytes(),
    }
}

/// As much of a name as a pin can have.
fn truncated(name: &str) -> &str {
    name.get(..name.floor_char_boundary(MAX_NAME))
        .unwrap_or_default()
}

fn pin_failed(root: &Cid, error: PinError) -> BackendError {
    let fetch = match &error {
        PinError::Incomplete(NodeError::Fetch(error)) | PinError::Node(NodeError::Fetch(error)) => {
            Some(error)
        }
        _ => None,
    };
    match fetch {
        Some(FetchError::TimedOut { after, .. }) => BackendError::Stalled {
            root: root.clone(),
            after: *after,
        },
        Some(FetchError::NotFound { cid } | FetchError::Offline { cid }) => {
            BackendError::NotFound { cid: cid.clone() }
        }
        Some(FetchError::Store(BlockError::Full { .. })) => BackendError::Full,
        _ => match error {
            PinError::Store(BlockError::Full { .. }) => BackendError::Full,
            error => BackendError::failed("pin", error),
        },
    }
}

impl Backend for Embedded {
    fn pin<'a>(&'a self, root: &'a Cid, options: PinOptions) -> BackendResult<'a, DagSize> {
        Box::pin(self.pin_and_measure(root, options))
    }

    fn has<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(self.is_whole(root))
    }

    fn is_pinned<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        let root = root.to_v1();
        let pin = self.node.rows().pin(&root, PinOwner::Services);
        let pinned = pin
            .map(|pin| pin.is_some())
            .map_err(|error| BackendError::failed("read the pins", error));
        Box::pin(std::future::ready(pinned))
    }

    fn probe<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(self.is_known(root))
    }

    fn unpin<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        Box::pin(async move {
            match self.pins.remove(&root.to_v1(), true).await {
                Ok(()) => Ok(true),
                Err(PinError::NotPinned) => Ok(false),
                Err(error) => Err(BackendError::failed("unpin", error)),
            }
        })
    }

    fn pins(&self) -> BoxStream<'_, Result<BackendPin, BackendError>> {
        // About 40 bytes a pin are held: a listing that waits for its reader would keep the database from shrinking its log.
        let listed = stream::once(self.list_pins()).flat_map(|listed| match listed {
            Ok(lists) => {
                let pins = lists.into_iter().flat_map(|(recursive, list)| {
                    let cids = Cids {
                        bytes: list.into_bytes(),
                        at: 0,
                    };
                    cids.map(move |cid| Ok(BackendPin { cid, recursive }))
                });
                stream::iter(pins).left_stream()
            }
            Err(error) => stream::iter([Err(error)]).right_stream(),
        });
        listed.boxed()
    }

    fn connect<'a>(&'a self, peer: &'a Multiaddr) -> BackendResult<'a, ()> {
        Box::pin(self.connect_to(peer))
    }

    fn delegates(&self) -> BackendResult<'_, Delegates> {
        Box::pin(async {
            let Some(network) = self.node.network() else {
                return Ok(Delegates::default());
            };
            let peer = self.node.identity().peer_id();
            let with_peer = |addresses: Vec<Multiaddr>| {
                addresses
                    .iter()
                    .filter_map(|address| match address.split_peer() {
                        Some(_) => Some(address.clone()),
                        None => address.text_with_peer(&peer).parse().ok(),
                    })
                    .collect()
            };
            Ok(Delegates {
                announced: with_peer(network.swarm().announced()),
                listening: with_peer(network.swarm().listening()),
            })
        })
    }

    fn importer(&self) -> Option<&dyn Import> {
        Some(self)
    }

    fn collect(&self) -> BackendResult<'_, Vec<Cid>> {
        Box::pin(async {
            let mut running = self.node.collect();
            let mut removed = Vec::new();
            while let Some(cid) = running.next().await {
                removed.push(cid);
            }
            let ended = running.finish().await;
            ended.map_err(|error| BackendError::failed("collect garbage", error))?;
            Ok(removed)
        })
    }

    fn resolve<'a>(&'a self, path: &'a ContentPath) -> BackendResult<'a, Cid> {
        Box::pin(async move {
            let failed = |error| BackendError::failed("resolve the path", error);
            let names = self.node.names();
            let options = NameOptions {
                timeout: Some(NAMES),
                ..NameOptions::default()
            };
            let named = resolve::follow_names(&*names, path.clone(), &options, true)
                .await
                .map_err(failed)?;
            let blocks = self.node.blocks();
            let resolved = resolve::resolve(&blocks, &named.path)
                .await
                .map_err(failed)?;
            Ok(resolved.cid)
        })
    }

    fn space(&self) -> BackendResult<'_, Space> {
        Box::pin(async { self.measure_space() })
    }
}
