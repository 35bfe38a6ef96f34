//! Records of HTTP routers: peers, and how they provide content.
//!
//! Spec: <https://specs.ipfs.tech/routing/http-routing-v1/#known-schemas>

use serde::Deserialize;
use serde_json::Value;

use crate::keys::PeerId;
use crate::multiaddr::Multiaddr;

/// Addresses that are read of a record; further ones are ignored.
const ADDRESSES: usize = 32;
/// Protocols that are read of a record; further ones are ignored.
const PROTOCOLS: usize = 16;
/// Longest line of a streamed response, in bytes.
pub const MAX_LINE: usize = 64 << 10;

/// A peer that an HTTP router knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRecord {
    /// The peer.
    pub peer: PeerId,
    /// Its addresses; invalid ones, and those of unknown protocols, are left out.
    pub addresses: Vec<Multiaddr>,
    /// How it transfers content, as `transport-bitswap`; empty if that is unknown.
    pub protocols: Vec<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "Schema", default)]
    schema: String,
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Addrs", default)]
    addresses: Option<Vec<String>>,
    #[serde(rename = "Protocols", default)]
    protocols: Option<Vec<String>>,
    /// Of the older schema `bitswap`.
    #[serde(rename = "Protocol", default)]
    protocol: Option<String>,
}

impl PeerRecord {
    /// Reads one record in JSON; `None` if it is invalid or of an unknown schema.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_LINE {
            return None;
        }
        Self::from_raw(serde_json::from_slice(bytes).ok()?)
    }

    /// Reads a response that is not streamed: the records of `Providers` or `Peers`. Records that are invalid or of an unknown
    /// schema are left out; `None` if the response itself is invalid.
    #[must_use]
    pub fn all_from_json(bytes: &[u8]) -> Option<Vec<Self>> {
        #[derive(Deserialize)]
        struct Response {
            #[serde(rename = "Providers", default)]
            providers: Option<Vec<Value>>,
            #[serde(rename = "Peers", default)]
            peers: Option<Vec<Value>>,
        }
        let response: Response = serde_json::from_slice(bytes).ok()?;
        let records = response.providers.into_iter().chain(response.peers);
        let records = records.flatten().filter_map(|record| {
            let raw = serde_json::from_value(record).ok()?;
            Self::from_raw(raw)
        });
        Some(records.collect())
    }

    fn from_raw(raw: Raw) -> Option<Self> {
        if !matches!(&*raw.schema, "peer" | "bitswap" | "") {
            return None;
        }
        let peer = raw.id.parse().ok()?;
        let addresses = raw.addresses.unwrap_or_default().into_iter();
        let addresses = addresses.take(ADDRESSES).filter_map(|text| {
            let address: Multiaddr = text.parse().ok()?;
            match address.split_peer() {
                Some((of, front)) if of == peer => front,
                Some(_) => None,
                None => Some(address),
            }
        });
        let protocols = raw.protocols.unwrap_or_default().into_iter();
        let protocols = protocols.chain(raw.protocol).take(PROTOCOLS);
        Some(Self {
            addresses: addresses.collect(),
            protocols: protocols.collect(),
            peer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

    #[test]
    fn records_are_read_and_others_left_out() {
        let text = format!(
            r#"{{"Providers": [
                {{"Schema": "peer", "ID": "{PEER}", "Addrs": ["/ip4/192.0.2.1/tcp/1", "nonsense",
                  "/ip4/192.0.2.2/tcp/1/p2p/{PEER}"], "Protocols": ["transport-bitswap"], "Extra": 1}},
                {{"Schema": "bitswap", "Protocol": "transport-bitswap", "ID": "{PEER}"}},
                {{"Schema": "peer", "ID": "{PEER}", "Addrs": null, "Protocols": null}},
                {{"Schema": "other", "ID": "{PEER}"}}, {{"ID": 1}}, 7, null
            ]}}"#
        );
        let found = PeerRecord::all_from_json(text.as_bytes()).unwrap();
        let addresses: Vec<_> = found[0].addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1"]);
        assert_eq!(found[0].protocols, found[1].protocols);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|record| record.peer.to_string() == PEER));
        for empty in [&b"{}"[..], br#"{"Providers": null}"#, br#"{"Peers": []}"#] {
            assert_eq!(PeerRecord::all_from_json(empty), Some(Vec::new()));
        }
        for wrong in [&b""[..], b"7", b"x", br#"{"Providers": 1}"#] {
            assert_eq!(PeerRecord::all_from_json(wrong), None);
        }
        assert_eq!(PeerRecord::from_json(&vec![b' '; MAX_LINE + 1]), None);
    }

    #[test]
    fn lists_are_bounded() {
        let addresses = vec!["/ip4/192.0.2.1/tcp/1"; 500];
        let protocols = vec!["x"; 500];
        let text = serde_json::json!({ "ID": PEER, "Addrs": addresses, "Protocols": protocols });
        let record = PeerRecord::from_json(text.to_string().as_bytes()).unwrap();
        assert_eq!(record.addresses.len(), ADDRESSES);
        assert_eq!(record.protocols.len(), PROTOCOLS);
    }
}
