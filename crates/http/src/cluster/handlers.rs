//! The endpoints, but for `/add`.

use std::collections::BTreeMap;

use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, PeerId};
use cairn_services::cluster::{PinOptions, Scope};
use cairn_wire::cluster as wire;
use futures_util::StreamExt as _;
use wire::allocations::{GetAllocation, GetAllocations};
use wire::health::{GetAlerts, GetBandwidth, GetGraph, GetHealth};
use wire::monitor::{GetMetricNames, GetMetrics};
use wire::peers::{AddPeer, GetPeers, RemovePeer};
use wire::pins::{
    AddPin, AddPinPath, GetStatus, GetStatuses, Recover, RecoverAll, RemovePin, RemovePinPath,
};
use wire::{CidText, CollectGarbage, GenerateToken, GetId, GetVersion};

use super::Face;
use super::convert::{echo, id, kinds, nanos, options, pin, status, statuses, time};
use super::error::{Refusal, of, refusal};
use crate::rest::{Answer, Handler, Input};

/// How many of the CIDs of a request are looked up at once.
const LOOKUPS: usize = 16;

fn scope(local: bool) -> Scope {
    if local { Scope::Local } else { Scope::All }
}

fn peer_id(text: &str) -> Result<String, String> {
    text.parse::<PeerId>()
        .map(|peer| peer.to_string())
        .map_err(|error| format!("error decoding Peer ID: failed to parse peer ID: {error}"))
}

impl Face {
    /// Pins, and answers as the reference does: after an update with the pin of the pinset, else with the request.
    async fn pin(&self, cid: &Cid, wanted: PinOptions) -> Result<wire::Pin, Refusal> {
        let asked = wanted.peers.clone();
        let updates = wanted.update_of.as_ref().is_some_and(|old| old != cid);
        let pinned = self.cluster.pin(cid, wanted).await;
        let pinned = pinned.map_err(|error| of(&error))?;
        Ok(if updates {
            pin(pinned)
        } else {
            echo(pinned, asked)
        })
    }

    async fn resolve(&self, namespace: wire::pins::Namespace, path: &str) -> Result<Cid, Refusal> {
        let path = format!("/{namespace}/{path}");
        let path = ContentPath::new(&path)
            .map_err(|error| refusal(400, format!("error parsing path: {error}")))?;
        self.cluster
            .resolve(&path)
            .await
            .map_err(|error| of(&error))
    }
}

impl Handler<Face> for GetHealth {
    async fn handle(self, _: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        Ok(())
    }
}

impl Handler<Face> for GetVersion {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let version = call.service.cluster.own_info().version;
        Ok(wire::Version { version })
    }
}

impl Handler<Face> for GetId {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let cluster = &call.service.cluster;
        let peers = cluster.peers().await.map_err(|error| of(&error))?;
        let all: Vec<String> = peers.into_iter().map(|(peer, _)| peer.id).collect();
        Ok(id(cluster.own_info(), None, &all))
    }
}

impl Handler<Face> for GenerateToken {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let token = call.service.cluster.token(&call.caller).await;
        match token {
            Ok(token) => Ok(wire::Token { token }),
            Err(error) => {
                let (status, body) = super::error::of_auth(&error);
                Err(crate::rest::ErrorResponse { status, body })
            }
        }
    }
}

impl Handler<Face> for GetPeers {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let peers = call.service.cluster.peers().await;
        let peers = peers.map_err(|error| of(&error))?;
        let all: Vec<String> = peers.iter().map(|(peer, _)| peer.id.clone()).collect();
        let ids = peers
            .into_iter()
            .map(move |(peer, error)| Ok(id(peer, error, &all)));
        Ok(futures_util::stream::iter(ids).boxed())
    }
}

impl Handler<Face> for AddPeer {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let cluster = &call.service.cluster;
        let wanted =
            peer_id(&call.body.peer_id).map_err(|_| refusal(400, "error decoding peer_id"))?;
        let peer = cluster
            .add_peer(&wanted)
            .await
            .map_err(|error| of(&error))?;
        let peers = cluster.peers().await.map_err(|error| of(&error))?;
        let all: Vec<String> = peers.into_iter().map(|(peer, _)| peer.id).collect();
        Ok(id(peer, None, &all))
    }
}

impl Handler<Face> for RemovePeer {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let peer = peer_id(&self.peer).map_err(|text| refusal(400, text))?;
        let removed = call.service.cluster.remove_peer(&peer).await;
        removed.map_err(|error| of(&error))
    }
}

impl Handler<Face> for GetAllocations {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let pins = call.service.cluster.allocations(kinds(&self.filter));
        Ok(pins
            .map(|found| found.map(pin).map_err(|error| of(&error)))
            .boxed())
    }
}

impl Handler<Face> for GetAllocation {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let found = call.service.cluster.allocation(&self.cid).await;
        found.map(pin).map_err(|error| of(&error))
    }
}

