//! What a peer says about itself.

use serde::{Deserialize, Serialize};

use super::{Cluster, ClusterError, ClusterSettings};

/// What a peer says about itself, which is stored as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PeerInfo {
    /// The ID of its node.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The multiaddrs of its node, with its ID.
    pub addresses: Vec<String>,
    /// The multiaddrs of its face.
    pub api: Vec<String>,
}

impl PeerInfo {
    pub(super) fn new(settings: &ClusterSettings, peer: &str) -> Self {
        Self {
            id: peer.to_owned(),
            name: settings.name.clone(),
            version: settings.version.clone(),
            ..Self::default()
        }
    }

    pub(super) fn parse(id: &str, json: &str) -> Self {
        let info: Self = serde_json::from_str(json).unwrap_or_default();
        Self {
            id: id.to_owned(),
            ..info
        }
    }
}

/// A peer as the others see it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) info: PeerInfo,
    /// Whether its lease is valid.
    pub(super) alive: bool,
    /// Whether its lease may be valid again soon: the database was away, and nobody could renew one.
    pub(super) awaited: bool,
    /// Whether it takes pins.
    pub(super) active: bool,
}

impl Cluster {
    /// What this peer says about itself.
    #[must_use]
    pub fn own_info(&self) -> PeerInfo {
        self.info.read().clone()
    }

    /// All peers, by their IDs; this one also where it has not joined yet.
    pub(super) async fn seen(&self) -> Result<Vec<Seen>, ClusterError> {
        let found = self.context.rows().cluster_peers().await?;
        let mut seen: Vec<Seen> = found
            .peers
            .into_iter()
            .map(|peer| Seen {
                info: PeerInfo::parse(&peer.id, &peer.info),
                alive: peer.lease > found.now,
                awaited: found.grace >= found.now,
                active: peer.state == cairn_store::shared::PeerState::Active,
            })
            .collect();
        match seen.iter_mut().find(|peer| peer.info.id == self.peer()) {
            Some(own) => own.info = self.own_info(),
            None => seen.push(Seen {
                info: self.own_info(),
                alive: true,
                awaited: false,
                active: false,
            }),
        }
        Ok(seen)
    }

    /// All peers, and why each cannot be reached, if so.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn peers(&self) -> Result<Vec<(PeerInfo, Option<&'static str>)>, ClusterError> {
        let seen = self.seen().await?.into_iter();
        let gone = |alive: bool| (!alive).then_some("the lease of the peer has run out");
        Ok(seen.map(|peer| (peer.info, gone(peer.alive))).collect())
    }

    /// Takes all pins from a peer, and removes it when others have them.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchPeer`], [`ClusterError::LastPeer`], or when the rows fail.
    pub async fn remove_peer(&self, peer: &str) -> Result<(), ClusterError> {
        let seen = self.seen().await?;
        let is_there = seen.iter().any(|seen| seen.info.id == peer);
        let takes = |seen: &Seen| seen.active && (seen.alive || seen.awaited);
        if is_there && !seen.iter().any(|seen| seen.info.id != peer && takes(seen)) {
            return Err(ClusterError::LastPeer(peer.to_owned()));
        }
        if self.context.rows().drain_peer(peer).await? {
            self.work.notify_one();
            return Ok(());
        }
        Err(ClusterError::NoSuchPeer(peer.to_owned()))
    }

    /// A peer that is there.
    ///
    /// # Errors
    /// [`ClusterError::PeersJoin`]: peers join by themselves.
    pub async fn add_peer(&self, peer: &str) -> Result<PeerInfo, ClusterError> {
        let seen = self.seen().await?;
        seen.into_iter()
            .find(|seen| seen.info.id == peer)
            .map(|seen| seen.info)
            .ok_or_else(|| ClusterError::PeersJoin(peer.to_owned()))
    }
}
