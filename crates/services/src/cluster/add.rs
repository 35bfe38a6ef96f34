//! Adds content: it is imported here once, pinned, and written to the pinset with this peer as its source. The other peers
//! that should have it copy it from here.

use std::collections::VecDeque;
use std::sync::Arc;

use cairn_dag::import::{Added, ImportOptions};
use cairn_primitives::codec::dag_pb;
use cairn_primitives::{Cid, Codec};
use cairn_store::shared::{ClusterPin, NewClusterPin, Placement, SharedError};
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::pinset::{Allocation, new_pin};
use super::{Cluster, ClusterError, PinOptions};
use crate::backend::import::{CarOptions, Content, Entries, Entry, Keep, SourceError};
use crate::locks::CidLock;

/// Imports that are kept from collection until they are pinned in another way. The oldest go first.
const KEPT: usize = 64;

/// Bytes of a file after which progress is reported.
const PROGRESS: u64 = 262_144;

/// Capacity of the channel between an import and the events of its request.
const EVENTS: usize = 64;

/// Imports whose pins are still to be made.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<VecDeque<Keep>>);

impl Kept {
    pub(super) fn hold(&self, keep: Keep) {
        let mut kept = self.0.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(keep);
    }
}

/// The options of an upload.
#[derive(Clone, Debug, Default)]
pub struct AddOptions {
    /// Those of the import.
    pub import: ImportOptions,
    /// Those of the pin.
    pub pin: PinOptions,
    /// Only stores the content; it is not pinned.
    pub no_pin: bool,
    /// Splits the content into shards.
    pub shard: bool,
    /// Whether progress is reported.
    pub progress: bool,
}

/// What is uploaded.
pub enum AddUpload<'a> {
    /// Files and directories.
    Files(Entries<'a>),
    /// A CAR with this name.
    Car(String, Content<'a>),
}

impl std::fmt::Debug for AddUpload<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Files(_) => "Files",
            Self::Car(..) => "Car",
        })
    }
}

/// An event of an upload.
#[derive(Clone, Debug)]
pub enum AddedEvent {
    /// Bytes of the current file that were read.
    Progress(u64),
    /// Something was added.
    Added(AddedEntry),
}

/// Something that was added.
#[derive(Clone, Debug, Default)]
pub struct AddedEntry {
    /// Its name.
    pub name: String,
    /// Its CID.
    pub cid: Option<Cid>,
    /// Bytes of its blocks, of a CAR.
    pub bytes: u64,
    /// Bytes of the blocks below, as links count them.
    pub size: u64,
    /// The peers that should have it.
    pub peers: Vec<String>,
}

/// Sends events; those of a request that is gone are dropped, since its import is dropped as well.
pub(super) type Events = mpsc::Sender<AddedEvent>;

pub(super) async fn send(events: &Events, entry: AddedEntry) {
    drop(events.send(AddedEvent::Added(entry)).await);
}

impl Cluster {
    /// The peers of an allocation by name.
    pub(super) async fn peers_of(
        &self,
        allocation: &Allocation,
    ) -> Result<Vec<String>, ClusterError> {
        Ok(match &allocation.placement {
            Placement::On(peers) => peers.clone(),
            Placement::Nowhere => Vec::new(),
            Placement::Everywhere => {
                let takers = async {
                    let seen = self.seen().await?.into_iter();
                    let here =
                        |peer: &super::info::Seen| peer.active || peer.info.id == self.peer();
                    Ok::<_, ClusterError>(seen.filter(here).map(|peer| peer.info.id).collect())
                };
                self.takers.get(takers).await?.to_vec()
            }
        })
    }

    /// Adds content, and pins it unless the options say otherwise.
    ///
    /// # Errors
    /// When an option or the content is not valid, or the backend or the rows fail. Nothing is pinned then.
    pub async fn add(
        self: &Arc<Self>,
        options: AddOptions,
        upload: AddUpload<'_>,
        events: Events,
    ) -> Result<(), ClusterError> {
        let pin = &options.pin;
        let allocation = self.allocate(pin.replication, &pin.peers, &[]).await?;
        let peers = self.peers_of(&allocation).await?;
        match upload {
            AddUpload::Files(entries) => {
                self.add_files(options, entries, allocation, peers, events)
                    .await
            }
            AddUpload::Car(name, archive) => {
                self.add_car(options, name, archive, allocation, peers, events)
                    .await
            }
        }
    }

