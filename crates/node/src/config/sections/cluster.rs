//! The cluster.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::none;

/// Settings of this node as a peer of a cluster. Only in Cairn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Cluster {
    /// The name of this peer.
    #[serde(skip_serializing_if = "none")]
    pub peer_name: Option<String>,
    /// Multiaddrs under which the other peers reach this peer's face, such as `/ip4/10.0.0.1/tcp/9094`; those of
    /// `Addresses.Cluster` when absent.
    #[serde(skip_serializing_if = "none")]
    pub announce: Option<Vec<String>>,
    /// The least replicas of a pin that names none; -1 (the default) is every peer.
    #[serde(skip_serializing_if = "none")]
    pub replication_factor_min: Option<i64>,
    /// The most replicas of a pin that names none; -1 (the default) is every peer.
    #[serde(skip_serializing_if = "none")]
    pub replication_factor_max: Option<i64>,
    /// Tags of this peer, such as its region: pins are spread over peers with different values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How many pins are worked on at once (default: 64).
    #[serde(skip_serializing_if = "none")]
    pub concurrent_pins: Option<u64>,
    /// How long a pin waits for its next block before it fails for now, in seconds (default: 120).
    #[serde(skip_serializing_if = "none")]
    pub pin_timeout: Option<u64>,
    /// How often the lease is renewed, in seconds (default: 5). A lease lasts three times as long.
    #[serde(skip_serializing_if = "none")]
    pub heartbeat: Option<u64>,
    /// How long after the end of its lease a peer is replaced, in seconds (default: 60).
    #[serde(skip_serializing_if = "none")]
    pub replace_after: Option<u64>,
}

impl Section for Cluster {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}
