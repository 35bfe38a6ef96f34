//! `stats/dht`.

use std::fmt::Write as _;

use cairn_primitives::duration;
use jiff::Timestamp;
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

/// Width of columns and the space between them, as Kubo has them.
const MIN_WIDTH: usize = 4;
const PADDING: usize = 2;

impl DhtTable {
    /// Writes the table as Kubo does, with times relative to `now`.
    fn lines(&self, now: Timestamp, out: &mut String) {
        let count: usize = self.buckets.iter().map(|bucket| bucket.peers.len()).sum();
        let heading = |text: String| [text, String::new(), String::new(), String::new()];
        let mut rows = vec![heading(format!("DHT {} ({count} peers):", self.name))];
        for (at, bucket) in self.buckets.iter().enumerate() {
            rows.push(heading(format!(
                "  Bucket {at:2} ({} peers) - refreshed {}:",
                bucket.peers.len(),
                since(&bucket.last_refresh, now)
            )));
            rows.push(
                ["    Peer", "last useful", "last queried", "Agent Version"].map(str::to_owned),
            );
            rows.extend(bucket.peers.iter().map(|peer| {
                let mut agent = String::new();
                escaped(&peer.agent_version, &mut agent);
                let state = if peer.connected { "@" } else { " " };
                [
                    format!("  {state} {}", peer.id),
                    since(&peer.last_useful_at, now),
                    since(&peer.last_queried_at, now),
                    agent,
                ]
            }));
            rows.push(heading(String::new()));
        }
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell.chars().count()).max();
            (widest.unwrap_or_default() + PADDING).max(MIN_WIDTH)
        };
        let [peer, useful, queried] = [width(0), width(1), width(2)];
        for [first, second, third, last] in &rows {
            let _ = writeln!(out, "{first:peer$}{second:useful$}{third:queried$}{last}");
        }
    }
}

/// How long ago a time was, in whole seconds as Go writes them; `never` for none.
fn since(time: &str, now: Timestamp) -> String {
    let Ok(time) = time.parse::<Timestamp>() else {
        return "never".to_owned();
    };
    let past = now.duration_since(time);
    let sign = if past.is_negative() { "-" } else { "" };
    let seconds = (past.as_millis().unsigned_abs() + 500) / 1000;
    let nanos = u64::try_from(seconds * 1_000_000_000).unwrap_or(u64::MAX);
    format!("{sign}{} ago", duration::format(nanos))
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
        text: |_, table, out| table.lines(Timestamp::now(), out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_written_as_kubo_writes_them() {
        let peer = |connected, useful: &str| DhtPeer {
            id: "12D3KooWPeer".to_owned(),
            connected,
            agent_version: "kubo/0.42.0".to_owned(),
            last_useful_at: useful.to_owned(),
            last_queried_at: "2026-01-01T00:00:00Z".to_owned(),
        };
        let table = DhtTable {
            name: "wan".to_owned(),
            buckets: vec![
                DhtBucket {
                    last_refresh: String::new(),
                    peers: Vec::new(),
                },
                DhtBucket {
                    last_refresh: "2025-12-31T23:00:00Z".to_owned(),
                    peers: vec![peer(true, "2026-01-01T00:02:00+00:00"), peer(false, "")],
                },
            ],
        };
        let now = "2026-01-01T00:02:03.6Z".parse().unwrap();
        let mut text = String::new();
        table.lines(now, &mut text);
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "DHT wan (2 peers):",
                "  Bucket  0 (0 peers) - refreshed never:",
                "    Peer                                       last useful  last queried  Agent Version",
                "",
                "  Bucket  1 (2 peers) - refreshed 1h2m4s ago:",
                "    Peer                                       last useful  last queried  Agent Version",
                "  @ 12D3KooWPeer                               4s ago       2m4s ago      kubo/0.42.0",
                "    12D3KooWPeer                               never        2m4s ago      kubo/0.42.0",
                "",
            ]
        );
        // Cells are padded up to the last column.
        assert!(text.lines().all(|line| line.len() >= 45 + 13 + 14));
    }
}
