//! A node: the parts of a repository, composed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cairn_dag::Pinner;
use cairn_dag::gc::{CollectError, ExtraRoots, Running};
use cairn_dag::import::ImportDefaults;
use cairn_dag::mfs::{Mfs, MfsError, MfsPath};
use cairn_primitives::unixfs::directory::SizeEstimation;
use cairn_store::block::{Collected, Filestore, Root};
use cairn_store::meta::{KeyFiles, RowError, Rows};
use cairn_store::{BlockError, BlockStore};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::config::sections::Import;
use crate::config::{Config, ConfigFile};
use crate::dns::SystemDns;
use crate::files;
use crate::identity::Identity;
use crate::init::SeedError;
use crate::keystore::Keystore;
use crate::metrics::Metrics;
use crate::names::NameSystem;
use crate::parts::{open_filestore, open_rows, open_store};
use crate::peers::Peers;
use crate::repo::{Access, Repo, RepoError};
use crate::tasks::{AutoCollect, Tasks};

/// How long tasks may take to stop.
const TASKS_STOP: Duration = Duration::from_secs(2);

/// How long the rows, and then the store, may take to close.
const PART_CLOSE: Duration = Duration::from_secs(1);

/// How long the last changes of the mutable file system may take to be flushed, while the tasks stop.
const FLUSH: Duration = TASKS_STOP;

/// Why a node cannot be opened or closed. [`NodeError::hint`] tells what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The repository cannot be used.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The rows cannot be used.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The block store cannot be used.
    #[error(transparent)]
    Store(BlockError),
    /// The block store cannot be opened.
    #[error("cannot open the block store in {}", path.display())]
    OpenStore {
        /// Its folder.
        path: PathBuf,
        /// Whether `repo repair` can do something about it.
        repairable: bool,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The last changes of the mutable file system could not be flushed.
    #[error("cannot flush the last changes of the mutable file system")]
    Flush(#[source] MfsError),
    /// A new repository could not be filled.
    #[error("cannot fill the new repository")]
    Seed(#[source] SeedError),
    /// A part did not close in time.
    #[error("{part} did not stop within {seconds} s")]
    Slow {
        /// Which: `the tasks`, `the mutable file system`, `the rows`, `the block store`.
        part: &'static str,
        /// How long was waited, in seconds.
        seconds: u64,
    },
}

impl NodeError {
    /// What to do about it, as a sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Repo(error) => error.hint(),
            Self::Rows(RowError::Newer { .. }) => {
                Some("Use the program that made it, or a newer one.".to_owned())
            }
            Self::Rows(
                RowError::Lost { .. }
                | RowError::Other { .. }
                | RowError::Damaged { .. }
                | RowError::Foreign { .. }
                | RowError::Open { .. }
                | RowError::Database { .. }
                | RowError::Journal { .. },
            ) => Some(
                "Put the right file back from a copy, or run `cairn repo repair`: it sets the file aside and brings the pins \
                 back from their journal."
                    .to_owned(),
            ),
            Self::OpenStore {
                repairable: true, ..
            } => Some(
                "Put what is missing back from a copy, or run `cairn repo repair`: it keeps every block that is there."
                    .to_owned(),
            ),
            Self::Rows(RowError::Older { .. }) => {
                Some("Open the repository once for writing, which brings it up to date.".to_owned())
            }
            Self::Store(BlockError::Full { .. }) => {
                Some("Free space on the disk, or unpin and run `cairn repo gc`.".to_owned())
            }
            _ => None,
        }
    }
}

/// How a node is opened.
#[derive(Clone, Debug, Default)]
pub struct NodeOptions {
    /// To change the repository, or to read it.
    pub access: Access,
    /// Whether it collects by itself when the store grows past `Datastore.StorageGCWatermark`; Kubo's `--enable-gc`.
    pub gc: bool,
}

/// Whoever keeps blocks besides the pins: asked at each collection for the roots of that moment.
type RootSource = Arc<ExtraRoots>;

