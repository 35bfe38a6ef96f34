//! A node: the parts of a repository, composed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cairn_dag::Pinner;
use cairn_dag::gc::{CollectError, CollectionTask, ExtraRoots};
use cairn_dag::mfs::{Mfs, MfsError, MfsPath};
use cairn_store::BlockStore;
use cairn_store::block::{Collected, Filestore, NotifyingStore, Root, WriteListener};
use cairn_store::meta::{KeyFiles, Rows};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigFile};
use crate::dns::SystemDns;
use crate::error::NodeError;
use crate::files;
use crate::identity::Identity;
use crate::keystore::Keystore;
use crate::metrics::Metrics;
use crate::names::NameSystem;
use crate::parts::{open_filestore, open_rows, open_store};
use crate::peers::Peers;
use crate::repo::{Access, Repo, RepoError};
use crate::tasks::{AutoCollect, Tasks, watch_reserve};

/// Timeout for stopping the tasks.
const TASKS_STOP: Duration = Duration::from_secs(2);

/// Timeout for closing the rows, and then the store.
const PART_CLOSE: Duration = Duration::from_secs(1);

/// Timeout for flushing the last changes of the mutable file system while the tasks stop.
const FLUSH: Duration = TASKS_STOP;

/// Options for opening a node.
#[derive(Clone, Debug, Default)]
pub struct NodeOptions {
    /// To change the repository, or to read it.
    pub access: Access,
    /// Whether it collects automatically when the store grows beyond `Datastore.StorageGCWatermark`; Kubo's
    /// `--enable-gc`.
    pub gc: bool,
}

/// Providers of further roots to keep, called at each collection.
type RootSource = Arc<ExtraRoots>;

/// A node. Its parts are shared, and closed by [`Node::shutdown`].
pub struct Node {
    identity: Identity,
    keystore: Keystore,
    names: Arc<NameSystem>,
    store: Arc<dyn BlockStore>,
    /// The store, if it may refer to blocks in files.
    files: Option<Arc<Filestore>>,
    rows: Arc<dyn Rows>,
    pins: Pinner,
    mfs: Result<Mfs, MfsError>,
    roots: Arc<Mutex<Vec<RootSource>>>,
    tasks: Tasks,
    metrics: Arc<Metrics>,
    peers: Peers,
    /// Last, so that a node that is dropped without a shutdown closes its parts before it is unlocked.
    repo: Repo,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Node")
            .field("repo", &self.repo)
            .field("store", &self.store.id())
            .finish_non_exhaustive()
    }
}

