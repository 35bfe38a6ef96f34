//! The identity of peers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A peer of the cluster.
///
/// Of a peer that cannot be reached, only `id` and `error` are filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Id {
    /// The peer ID.
    pub id: String,
    /// The multiaddrs of the peer, with its peer ID.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub addresses: Vec<String>,
    /// The peer IDs of all peers, this one included.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub cluster_peers: Vec<String>,
    /// The multiaddrs of the other peers.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub cluster_peers_addresses: Vec<String>,
    /// The version of the program.
    pub version: String,
    /// The commit that it was built from, or empty.
    pub commit: String,
    /// The protocol of the reference's peers, `/ipfscluster/1.0/rpc`.
    pub rpc_protocol_version: String,
    /// Why the peer could not be reached, or empty.
    pub error: String,
    /// The IPFS node of the peer.
    pub ipfs: IpfsId,
    /// The name of the peer.
    pub peername: String,
}

/// An IPFS node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IpfsId {
    /// The peer ID. Absent if empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its multiaddrs, with its peer ID.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub addresses: Vec<String>,
    /// Why it could not be reached, or empty.
    pub error: String,
}

/// The version of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// The version.
    pub version: String,
}
