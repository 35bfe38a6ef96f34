//! The calls of the API, but for uploads.

use std::collections::BTreeMap;

use cairn_primitives::{Cid, PeerId};
use cairn_wire::cluster::allocations::{GetAllocation, GetAllocations};
use cairn_wire::cluster::health::{GetAlerts, GetBandwidth, GetGraph, GetHealth};
use cairn_wire::cluster::monitor::{GetMetricNames, GetMetrics};
use cairn_wire::cluster::peers::{AddPeer, GetPeers, PeerToAdd, RemovePeer};
use cairn_wire::cluster::pins::{
    AddPin, AddPinPath, GetStatus, GetStatuses, Namespace, Recover, RecoverAll, RemovePin,
    RemovePinPath,
};
use cairn_wire::cluster::{
    Alert, Bandwidth, CidText, CollectGarbage, ConnectGraph, GenerateToken, GetId, GetVersion,
    GlobalPinInfo, GlobalRepoGc, Id, Metric, Pin, PinOptions, PinTypeFilter, StatusFilter, Token,
    Version,
};

use super::Cluster;
use super::error::ClusterError;
use super::records::Records;
use crate::rest::Rest;

/// The peers that an operation concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peers {
    /// All of the cluster.
    #[default]
    All,
    /// Only the answering peer.
    Local,
}

/// Which pins to list with their status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusQuery {
    /// The peers whose status is told.
    pub peers: Peers,
    /// Only pins with one of these statuses on a peer; all without any.
    pub filter: Vec<StatusFilter>,
    /// Only these CIDs, whatever their status.
    pub cids: Vec<Cid>,
}

impl StatusQuery {
    /// All pins on all peers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only the status on the answering peer.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.peers = Peers::Local;
        self
    }

    /// Only pins with one of these statuses on a peer.
    #[must_use]
    pub fn filter(mut self, filter: impl IntoIterator<Item = StatusFilter>) -> Self {
        self.filter.extend(filter);
        self
    }

    /// Only these CIDs, whatever their status.
    #[must_use]
    pub fn cids(mut self, cids: impl IntoIterator<Item = Cid>) -> Self {
        self.cids.extend(cids);
        self
    }
}

fn text(cid: &Cid) -> CidText {
    CidText(cid.clone())
}

impl Cluster {
    /// The identity of a peer.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`], as all calls.
    pub async fn id(&self) -> Result<Id, ClusterError> {
        self.endpoints.call(&GetId {}).await
    }