    async fn add_files(
        self: &Arc<Self>,
        options: AddOptions,
        entries: Entries<'_>,
        allocation: Allocation,
        peers: Vec<String>,
        events: Events,
    ) -> Result<(), ClusterError> {
        let entries = if options.progress {
            with_progress(entries, events.clone())
        } else {
            entries
        };
        let (sender, mut receiver) = mpsc::channel::<Added>(EVENTS);
        let importer = self.importer()?;
        let importing = importer.import(options.import.clone(), entries, sender);
        let sharded = options.shard;
        let forwarding = async {
            let mut last = Vec::new();
            while let Some(added) = receiver.recv().await {
                let entry = AddedEntry {
                    name: String::from_utf8_lossy(added.name.as_bytes()).into_owned(),
                    cid: Some(added.cid),
                    bytes: 0,
                    size: added.size,
                    peers: peers.clone(),
                };
                if sharded {
                    // Shards come before what they are of. Only the newest are needed.
                    last.push(entry);
                    if last.len() > EVENTS {
                        last.remove(0);
                    }
                } else {
                    send(&events, entry).await;
                }
            }
            last
        };
        let (imported, last) = tokio::join!(importing, forwarding);
        let imported = imported?;
        let Some(root) = imported.roots.last().map(|root| root.cid.clone()) else {
            return Err(ClusterError::NothingToAdd);
        };
        if options.no_pin {
            return Ok(());
        }
        if options.shard {
            return self
                .add_shards(&root, options.pin, imported.keep, last, &events)
                .await;
        }
        self.pin_added(&root, options.pin, allocation, imported.keep, true)
            .await
    }

    async fn add_car(
        self: &Arc<Self>,
        options: AddOptions,
        name: String,
        archive: Content<'_>,
        allocation: Allocation,
        peers: Vec<String>,
        events: Events,
    ) -> Result<(), ClusterError> {
        if options.import.wrap {
            return Err(ClusterError::WrappedCar);
        }
        let car = CarOptions {
            allow_big_block: true,
            ..CarOptions::default()
        };
        let imported = self.importer()?.import_car(car, archive).await?;
        let [root] = imported.roots.as_slice() else {
            return Err(ClusterError::Roots(imported.roots.len()));
        };
        let entry = AddedEntry {
            name,
            cid: Some(root.clone()),
            bytes: imported.bytes,
            size: self.tree_size(root).await?,
            peers,
        };
        if options.no_pin {
            send(&events, entry).await;
            return Ok(());
        }
        if options.shard {
            return self
                .add_shards(root, options.pin, imported.keep, vec![entry], &events)
                .await;
        }
        let whole = imported.is_whole || self.context.backend().has(root).await?;
        self.pin_added(root, options.pin, allocation, imported.keep, whole)
            .await?;
        send(&events, entry).await;
        Ok(())
    }

    /// Bytes of the blocks of a file or directory, as links count them; 0 for other content.
    async fn tree_size(&self, root: &Cid) -> Result<u64, ClusterError> {
        if root.codec() != Codec::DAG_PB {
            return Ok(0);
        }
        let Some(data) = self.importer()?.block(root).await? else {
            return Ok(0);
        };
        let node = dag_pb::Node::decode(&data);
        Ok(node.map_or(0, |node| node.tree_size(data.len())))
    }

