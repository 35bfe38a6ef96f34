//! The peers of a cluster, and which of them is asked.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn_wire::cluster::health::GetHealth;
use cairn_wire::cluster::{self as wire, Failure};
use cairn_wire::rest::Endpoint;
use cairn_wire::shape::NoBody;
use http::StatusCode;

use super::error::{Attempt, ClusterError};
use crate::error::TransportError;
use crate::rest::{CallError, Received, Rest, ValueOf};

/// One peer.
pub(super) struct Peer {
    pub(super) address: String,
    pub(super) rest: Rest<wire::Cluster>,
}

/// The peers.
pub(super) struct Endpoints {
    peers: Vec<Peer>,
    /// The place of the peer that answered last.
    current: AtomicUsize,
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let addresses = self.peers.iter().map(|peer| &peer.address);
        out.debug_list().entries(addresses).finish()
    }
}

/// Whether an error leaves the request undone, so that another peer may be asked.
fn may_go_on(error: &ClusterError, safe: bool) -> bool {
    match error {
        ClusterError::Connection(
            TransportError::Connect { .. }
            | TransportError::ConnectTimeout { .. }
            | TransportError::Certificate { .. },
        ) => true,
        ClusterError::Connection(TransportError::Broken(_)) | ClusterError::Timeout { .. } => safe,
        ClusterError::Refused { status, .. } => {
            *status == StatusCode::SERVICE_UNAVAILABLE
                || safe
                    && matches!(
                        *status,
                        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
                    )
        }
        _ => false,
    }
}

impl Endpoints {
    /// These peers.
    pub(super) fn new(peers: Vec<Peer>) -> Self {
        Self {
            peers,
            current: AtomicUsize::new(0),
        }
    }

    /// Calls an endpoint of the first peer that can be used.
    pub(super) async fn call<E>(&self, endpoint: &E) -> Result<ValueOf<E>, ClusterError>
    where
        E: Endpoint<Api = wire::Cluster, Body = NoBody, Reply: Received>,
    {
        let send = |rest: Rest<wire::Cluster>| async move { rest.call(endpoint).await };
        self.attempt(E::SPEC.safe, send).await
    }

    /// Sends a request to the first peer that can be used.
    pub(super) async fn attempt<T, F>(
        &self,
        safe: bool,
        send: impl Fn(Rest<wire::Cluster>) -> F,
    ) -> Result<T, ClusterError>
    where
        F: Future<Output = Result<T, CallError<Failure>>>,
    {
        let first = self.current.load(Ordering::Relaxed);
        let count = self.peers.len();
        let order = (0..count).filter_map(|offset| {
            let place = (first + offset) % count;
            Some((place, self.peers.get(place)?))
        });
        let mut attempts = Vec::new();
        for (place, peer) in order {
            match send(peer.rest.clone()).await.map_err(ClusterError::from) {
                Ok(value) => {
                    self.current.store(place, Ordering::Relaxed);
                    return Ok(value);
                }
                Err(error) if count > 1 && may_go_on(&error, safe) => attempts.push(Attempt {
                    address: peer.address.clone(),
                    error,
                }),
                Err(error) => return Err(error),
            }
        }
        Err(ClusterError::Unreachable { attempts })
    }

    /// A peer for an upload, which cannot be repeated: with several, the first one that is healthy.
    pub(super) async fn for_upload(&self) -> Result<&Rest<wire::Cluster>, ClusterError> {
        if self.peers.len() > 1 {
            self.call(&GetHealth {}).await?;
        }
        let place = self.current.load(Ordering::Relaxed);
        let peer = self.peers.get(place).or(self.peers.first());
        peer.map(|peer| &peer.rest)
            .ok_or(ClusterError::Unreachable {
                attempts: Vec::new(),
            })
    }
}
