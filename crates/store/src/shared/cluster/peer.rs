//! Peers, their leases and metrics.

use std::time::Duration;

use crate::shared::{Millis, SharedError};

/// The right of one process to work for a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The peer.
    pub peer: String,
    /// Grows with every process.
    pub epoch: i64,
}

/// What became of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The lease is valid until then.
    Until(Millis),
    /// The peer was removed, or another process works for it.
    Lost,
}

/// Whether a peer takes work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// It does.
    Active,
    /// Its pins are being moved to others.
    Draining,
}

impl PeerState {
    pub(in crate::shared) fn of(number: i64) -> Result<Self, SharedError> {
        match number {
            0 => Ok(Self::Active),
            1 => Ok(Self::Draining),
            _ => Err(SharedError::Damaged {
                what: "the state of a peer is unknown",
            }),
        }
    }
}

/// A peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterPeer {
    /// The ID of its node.
    pub id: String,
    /// What the process says about itself, as JSON.
    pub info: String,
    /// Whether it takes work.
    pub state: PeerState,
    /// Until when its lease is valid.
    pub lease: Millis,
    /// When it joined first.
    pub joined: Millis,
}

/// All peers, at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// The database's clock.
    pub now: Millis,
    /// Until when no lease counts as run out.
    pub grace: Millis,
    /// By their IDs.
    pub peers: Vec<ClusterPeer>,
}

/// A metric of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMetric {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What allocations compare.
    pub weight: i64,
    /// Whether peers with the same value are one group, over which pins are spread.
    pub partitionable: bool,
    /// How long it is valid.
    pub term: Duration,
}

/// A metric that a peer reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterMetric {
    /// The peer.
    pub peer: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What allocations compare.
    pub weight: i64,
    /// Whether peers with the same value are one group, over which pins are spread.
    pub partitionable: bool,
    /// When it was reported.
    pub received: Millis,
    /// Until when it is valid.
    pub expires: Millis,
}
