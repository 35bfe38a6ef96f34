//! `swarm/peers`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// Connected peers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SwarmPeerList {
    /// The peers. None are `null` in JSON.
    #[serde(
        default,
        serialize_with = "crate::json::empty_as_null",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub peers: Vec<SwarmPeer>,
    /// Their addresses with their IDs: what old programs read. Present with `API.Compat = "0.7"` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strings: Option<Vec<String>>,
}

/// A connected peer. Details that were not requested are absent from JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SwarmPeer {
    /// The multiaddr of the connection.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub addr: String,
    /// The peer ID.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// Round-trip time with its unit; `n/a` where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub latency: String,
    /// The stream multiplexer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub muxer: String,
    /// 1 for a connection that the peer opened, 2 for one that this node opened.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub direction: u8,
    /// Open streams.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<SwarmStream>,
    /// The identity that the peer reports; empty unless requested.
    #[serde(default)]
    pub identify: SwarmIdentity,
}

/// An open stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SwarmStream {
    /// Its protocol.
    pub protocol: String,
}

/// The identity that a peer reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SwarmIdentity {
    /// The peer ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// The public key: base64 of libp2p's protobuf.
    pub public_key: String,
    /// Its addresses; `null` when there are none.
    pub addresses: Option<Vec<String>>,
    /// The program.
    pub agent_version: String,
    /// The protocols that it speaks; `null` when there are none.
    pub protocols: Option<Vec<String>>,
}

command! {
    /// List connected peers.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-peers>
    pub struct SwarmPeers: "swarm/peers" {
        arguments {}
        options {
            /// Include all details.
            verbose: bool = "verbose" | "v", false;
            /// Include open streams.
            streams: bool = "streams", false;
            /// Include round-trip times.
            latency: bool = "latency", false;
            /// Include which side opened the connection.
            direction: bool = "direction", false;
            /// Include what peers say of themselves.
            identify: bool = "identify", false;
        }
        body: NoBody,
        reply: One<SwarmPeerList>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, list, out| list.peers.iter().for_each(|peer| peer.lines(out)),
    }
}

impl SwarmPeer {
    fn lines(&self, out: &mut String) {
        escaped(&self.addr, out);
        let _ = write!(out, "/p2p/{}", self.peer);
        if !self.latency.is_empty() {
            let _ = write!(out, " {}", self.latency);
        }
        match self.direction {
            1 => out.push_str(" inbound"),
            2 => out.push_str(" outbound"),
            _ => {}
        }
        out.push('\n');
        for stream in &self.streams {
            out.push_str("  ");
            if stream.protocol.is_empty() {
                out.push_str("<no protocol name>");
            }
            escaped(&stream.protocol, out);
            out.push('\n');
        }
    }
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}
