//! `stats/dht`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// A routing table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DhtTable {
    /// `wan` or `lan`.
    pub name: String,
    /// Its buckets, by the length of the prefix that the peers share with this node.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub buckets: Vec<DhtBucket>,
}

/// Peers whose IDs share a prefix of one length with this node's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DhtBucket {
    /// When it was last refreshed, as RFC 3339; empty for never.
    pub last_refresh: String,
    /// The peers. None are `null` in JSON.
    #[serde(
        default,
        serialize_with = "crate::json::empty_as_null",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub peers: Vec<DhtPeer>,
}

/// A peer of a routing table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DhtPeer {
    /// The peer ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// Whether a connection is open.
    pub connected: bool,
    /// The program.
    pub agent_version: String,
    /// When it was last of use, as RFC 3339; empty for never.
    pub last_useful_at: String,
    /// When it last answered, as RFC 3339; empty for never.
    pub last_queried_at: String,
}

impl DhtTable {
    fn lines(&self, out: &mut String) {
        let count: usize = self.buckets.iter().map(|bucket| bucket.peers.len()).sum();
        let _ = writeln!(out, "DHT {} ({count} peers):", self.name);
        let or_never = |time: &str| if time.is_empty() { "never" } else { time }.to_owned();
        for (at, bucket) in self.buckets.iter().enumerate() {
            let refreshed = or_never(&bucket.last_refresh);
            let _ = writeln!(
                out,
                "  Bucket {at:2} ({} peers) - refreshed {refreshed}:",
                bucket.peers.len()
            );
            let mut rows = vec![
                ["    Peer", "last useful", "last queried", "Agent Version"].map(str::to_owned),
            ];
            rows.extend(bucket.peers.iter().map(|peer| {
                let mut agent = String::new();
                escaped(&peer.agent_version, &mut agent);
                let state = if peer.connected { "@" } else { " " };
                [
                    format!("  {state} {}", peer.id),
                    or_never(&peer.last_useful_at),
                    or_never(&peer.last_queried_at),
                    agent,
                ]
            }));
            crate::text::columns(&rows, out);
        }
    }
}

command! {
    /// Show the routing tables of the DHT.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-stats-dht>
    pub struct StatsDht: "stats/dht" {
        arguments {
            /// Routing tables: `wan`, `lan`, `wanserver` or `lanserver`; `wan` and `lan` when none is given.
            tables: Vec<String> = optional "dht",
        }
        options {}
        body: NoBody,
        reply: Many<DhtTable>,
        safe: true,
        needs: Repository,
        text: |_, table, out| table.lines(out),
    }
}
