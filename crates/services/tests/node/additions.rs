//! Additions to a cluster of one on a real node and SQLite: pin and row are written at once, both or neither.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cairn_dag::import::{Added, FileMeta, ImportOptions};
use cairn_node::Node;
use cairn_primitives::multiaddr::Multiaddr;
use cairn_primitives::{Block, Cid};
use cairn_services::Context;
use cairn_services::backend::import::{
    CarOptions, Content, Entries, Entry, Import, Imported, ImportedCar, Keep,
};
use cairn_services::backend::{
    Backend, BackendError, BackendPin, BackendResult, DagSize, Delegates, Embedded, PinOptions,
    Space,
};
use cairn_services::cluster::{
    AddOptions, AddUpload, Cluster, ClusterError, ClusterSettings, LinkError, PeerInfo, PeerLink,
};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::process::{open_node, open_rows};

const PATIENCE: Duration = Duration::from_secs(20);

/// The backend of the node, which can be told to fail to pin, or to wait before it pins.
#[derive(Debug)]
struct Storage {
    inner: Embedded,
    fails: AtomicBool,
    waits: parking_lot::Mutex<Option<oneshot::Receiver<()>>>,
}

impl Storage {
    fn import(&self) -> &dyn Import {
        self.inner.importer().unwrap()
    }
}

impl Backend for Storage {
    fn pin<'a>(&'a self, root: &'a Cid, options: PinOptions) -> BackendResult<'a, DagSize> {
        if self.fails.load(Ordering::SeqCst) {
            return Box::pin(async { Err(BackendError::Full) });
        }
        self.inner.pin(root, options)
    }

    fn has<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        self.inner.has(root)
    }

    fn is_pinned<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        self.inner.is_pinned(root)
    }

    fn probe<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        self.inner.probe(root)
    }

    fn unpin<'a>(&'a self, root: &'a Cid) -> BackendResult<'a, bool> {
        self.inner.unpin(root)
    }

    fn pins(&self) -> BoxStream<'_, Result<BackendPin, BackendError>> {
        self.inner.pins()
    }

    fn connect<'a>(&'a self, peer: &'a Multiaddr) -> BackendResult<'a, ()> {
        self.inner.connect(peer)
    }

    fn delegates(&self) -> BackendResult<'_, Delegates> {
        self.inner.delegates()
    }

    fn importer(&self) -> Option<&dyn Import> {
        Some(self)
    }

    fn space(&self) -> BackendResult<'_, Space> {
        self.inner.space()
    }
}

impl Import for Storage {
    fn is_embedded(&self) -> bool {
        true
    }

    fn import<'a>(
        &'a self,
        options: ImportOptions,
        entries: Entries<'a>,
        events: mpsc::Sender<Added>,
    ) -> BackendResult<'a, Imported> {
        Storage::import(self).import(options, entries, events)
    }

    fn import_car<'a>(
        &'a self,
        options: CarOptions,
        archive: Content<'a>,
    ) -> BackendResult<'a, ImportedCar> {
        Storage::import(self).import_car(options, archive)
    }

    fn put_blocks(&self, blocks: Vec<Block>) -> BackendResult<'_, Keep> {
        Storage::import(self).put_blocks(blocks)
    }

    fn pin_imported<'a>(
        &'a self,
        root: &'a Cid,
        name: &'a str,
        keep: &'a [&'a Keep],
    ) -> BackendResult<'a, ()> {
        Box::pin(async move {
            if self.fails.load(Ordering::SeqCst) {
                return Err(BackendError::Full);
            }
            let wait = self.waits.lock().take();
            if let Some(wait) = wait {
                wait.await.unwrap();
            }
            Storage::import(self).pin_imported(root, name, keep).await
        })
    }

    fn pin_completed<'a>(
        &'a self,
        root: &'a Cid,
        options: PinOptions,
        last: Option<&'a ImportedCar>,
    ) -> BackendResult<'a, DagSize> {
        Storage::import(self).pin_completed(root, options, last)
    }

    fn block<'a>(&'a self, cid: &'a Cid) -> BackendResult<'a, Option<Bytes>> {
        Storage::import(self).block(cid)
    }

    fn missing<'a>(&'a self, from: &'a [Cid], limit: usize) -> BackendResult<'a, Vec<Cid>> {
        Storage::import(self).missing(from, limit)
    }
}

/// There are no other peers.
#[derive(Debug)]
struct Alone;

