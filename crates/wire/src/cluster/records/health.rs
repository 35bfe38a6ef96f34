//! Metrics and the health of the cluster.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Time;

/// A metric of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// What it measures: `freespace`, `ping`, `pinqueue`, `tag:NAME`.
    pub name: String,
    /// The peer ID.
    pub peer: String,
    /// Its value as text; of `ping` a JSON object with `peer_name` and `ipfs_id`.
    pub value: String,
    /// When it expires, in nanoseconds since 1970.
    pub expire: i64,
    /// Whether the value could be determined.
    pub valid: bool,
    /// Its weight for allocations: more is preferred. The reference sends the free space in bytes, minus the length of the
    /// pin queue, and 0 for others.
    pub weight: i64,
    /// Whether peers are grouped by its value, so that allocations spread over groups.
    pub partitionable: bool,
    /// When the answering peer received it, in nanoseconds since 1970.
    pub received_at: i64,
}

/// An alert: a metric of a peer that has expired.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The metric. Its fields are those of the alert.
    #[serde(flatten)]
    pub metric: Metric,
    /// When it was noticed.
    pub triggered_at: Time,
}

/// Traffic of one protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bandwidth {
    /// Bytes received.
    pub total_in: i64,
    /// Bytes sent.
    pub total_out: i64,
    /// Bytes received per second.
    pub rate_in: f64,
    /// Bytes sent per second.
    pub rate_out: f64,
}

/// Who is connected to whom. Peers of the cluster and their IPFS nodes are peer IDs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectGraph {
    /// The answering peer.
    pub cluster_id: String,
    /// The names of the peers.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub id_to_peername: BTreeMap<String, String>,
    /// The peers of each IPFS node, among those of the cluster. A node without any has `[]`.
    #[serde(deserialize_with = "links")]
    pub ipfs_links: BTreeMap<String, Vec<String>>,
    /// The peers that each peer is connected to, without itself. A peer without any has `[]`.
    #[serde(deserialize_with = "links")]
    pub cluster_links: BTreeMap<String, Vec<String>>,
    /// Whether the answering peer trusts each peer.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub cluster_trust_links: BTreeMap<String, bool>,
    /// The IPFS node of each peer.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub cluster_to_ipfs: BTreeMap<String, String>,
}

/// Reads lists of links, each of which may be `null`, as may be the map.
fn links<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let map: Option<BTreeMap<String, Option<Vec<String>>>> = Option::deserialize(from)?;
    let pairs = map.unwrap_or_default().into_iter();
    Ok(pairs
        .map(|(peer, links)| (peer, links.unwrap_or_default()))
        .collect())
}