/// One node. What it is made of is shared, and is closed by [`Node::shutdown`].
pub struct Node {
    identity: Identity,
    keystore: Keystore,
    names: Arc<NameSystem>,
    store: Arc<dyn BlockStore>,
    /// The store, when blocks may lie in files.
    files: Option<Arc<Filestore>>,
    rows: Arc<dyn Rows>,
    pins: Pinner,
    mfs: Result<Mfs, MfsError>,
    roots: Arc<Mutex<Vec<RootSource>>>,
    tasks: Tasks,
    metrics: Arc<Metrics>,
    peers: Peers,
    /// Last, so that a node that is dropped without a shutdown closes its parts before the lock goes.
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

    /// As [`Node::open`], with another store over the one of the repository: `wrap` is given that one.
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
        let store = wrap(store);
        let files = open_filestore(&store, &rows, repo.path(), &repo.config().config())?;
        let store = match &files {
            Some(files) => Arc::clone(files) as Arc<dyn BlockStore>,
            None => store,
        };
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
            peers: Peers::default(),
            repo,
        };
        node.keep(files::roots(&node.mfs, &*node.rows)?);
        if report.lost_blocks > 0 || report.reindexed.is_some() || !report.damaged.is_empty() {
            node.look_for_incomplete_pins();
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
        Ok(node)
    }

    /// Tells in the log which pins rely on blocks that are not there.
    fn look_for_incomplete_pins(&self) {
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
                            "pins are not whole, and nothing will be collected: {unseen}"
                        );
                    }
                    Ok(Err(error)) => tracing::warn!(%error, "the pins cannot be looked at"),
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

    /// Its configuration, as it is now.
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

    /// Its block store as one that can refer to files; `None` when `Experimental.FilestoreEnabled` and
    /// `Experimental.UrlstoreEnabled` were both off when the node was opened.
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
    /// Why it could not be opened; the rest of the node works without it.
    pub fn mfs(&self) -> Result<&Mfs, MfsError> {
        self.mfs.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Its tasks, and a place for more: they are stopped with it.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Keeps from now on what `roots` answers at each collection, besides what is pinned.
    pub fn keep(&self, roots: Arc<ExtraRoots>) {
        self.roots.lock().push(roots);
    }

    /// Everything that is to be kept besides what is pinned.
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
    pub fn collect(&self) -> Running {
        let store = Arc::clone(&self.store);
        Running::start(
            store,
            Arc::clone(&self.rows),
            self.extra_roots(),
            self.tasks.stop_flag(),
        )
        .observed(self.observer())
    }

    /// What it counts.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    fn observer(&self) -> impl FnOnce(Result<&Collected, &CollectError>) + Send + 'static {
        let metrics = Arc::clone(&self.metrics);
        move |outcome| metrics.collected(outcome)
    }

    /// Ends when the node is to stop.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }

    /// Stops the tasks and closes rows and store, within 4 s; then other processes may have the repository. A second call
    /// finds everything closed. What answered before is durable whether or not this succeeds.
    ///
    /// # Errors
    /// The first failure; the rest is closed all the same.
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
        let (tasks, mfs) = tokio::join!(tasks, mfs);
        // Pins name blocks: they are closed first.
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

impl From<&Import> for ImportDefaults {
    fn from(import: &Import) -> Self {
        Self {
            cid_version: import.cid_version,
            raw_leaves: import.unixfs_raw_leaves,
            chunker: import.unixfs_chunker.clone(),
            hash: import.hash_function.clone(),
            trickle: import
                .unixfs_dag_layout
                .as_deref()
                .map(|layout| layout == "trickle"),
            max_file_links: import.unixfs_file_max_links,
            max_directory_links: import.unixfs_directory_max_links,
            max_hamt_fanout: import.unixfs_hamt_directory_max_fanout,
            hamt_threshold: import
                .unixfs_hamt_directory_size_threshold
                .as_ref()
                .map(crate::config::Size::bytes),
            size_estimation: import
                .unixfs_hamt_directory_size_estimation
                .as_deref()
                .map(|how| match how {
                    "block" => SizeEstimation::Block,
                    "disabled" => SizeEstimation::Disabled,
                    _ => SizeEstimation::Links,
                }),
        }
    }
}