impl PeerLink for Alone {
    fn dag<'a>(
        &'a self,
        peer: &'a PeerInfo,
        _: &'a Cid,
        _: Option<u32>,
        _: String,
    ) -> BoxFuture<'a, Result<Content<'static>, LinkError>> {
        Box::pin(async { Err(LinkError::NoAddress(peer.id.clone())) })
    }

    fn collect<'a>(
        &'a self,
        peer: &'a PeerInfo,
        _: String,
    ) -> BoxFuture<'a, Result<Vec<Cid>, LinkError>> {
        Box::pin(async { Err(LinkError::NoAddress(peer.id.clone())) })
    }
}

struct Process {
    cluster: Arc<Cluster>,
    context: Arc<Context>,
    storage: Arc<Storage>,
    node: Arc<Node>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Process {
    async fn start() -> Self {
        let (node, folder) = open_node().await;
        let storage = Arc::new(Storage {
            inner: Embedded::new(Arc::clone(&node)),
            fails: AtomicBool::new(false),
            waits: parking_lot::Mutex::default(),
        });
        let rows = open_rows(folder.path(), "shared.sqlite").await;
        let backend = Arc::clone(&storage) as Arc<dyn Backend>;
        let context = Arc::new(Context::new(rows, backend, "peer"));
        let cluster = Cluster::new(
            Arc::clone(&context),
            Arc::new(Alone),
            ClusterSettings::default(),
        );
        let stop = CancellationToken::new();
        let running = tokio::spawn(Arc::clone(&cluster).run(stop.clone()));
        let process = Self {
            cluster,
            context,
            storage,
            node,
            stop,
            running,
            _folder: folder,
        };
        // It takes pins once it has a lease.
        let joined = async {
            while process
                .context
                .rows()
                .cluster_peers()
                .await
                .unwrap()
                .peers
                .is_empty()
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, joined).await.unwrap();
        process
    }

    /// Adds a file; its CID and the outcome.
    async fn add(&self, text: &'static str) -> (Cid, Result<(), ClusterError>) {
        let (events, mut received) = mpsc::channel(8);
        let entries = [
            Ok(Entry::File {
                path: "file".into(),
                meta: FileMeta::default(),
            }),
            Ok(Entry::Data(Bytes::from_static(text.as_bytes()))),
        ];
        let upload = AddUpload::Files(stream::iter(entries).boxed());
        let reading = async {
            let mut cid = None;
            while let Some(event) = received.recv().await {
                if let cairn_services::cluster::AddedEvent::Added(entry) = event {
                    cid = entry.cid;
                }
            }
            cid.expect("a CID")
        };
        let (added, cid) = tokio::join!(
            self.cluster.add(AddOptions::default(), upload, events),
            reading
        );
        (cid, added)
    }

    async fn has_row(&self, cid: &Cid) -> bool {
        let rows = self.context.rows();
        rows.cluster_wants("peer", cid).await.unwrap()
    }

    async fn is_pinned(&self, cid: &Cid) -> bool {
        self.context.backend().is_pinned(cid).await.unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        self.running.await.unwrap();
        self.context.rows().close().await.unwrap();
        self.node.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_pinned_has_no_row() {
    let process = Process::start().await;
    let (first, added) = process.add("one").await;
    added.unwrap();
    assert!(process.has_row(&first).await && process.is_pinned(&first).await);

    process.storage.fails.store(true, Ordering::SeqCst);
    let (cid, added) = process.add("other").await;
    let error = added.unwrap_err();
    assert!(
        matches!(error, ClusterError::Backend(BackendError::Full)),
        "{error:?}"
    );
    assert!(!process.has_row(&cid).await && !process.is_pinned(&cid).await);

    // What was there before stays, and is pinned as soon as that is possible.
    let (again, added) = process.add("one").await;
    added.unwrap_err();
    assert_eq!(again, first);
    assert!(process.has_row(&first).await && process.is_pinned(&first).await);
    process.storage.fails.store(false, Ordering::SeqCst);
    let (_, added) = process.add("one").await;
    added.unwrap();
    process.end().await;
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_both_or_neither() {
    let process = Process::start().await;
    let (go, waits) = oneshot::channel();
    *process.storage.waits.lock() = Some(waits);
    let given_up = tokio::time::timeout(Duration::from_millis(300), process.add("late")).await;
    assert!(given_up.is_err());
    go.send(()).unwrap();
    let pinned = async {
        loop {
            if let Some(pin) = process.storage.pins().next().await {
                break pin.unwrap().cid;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let pinned = tokio::time::timeout(PATIENCE, pinned).await.unwrap();
    assert!(process.has_row(&pinned).await);
    process.end().await;
}