impl Node {
    /// Opens the repository at a path, and starts its tasks.
    ///
    /// # Errors
    /// When the repository, its rows or its blocks cannot be opened.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn open(path: impl Into<PathBuf>, options: NodeOptions) -> Result<Self, NodeError> {
        Self::open_with(path, options, |store| store).await
    }

    /// As [`Node::open`], with the store returned by `wrap`, which gets the one of the repository.
    ///
    /// # Errors
    /// As [`Node::open`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn open_with(
        path: impl Into<PathBuf>,
        options: NodeOptions,
        wrap: impl FnOnce(Arc<dyn BlockStore>) -> Arc<dyn BlockStore>,
    ) -> Result<Self, NodeError> {
        let repo = Repo::open(path, options.access)?;
        let identity = Identity::read(&repo.config().config().identity).map_err(RepoError::from)?;
        repo.check_parts()?;
        let (store, report) = open_store(
            &repo.blocks_path(),
            options.access,
            &repo.config().config().datastore,
        )?;
        let rows: Arc<dyn Rows> = open_rows(&repo.rows_path(), options.access, &store)?;
        let segments = Arc::downgrade(&store);
        let store = wrap(store);
        let files = open_filestore(&store, &rows, repo.path(), &repo.config().config())?;
        let store = match &files {
            Some(files) => Arc::clone(files) as Arc<dyn BlockStore>,
            None => store,
        };
        let peers = Peers::default();
        let store =
            Arc::new(NotifyingStore::new(store, peers.listener().clone())) as Arc<dyn BlockStore>;
        let pins = Pinner::new(Arc::clone(&store), Arc::clone(&rows));
        let keystore = Keystore::new(
            identity.keys().clone(),
            Arc::new(KeyFiles::new(repo.keystore_path())),
            options.access == Access::ReadWrite,
        );
        let names = Arc::new(NameSystem::new(
            Arc::clone(&rows),
            keystore.clone(),
            Arc::clone(repo.config()),
            Arc::new(SystemDns::new(Arc::clone(repo.config()))),
        ));
        let mfs = files::open(&store, &rows, &repo.config().config()).await;
        let node = Self {
            identity,
            keystore,
            names,
            store,
            files,
            rows,
            pins,
            mfs,
            roots: Arc::default(),
            tasks: Tasks::default(),
            metrics: Arc::default(),
            peers,
            repo,
        };
        node.keep(files::roots(&node.mfs, &*node.rows)?);
        if report.lost_blocks > 0 || report.reindexed.is_some() || !report.damaged.is_empty() {
            node.check_for_incomplete_pins();
        }
        if options.gc && options.access == Access::ReadWrite {
            let collect = AutoCollect::new(
                Arc::clone(&node.store),
                Arc::clone(&node.rows),
                node.extra_roots(),
                Arc::clone(node.repo.config()),
            )
            .with_metrics(Arc::clone(&node.metrics));
            node.tasks.spawn("collect", move |stop| collect.run(stop));
        }
        if options.access == Access::ReadWrite {
            node.tasks
                .spawn("reserve", move |stop| watch_reserve(segments, stop));
        }
        Ok(node)
    }

    /// Logs which pins have missing blocks.
    fn check_for_incomplete_pins(&self) {
        let (store, rows) = (Arc::clone(&self.store), Arc::clone(&self.rows));
        let stop = self.tasks.stop_flag();
        self.tasks
            .spawn("incomplete pins", move |stopping| async move {
                let looked = tokio::task::spawn_blocking(move || {
                    cairn_dag::gc::incomplete(&*store, &*rows, &stop)
                });
                let looked = tokio::select! {
                    looked = looked => looked,
                    () = stopping.cancelled() => return,
                };
                match looked {
                    Ok(Ok(unseen)) if unseen.count > 0 => {
                        tracing::error!(
                            "pins are incomplete, and no garbage will be collected: {unseen}"
                        );
                    }
                    Ok(Err(error)) => tracing::warn!(%error, "cannot check the pins"),
                    _ => {}
                }
            });
    }

    /// Its repository.
    #[must_use]
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// Its configuration file.
    #[must_use]
    pub fn config_file(&self) -> &Arc<ConfigFile> {
        self.repo.config()
    }

    /// Its current configuration.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.repo.config().config()
    }

    /// Its key.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its keys: its own one and those of the keystore.
    #[must_use]
    pub fn keystore(&self) -> &Keystore {
        &self.keystore
    }

    /// The names that it publishes, and that it resolves with its own means: keys, routing, DNS.
    #[must_use]
    pub fn name_system(&self) -> &Arc<NameSystem> {
        &self.names
    }

    /// Its block store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn BlockStore> {
        &self.store
    }

    /// Its block store as a filestore; `None` if `Experimental.FilestoreEnabled` and `Experimental.UrlstoreEnabled`
    /// were both off when the node was opened.
    #[must_use]
    pub fn filestore(&self) -> Option<&Arc<Filestore>> {
        self.files.as_ref().filter(|files| files.is_enabled())
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> &Arc<dyn Rows> {
        &self.rows
    }

    /// Its pins.
    #[must_use]
    pub fn pins(&self) -> &Pinner {
        &self.pins
    }

    /// Its mutable file system.
    ///
    /// # Errors
    /// If it could not be opened; the rest of the node works without it.
    pub fn mfs(&self) -> Result<&Mfs, MfsError> {
        self.mfs.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn listener(&self) -> &WriteListener {
        self.peers.listener()
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Its tasks, which are stopped with it. More can be added.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Registers `roots`, which is called at each collection for roots to keep besides the pins.
    pub fn keep(&self, roots: Arc<ExtraRoots>) {
        self.roots.lock().push(roots);
    }

    /// All roots to keep besides the pins.
    #[must_use]
    pub fn extra_roots(&self) -> Arc<ExtraRoots> {
        let sources = Arc::clone(&self.roots);
        Arc::new(move || {
            let sources = sources.lock().clone();
            let mut roots: Vec<Root> = Vec::new();
            for source in sources {
                roots.extend(source()?);
            }
            Ok(roots)
        })
    }

    /// Starts a collection, which stops with the node.
    #[must_use]
    pub fn collect(&self) -> CollectionTask {
        let store = Arc::clone(&self.store);
        CollectionTask::start(
            store,
            Arc::clone(&self.rows),
            self.extra_roots(),
            self.tasks.stop_flag(),
        )
        .observed(self.observer())
    }

    /// Its metrics.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    fn observer(&self) -> impl FnOnce(Result<&Collected, &CollectError>) + Send + 'static {
        let metrics = Arc::clone(&self.metrics);
        move |outcome| metrics.collected(outcome)
    }

    /// Cancelled when the node stops.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }

    /// Stops the tasks and closes rows and store, within 4 s; then other processes can open the repository. A second
    /// call has no effect. What was answered before is durable even if this fails.
    ///
    /// # Errors
    /// The first failure; the remaining parts are closed anyway.
    pub async fn shutdown(&self) -> Result<(), NodeError> {
        let tasks = within("the tasks", TASKS_STOP, async {
            self.tasks.stop().await;
            Ok(())
        });
        let mfs = within("the mutable file system", FLUSH, async {
            match &self.mfs {
                Ok(mfs) if !mfs.is_flushed() => {
                    mfs.flush(&MfsPath::root())
                        .await
                        .map_err(NodeError::Flush)?;
                }
                _ => {}
            }
            Ok(())
        });
        let ((), tasks, mfs) = tokio::join!(self.go_offline(), tasks, mfs);
        // Pins refer to blocks, so they are closed first.
        let rows = within("the rows", PART_CLOSE, async {
            Ok(self.rows.close().await?)
        })
        .await;
        let store = within("the block store", PART_CLOSE, async {
            self.store.close().await.map_err(NodeError::Store)
        })
        .await;
        self.repo.close();
        tasks.and(mfs).and(rows).and(store)
    }
}

async fn within(
    part: &'static str,
    limit: Duration,
    closing: impl Future<Output = Result<(), NodeError>>,
) -> Result<(), NodeError> {
    match tokio::time::timeout(limit, closing).await {
        Ok(closed) => closed,
        Err(_) => Err(NodeError::Slow {
            part,
            seconds: limit.as_secs(),
        }),
    }
}