impl Handler<Face> for AddPin {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        call.service
            .pin(&self.cid, options(self.pin_options())?)
            .await
    }
}

impl Handler<Face> for AddPinPath {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        // Nothing is asked of the network for options that are refused.
        let wanted = options(self.pin_options())?;
        let cid = call.service.resolve(self.namespace, &self.path).await?;
        call.service.pin(&cid, wanted).await
    }
}

impl Handler<Face> for RemovePin {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let removed = call.service.cluster.unpin(&self.cid).await;
        removed.map(pin).map_err(|error| of(&error))
    }
}

impl Handler<Face> for RemovePinPath {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let cid = call.service.resolve(self.namespace, &self.path).await?;
        let removed = call.service.cluster.unpin(&cid).await;
        removed.map(pin).map_err(|error| of(&error))
    }
}

impl Handler<Face> for GetStatus {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let found = call
            .service
            .cluster
            .status(&self.cid, scope(self.local))
            .await;
        let found = found.map_err(|error| of(&error))?;
        let mut shown = status(found.clone());
        if self.local && found.pin.is_none() {
            // So the reference tells a status that no other peer was asked for.
            shown.created = wire::Time::NONE;
        }
        Ok(shown)
    }
}

impl Handler<Face> for GetStatuses {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let cluster = call.service.cluster;
        let scope = scope(self.local);
        let found = if self.cids.is_empty() {
            cluster.statuses(statuses(&self.filter), scope)
        } else {
            let cids = self.cids.into_iter().map(|CidText(cid)| cid);
            cluster.statuses_of(cids.collect(), scope, LOOKUPS)
        };
        Ok(found
            .map(|found| found.map(status).map_err(|error| of(&error)))
            .boxed())
    }
}

impl Handler<Face> for Recover {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let found = call
            .service
            .cluster
            .recover(&self.cid, scope(self.local))
            .await;
        found.map(status).map_err(|error| of(&error))
    }
}

impl Handler<Face> for RecoverAll {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let all = call.service.cluster.recover_all(scope(self.local));
        Ok(all
            .map(|found| found.map(status).map_err(|error| of(&error)))
            .boxed())
    }
}

impl Handler<Face> for GetMetricNames {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let names = call.service.cluster.metric_names().await;
        names.map_err(|error| of(&error))
    }
}

fn metric(from: cairn_services::cluster::HealthMetric, valid: bool) -> wire::Metric {
    wire::Metric {
        name: from.name,
        peer: from.peer,
        value: from.value,
        expire: nanos(from.expires),
        valid,
        weight: from.weight,
        partitionable: from.partitionable,
        received_at: nanos(from.received),
    }
}

impl Handler<Face> for GetMetrics {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let found = call.service.cluster.metrics(&self.name).await;
        let found = found.map_err(|error| of(&error))?;
        Ok(found.into_iter().map(|from| metric(from, true)).collect())
    }
}

impl Handler<Face> for GetAlerts {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let alerts = call.service.cluster.alerts().into_iter();
        let alert = |alert: cairn_services::cluster::Alert| wire::Alert {
            triggered_at: time(alert.noticed),
            metric: metric(alert.metric, false),
        };
        Ok(alerts.map(alert).collect())
    }
}

impl Handler<Face> for GetGraph {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let cluster = &call.service.cluster;
        let graph = cluster.graph().await.map_err(|error| of(&error))?;
        let ids = || graph.names.keys().cloned();
        Ok(wire::ConnectGraph {
            cluster_id: cluster.peer().to_owned(),
            // A peer is its own IPFS node.
            ipfs_links: graph.links.clone(),
            cluster_links: graph.links.clone(),
            cluster_trust_links: ids().map(|peer| (peer, true)).collect(),
            cluster_to_ipfs: ids().map(|peer| (peer.clone(), peer)).collect(),
            id_to_peername: graph.names,
        })
    }
}

impl Handler<Face> for GetBandwidth {
    async fn handle(self, _: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        // Peers talk through the database, whose traffic is not measured.
        Ok(BTreeMap::new())
    }
}

impl Handler<Face> for CollectGarbage {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, Refusal> {
        let collected = call.service.cluster.collect(scope(self.local)).await;
        let collected = collected.map_err(|error| of(&error))?;
        let peer_map = collected.into_iter().map(|(peer, removed)| {
            let (keys, error) = match removed {
                Ok(removed) => (removed, String::new()),
                Err(error) => (Vec::new(), error),
            };
            let keys = keys.into_iter().map(|key| wire::RemovedKey {
                key: Some(CidText(key)),
                error: String::new(),
            });
            let result = wire::RepoGc {
                peer: peer.id.clone(),
                peername: peer.name,
                keys: keys.collect(),
                error,
            };
            (peer.id, result)
        });
        Ok(wire::GlobalRepoGc {
            peer_map: peer_map.collect(),
        })
    }
}
