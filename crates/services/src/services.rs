//! All services of one process.

use std::sync::Arc;
use std::time::Duration;

use cairn_node::Config;
use cairn_primitives::Cid;
use cairn_store::shared::{SharedError, SharedRows};
use tokio_util::sync::CancellationToken;

use crate::accounts::{AccountSettings, Accounts};
use crate::backend::Backend;
use crate::cluster::{Cluster, ClusterSettings, PeerLink};
use crate::context::Context;
use crate::locks::CidLock;
use crate::pin_queue::{PinQueue, PinQueueSettings};
use crate::releases;
use crate::supervise::Supervisor;
use crate::uploads::{UploadLimits, Uploads};

/// How long the tasks may take to end when they are stopped; then they are dropped.
const TASKS_STOP: Duration = Duration::from_millis(700);

/// The settings of all services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceSettings {
    /// Of accounts and tokens.
    pub accounts: AccountSettings,
    /// Of the queue of pin requests.
    pub pin_queue: PinQueueSettings,
    /// Of uploads.
    pub uploads: UploadLimits,
    /// Of the cluster.
    pub cluster: ClusterSettings,
}

impl ServiceSettings {
    /// Those that a configuration sets, and the default for others.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        Self {
            accounts: AccountSettings::from_config(&config.accounts),
            pin_queue: PinQueueSettings::from_config(&config.pin_queue),
            uploads: UploadLimits::from_config(&config.services),
            cluster: ClusterSettings::from_config(&config.cluster),
        }
    }
}

/// The services of one process.
#[derive(Debug)]
pub struct Services {
    context: Arc<Context>,
    accounts: Arc<Accounts>,
    pin_queue: Arc<PinQueue>,
    uploads: Arc<Uploads>,
    cluster: Arc<Cluster>,
}

impl Services {
    /// Services with these shared parts and settings, and this way to the other peers of the cluster.
    #[must_use]
    pub fn new(context: Context, settings: &ServiceSettings, link: Arc<dyn PeerLink>) -> Arc<Self> {
        let context = Arc::new(context);
        let rows = Arc::clone(context.rows());
        Arc::new(Self {
            accounts: Arc::new(Accounts::new(rows, &settings.accounts)),
            uploads: Arc::new(Uploads::new(Arc::clone(&context), settings.uploads)),
            cluster: Cluster::new(Arc::clone(&context), link, settings.cluster.clone()),
            pin_queue: Arc::new(PinQueue::new(
                Arc::clone(&context),
                settings.pin_queue.clone(),
            )),
            context,
        })
    }

    /// Accounts and their tokens.
    #[must_use]
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// Pin requests of the pinning service.
    #[must_use]
    pub fn pin_queue(&self) -> &Arc<PinQueue> {
        &self.pin_queue
    }

    /// Uploads.
    #[must_use]
    pub fn uploads(&self) -> &Arc<Uploads> {
        &self.uploads
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// What all of them share.
    #[must_use]
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The shared rows.
    #[must_use]
    pub fn rows(&self) -> &Arc<dyn SharedRows> {
        self.context.rows()
    }

    /// Where content is stored.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        self.context.backend()
    }

    /// See [`Context::lock`].
    pub async fn lock(&self, cid: &Cid) -> CidLock {
        self.context.lock(cid).await
    }

    /// Runs the tasks of all services until the token is cancelled. A task that panics is started again. What a task
    /// does when it is dropped midway is repaired at the next start.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut supervisor = Supervisor::new(stop);
        let queue = Arc::clone(&self.pin_queue);
        supervisor.spawn("pin queue", move |stop| Arc::clone(&queue).run(stop));
        supervisor.spawn("uploads", {
            let uploads = Arc::clone(&self.uploads);
            move |stop| {
                let uploads = Arc::clone(&uploads);
                async move { uploads.run(stop).await }
            }
        });
        supervisor.spawn("cluster", {
            let cluster = Arc::clone(&self.cluster);
            move |stop| Arc::clone(&cluster).run(stop)
        });
        let context = Arc::clone(&self.context);
        supervisor.spawn("releases", {
            let context = Arc::clone(&context);
            move |stop| releases::run(Arc::clone(&context), stop)
        });
        supervisor.spawn("reconciler", move |stop| {
            releases::reconcile(Arc::clone(&context), stop)
        });
        supervisor.finish(TASKS_STOP).await;
    }

    /// Closes the shared rows. Afterwards all services refuse.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(&self) -> Result<(), SharedError> {
        self.context.rows().close().await
    }
}