    /// Pins content that was imported: here, and in the pinset.
    async fn pin_added(
        self: &Arc<Self>,
        root: &Cid,
        options: PinOptions,
        allocation: Allocation,
        keep: Keep,
        whole: bool,
    ) -> Result<(), ClusterError> {
        let options = PinOptions {
            update_of: None,
            ..options
        };
        if options.direct || !whole {
            // The worker pins it in that way, or fetches what is missing.
            self.put(new_pin(root, options, allocation)).await?;
            self.kept.hold(keep);
            return Ok(());
        }
        // Nobody unpins it between the pin and the row that says so.
        let lock = self.context.lock(root).await;
        let name = options.name.clone();
        let mut new = new_pin(root, options, allocation);
        new.source = Some(self.peer().to_owned());
        let importer = self.importer()?;
        if importer.is_embedded() && !self.context.rows().is_shared() {
            return self.pin_at_once(root, name, new, keep, lock).await;
        }
        importer.pin_imported(root, &name, &[&keep]).await?;
        match self.put(new).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.unpin_if_unwanted(root).await;
                Err(error)
            }
        }
    }

    /// Pins imported content and writes its row at the same time, so that their syncs take as long as one of them. Only where
    /// nobody else reads the rows: another peer could let go of the content before it is pinned here.
    async fn pin_at_once(
        self: &Arc<Self>,
        root: &Cid,
        name: String,
        new: NewClusterPin,
        keep: Keep,
        lock: CidLock,
    ) -> Result<(), ClusterError> {
        let (cluster, root) = (Arc::clone(self), root.clone());
        // A task, which goes on when the request is gone: a row would say that something is pinned which is not. If the process
        // is killed between the two, the comparison of rows and pins at the next start queues the pin.
        let task = tokio::spawn(async move {
            let _lock = lock;
            let pinning = async {
                let importer = cluster.importer()?;
                importer.pin_imported(&root, &name, &[&keep]).await?;
                Ok::<_, ClusterError>(())
            };
            match tokio::join!(pinning, cluster.put(new)) {
                (Ok(()), Ok(_)) => Ok(()),
                (Ok(()), Err(error)) => {
                    cluster.unpin_if_unwanted(&root).await;
                    Err(error)
                }
                (Err(error), Ok(written)) => {
                    cluster.take_back(&written).await;
                    Err(error)
                }
                (Err(error), Err(_)) => Err(error),
            }
        });
        match task.await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends.
                Err(_) => Err(SharedError::Interrupted.into()),
            },
        }
    }

    /// Takes back the row of content that could not be pinned; a pin that was there before is queued.
    async fn take_back(&self, written: &ClusterPin) {
        let rows = self.context.rows();
        let (root, is_new) = (&written.cid, written.version == 1);
        let done = match is_new {
            true => rows.remove_cluster_pin(root).await.map(drop),
            false => rows.requeue_lost(self.peer(), root).await.map(drop),
        };
        if let Err(error) = done {
            tracing::warn!(%root, %error, "a row says that content is pinned which is not, until rows and pins are compared");
        }
        self.work.notify_one();
    }

    /// Lets go of content whose row could not be written.
    async fn unpin_if_unwanted(&self, root: &Cid) {
        let rows = self.context.rows();
        if let Err(error) = rows.add_release(self.peer(), root).await {
            tracing::warn!(%root, %error, "content stays pinned that no row wants, until the next start");
        }
    }
}

/// The entries, with reports of how much of each file was read.
fn with_progress(entries: Entries<'_>, events: Events) -> Entries<'_> {
    let read = Arc::new(Mutex::new(0_u64));
    // The end of the entries is the end of the last file.
    let ended = futures_util::stream::once(async { None });
    let told = entries.map(Some).chain(ended).then(move |entry| {
        let (events, read) = (events.clone(), Arc::clone(&read));
        async move {
            let reports = reports(&mut read.lock(), entry.as_ref());
            for bytes in reports {
                drop(events.send(AddedEvent::Progress(bytes)).await);
            }
            entry
        }
    });
    told.filter_map(|entry| async move { entry }).boxed()
}

/// What is reported when this entry follows, after `read` bytes of the current file.
fn reports(read: &mut u64, entry: Option<&Result<Entry, SourceError>>) -> Vec<u64> {
    let mut reports = Vec::new();
    if let Some(Ok(Entry::Data(data))) = entry {
        let mut next = (*read / PROGRESS + 1) * PROGRESS;
        *read = read.saturating_add(u64::try_from(data.len()).unwrap_or(0));
        while next <= *read {
            reports.push(next);
            next += PROGRESS;
        }
    } else {
        if !read.is_multiple_of(PROGRESS) {
            reports.push(*read);
        }
        *read = 0;
    }
    reports
}
