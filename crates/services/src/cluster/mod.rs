//! The cluster: several processes on one database that share a pinset.
//!
//! Every process is a peer, and takes part by its lease (`lease`). Any of them accepts pins (`pinset`) and chooses who should have
//! the content (`allocate`); each pins what is assigned to it (`work`), from another peer that has it or from the network,
//! and puts right what peers that are gone have left (`reconcile`). The database is the only truth: a peer that cannot reach
//! it serves reads, refuses changes, and neither unpins nor moves anything.

mod add;
mod allocate;
mod auth;
mod error;
mod export;
mod health;
mod info;
mod lease;
mod link;
mod pinset;
mod recent;
mod reconcile;
mod settings;
mod shard;
mod status;
mod work;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cairn_primitives::Cid;
use cairn_store::shared::{ClusterPin, Lease};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

pub use self::add::{AddOptions, AddUpload, AddedEntry, AddedEvent};
pub use self::auth::{AuthRefusal, ClusterCaller, Credential, set_user};
pub use self::error::ClusterError;
pub use self::health::{Alert, Graph, HealthMetric};
pub use self::info::PeerInfo;
pub use self::link::{LinkError, PeerLink};
pub use self::pinset::{ExpiryOption, PinOptions};
use self::recent::Recent;
pub use self::settings::ClusterSettings;
pub use self::status::{PeerStatus, Scope, Status, StatusSet};
use crate::Context;
use crate::backend::BackendError;
use crate::backend::import::Import;

/// A pin with what each peer has of it.
#[derive(Clone, Debug)]
pub struct PinStatus {
    /// The CID.
    pub cid: Cid,
    /// The pin; absent if the CID is not in the pinset.
    pub pin: Option<ClusterPin>,
    /// The status by peer.
    pub peers: Vec<PeerStatus>,
}

/// The cluster as one of its peers sees it.
pub struct Cluster {
    context: Arc<Context>,
    link: Arc<dyn PeerLink>,
    settings: ClusterSettings,
    /// What this process says about itself.
    info: RwLock<PeerInfo>,
    /// The lease, while this peer takes part.
    lease: Mutex<Option<Lease>>,
    /// Wakes the worker when there may be work.
    work: Notify,
    /// The secret that the peers share, once it was read.
    secret: OnceCell<Vec<u8>>,
    /// Logins that were verified.
    logins: auth::Logins,
    /// Whether there was ever a user while this process ran.
    had_users: AtomicBool,
    alerts: health::Alerts,
    /// Imports that are still to be pinned.
    kept: add::Kept,
    /// The peers that take pins, and this one.
    takers: Recent<Arc<[String]>>,
}

// Written by hand: the secret does not belong in logs.
impl std::fmt::Debug for Cluster {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Cluster")
            .field("context", &self.context)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// The cluster of these rows and this backend.
    #[must_use]
    pub fn new(
        context: Arc<Context>,
        link: Arc<dyn PeerLink>,
        settings: ClusterSettings,
    ) -> Arc<Self> {
        let info = PeerInfo::new(&settings, context.peer());
        Arc::new(Self {
            context,
            link,
            settings,
            info: RwLock::new(info),
            lease: Mutex::new(None),
            work: Notify::new(),
            secret: OnceCell::new(),
            logins: auth::Logins::default(),
            had_users: AtomicBool::new(false),
            alerts: health::Alerts::default(),
            kept: add::Kept::default(),
            takers: Recent::default(),
        })
    }

    /// How content is added here.
    fn importer(&self) -> Result<&dyn Import, BackendError> {
        self.context.backend().importer().ok_or_else(|| {
            BackendError::Invalid("the backend of this peer takes no content".to_owned())
        })
    }

    /// The ID of this peer.
    #[must_use]
    pub fn peer(&self) -> &str {
        self.context.peer()
    }

    /// Tells the other peers under which addresses (multiaddrs of HTTP servers) this peer's face is reached.
    pub fn announce(&self, api: Vec<String>) {
        self.info.write().api = api;
    }

    /// Keeps the lease, pins what is assigned to this peer, and repairs the pinset, until the token is cancelled.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let worker = Arc::clone(&self).work(stop.clone());
        let reconciler = self.reconcile(stop.clone());
        tokio::join!(self.keep_lease(stop.clone()), worker, reconciler);
    }
}
