//! The REST API of IPFS Cluster, on the cluster service. [`cairn_wire::cluster`] declares it.
//!
//! The responses are those of IPFS Cluster 1.1.6, less its errors: a request with an invalid option does nothing after its
//! 400, `mode=direct` pins directly, unknown values of `mode`, `filter` and `user-allocations` are refused.

mod add;
mod auth;
mod convert;
mod envelope;
mod error;
mod handlers;
mod peers;

use std::sync::Arc;

use cairn_services::cluster::{Cluster, ClusterCaller};
use cairn_wire::cluster as wire;
use cairn_wire::rest::{Denial, Fault};
use http::HeaderMap;

use crate::Service;
use crate::mount_endpoints;
use crate::rest::{self, Attempt};

/// What the handlers share.
#[derive(Clone, Debug)]
struct Face {
    cluster: Arc<Cluster>,
}

impl rest::Service for Face {
    type Api = wire::Cluster;
    type Caller = ClusterCaller;

    /// The caller was authenticated before the request came to its endpoint; see [`auth`].
    async fn authenticate(
        &self,
        attempt: Attempt<'_>,
        _: &mut HeaderMap,
    ) -> Result<ClusterCaller, Fault> {
        let caller = attempt.extensions.get::<ClusterCaller>();
        match (caller.cloned(), attempt.access) {
            (Some(caller), _) => Ok(caller),
            (None, cairn_wire::rest::Access::Open) => Ok(ClusterCaller::Anybody),
            (None, _) => Err(Fault::from(Denial::Missing)),
        }
    }
}

/// The face of a cluster.
#[must_use]
pub fn service(cluster: Arc<Cluster>) -> Service {
    let face = Face {
        cluster: Arc::clone(&cluster),
    };
    let router = Service::from(cairn_wire::cluster_endpoints!(mount_endpoints).into_router(face));
    let others = Service::from(peers::router(Arc::clone(&cluster)));
    Service::new(move |request| {
        envelope::answer(
            Arc::clone(&cluster),
            router.clone(),
            others.clone(),
            request,
        )
    })
}