    /// The version of a peer.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn version(&self) -> Result<Version, ClusterError> {
        self.endpoints.call(&GetVersion {}).await
    }

    /// Checks that a peer answers. It needs no credentials.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn health(&self) -> Result<(), ClusterError> {
        self.endpoints.call(&GetHealth {}).await
    }

    /// The peers.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn peers(&self) -> Result<Records<Id>, ClusterError> {
        let records = self.endpoints.call(&GetPeers {}).await?;
        Ok(Records::new(records))
    }

    /// Adds a peer.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`]. Peers of IPFS Cluster refuse it in their default mode, CRDT.
    pub async fn add_peer(&self, peer: &PeerId) -> Result<Id, ClusterError> {
        let body = PeerToAdd {
            peer_id: peer.to_string(),
        };
        let body = &body;
        let send = |rest: Rest<_>| async move { rest.send(&AddPeer {}, body).await };
        self.endpoints.attempt(false, send).await
    }

    /// Removes a peer, whose pins are allocated to others.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`]. Peers of IPFS Cluster refuse it in their default mode, CRDT.
    pub async fn remove_peer(&self, peer: &PeerId) -> Result<(), ClusterError> {
        let peer = peer.to_string();
        self.endpoints.call(&RemovePeer { peer }).await
    }

    /// Pins a CID, or changes the options of its pin. It answers before the content is pinned; see [`Self::wait`].
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn pin(&self, cid: &Cid, options: &PinOptions) -> Result<Pin, ClusterError> {
        let endpoint = AddPin::new(text(cid)).with_pin_options(options.clone());
        self.endpoints.call(&endpoint).await
    }

    /// Pins what a path such as `/ipfs/CID/a/b` resolves to: [`Namespace::Ipfs`] and `CID/a/b`.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn pin_path(
        &self,
        namespace: Namespace,
        path: &str,
        options: &PinOptions,
    ) -> Result<Pin, ClusterError> {
        let endpoint = AddPinPath::new(namespace, path);
        let endpoint = endpoint.with_pin_options(options.clone());
        self.endpoints.call(&endpoint).await
    }

    /// Unpins a CID. It answers before the content is unpinned.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`]; [`ClusterError::is_not_found`] if it is not in the pinset.
    pub async fn unpin(&self, cid: &Cid) -> Result<Pin, ClusterError> {
        self.endpoints.call(&RemovePin { cid: text(cid) }).await
    }

    /// Unpins what a path resolves to; see [`Self::pin_path`].
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`]; [`ClusterError::is_not_found`] if it is not in the pinset.
    pub async fn unpin_path(&self, namespace: Namespace, path: &str) -> Result<Pin, ClusterError> {
        let path = path.to_owned();
        self.endpoints
            .call(&RemovePinPath { namespace, path })
            .await
    }

    /// The pins of the pinset of these types; all without any.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn allocations(
        &self,
        filter: &[PinTypeFilter],
    ) -> Result<Records<Pin>, ClusterError> {
        let filter = filter.to_vec();
        let records = self.endpoints.call(&GetAllocations { filter }).await?;
        Ok(Records::new(records))
    }

    /// A pin of the pinset.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`]; [`ClusterError::is_not_found`] if it is not in the pinset.
    pub async fn allocation(&self, cid: &Cid) -> Result<Pin, ClusterError> {
        self.endpoints.call(&GetAllocation { cid: text(cid) }).await
    }

    /// The status of a CID. One that is not in the pinset is unpinned on every peer.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn status(&self, cid: &Cid, peers: Peers) -> Result<GlobalPinInfo, ClusterError> {
        let cid = text(cid);
        let local = peers == Peers::Local;
        self.endpoints.call(&GetStatus { cid, local }).await
    }

    /// The status of pins.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn statuses(
        &self,
        query: &StatusQuery,
    ) -> Result<Records<GlobalPinInfo>, ClusterError> {
        let endpoint = GetStatuses {
            local: query.peers == Peers::Local,
            filter: query.filter.clone(),
            cids: query.cids.iter().map(text).collect(),
        };
        let records = self.endpoints.call(&endpoint).await?;
        Ok(Records::new(records))
    }

    /// Pins a CID again where that failed.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn recover(&self, cid: &Cid, peers: Peers) -> Result<GlobalPinInfo, ClusterError> {
        let cid = text(cid);
        let local = peers == Peers::Local;
        self.endpoints.call(&Recover { cid, local }).await
    }

    /// Pins everything again whose pinning failed, and returns those pins.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn recover_all(&self, peers: Peers) -> Result<Records<GlobalPinInfo>, ClusterError> {
        let local = peers == Peers::Local;
        let records = self.endpoints.call(&RecoverAll { local }).await?;
        Ok(Records::new(records))
    }

    /// The names of the metrics.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn metric_names(&self) -> Result<Vec<String>, ClusterError> {
        self.endpoints.call(&GetMetricNames {}).await
    }

    /// A metric of the peers, such as `freespace`.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn metrics(&self, name: &str) -> Result<Vec<Metric>, ClusterError> {
        let name = name.to_owned();
        self.endpoints.call(&GetMetrics { name }).await
    }

    /// The newest alerts: metrics of peers that have expired.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn alerts(&self) -> Result<Vec<Alert>, ClusterError> {
        self.endpoints.call(&GetAlerts {}).await
    }

    /// Who is connected to whom.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn graph(&self) -> Result<ConnectGraph, ClusterError> {
        self.endpoints.call(&GetGraph {}).await
    }

    /// The traffic of a peer by protocol; empty if it is not measured.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn bandwidth(&self) -> Result<BTreeMap<String, Bandwidth>, ClusterError> {
        self.endpoints.call(&GetBandwidth {}).await
    }

    /// Collects garbage on the IPFS nodes of the peers.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn collect_garbage(&self, peers: Peers) -> Result<GlobalRepoGc, ClusterError> {
        let local = peers == Peers::Local;
        self.endpoints.call(&CollectGarbage { local }).await
    }

    /// A JWT of the user of this client, for [`Builder::bearer`](super::Builder::bearer). It is valid until the user's password changes.
    ///
    /// # Errors
    ///
    /// Any [`ClusterError`].
    pub async fn token(&self) -> Result<Token, ClusterError> {
        self.endpoints.call(&GenerateToken {}).await
    }
}
