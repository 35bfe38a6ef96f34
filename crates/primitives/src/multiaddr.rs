//! Multiaddrs: addresses as a row of protocols, as in `/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…`.
//!
//! Spec: <https://github.com/multiformats/multiaddr>

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::keys::PeerId;
use crate::multibase;
use crate::quote::Quoted;

/// Longest text that is read, in bytes.
pub const MAX_LENGTH: usize = 4096;

/// Why a text is not a multiaddr.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultiaddrError {
    /// It is longer than [`MAX_LENGTH`].
    #[error("a multiaddr of {0} bytes is longer than {MAX_LENGTH}")]
    TooLong(usize),
    /// It does not begin with a slash.
    #[error("multiaddr {} does not begin with a slash", Quoted(.address))]
    NoSlash {
        /// The text.
        address: String,
    },
    /// It names no protocol.
    #[error("multiaddr {} is empty", Quoted(.address))]
    Empty {
        /// The text.
        address: String,
    },
    /// It names a protocol that is not known.
    #[error("multiaddr {}: unknown protocol {}", Quoted(.address), Quoted(.protocol))]
    UnknownProtocol {
        /// The text.
        address: String,
        /// The protocol.
        protocol: String,
    },
    /// It ends before the value of its last protocol.
    #[error("multiaddr {} ends before the value of {protocol}", Quoted(.address))]
    Incomplete {
        /// The text.
        address: String,
        /// The protocol.
        protocol: &'static str,
    },
    /// The value of a protocol cannot be read.
    #[error("multiaddr {}: {} is not a value of {protocol}", Quoted(.address), Quoted(.value))]
    Value {
        /// The text.
        address: String,
        /// The protocol.
        protocol: &'static str,
        /// The value.
        value: String,
    },
}

/// What stands behind the name of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Nothing,
    Ip4,
    Ip6,
    Port,
    Prefix,
    Text,
    Peer,
    Multibase,
    Number,
    /// All that is left.
    Path,
}

/// The protocols, each with the name that it is written by.
/// <https://github.com/multiformats/multiaddr/blob/master/protocols.csv>
const PROTOCOLS: &[(&str, &str, Value)] = &[
    ("ip4", "ip4", Value::Ip4),
    ("tcp", "tcp", Value::Port),
    ("udp", "udp", Value::Port),
    ("dccp", "dccp", Value::Port),
    ("sctp", "sctp", Value::Port),
    ("ip6", "ip6", Value::Ip6),
    ("ip6zone", "ip6zone", Value::Text),
    ("ipcidr", "ipcidr", Value::Prefix),
    ("dns", "dns", Value::Text),
    ("dns4", "dns4", Value::Text),
    ("dns6", "dns6", Value::Text),
    ("dnsaddr", "dnsaddr", Value::Text),
    ("udt", "udt", Value::Nothing),
    ("utp", "utp", Value::Nothing),
    ("unix", "unix", Value::Path),
    ("p2p", "p2p", Value::Peer),
    // The older name.
    ("ipfs", "p2p", Value::Peer),
    ("onion", "onion", Value::Text),
    ("onion3", "onion3", Value::Text),
    ("garlic32", "garlic32", Value::Text),
    ("garlic64", "garlic64", Value::Text),
    ("tls", "tls", Value::Nothing),
    ("sni", "sni", Value::Text),
    ("noise", "noise", Value::Nothing),
    ("quic", "quic", Value::Nothing),
    ("quic-v1", "quic-v1", Value::Nothing),
    ("webtransport", "webtransport", Value::Nothing),
    ("certhash", "certhash", Value::Multibase),
    ("http", "http", Value::Nothing),
    ("http-path", "http-path", Value::Text),
    ("https", "https", Value::Nothing),
    ("ws", "ws", Value::Nothing),
    ("wss", "wss", Value::Nothing),
    ("webrtc", "webrtc", Value::Nothing),
    ("webrtc-direct", "webrtc-direct", Value::Nothing),
    ("p2p-circuit", "p2p-circuit", Value::Nothing),
    ("p2p-websocket-star", "p2p-websocket-star", Value::Nothing),
    ("p2p-stardust", "p2p-stardust", Value::Nothing),
    ("p2p-webrtc-star", "p2p-webrtc-star", Value::Nothing),
    ("p2p-webrtc-direct", "p2p-webrtc-direct", Value::Nothing),
    ("memory", "memory", Value::Number),
];

/// An address. Shown in its usual form: IP addresses without leading zeros, `p2p` for `ipfs`, no slash at the end.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Multiaddr {
    text: String,
    /// Where the last protocol begins in the text.
    last: usize,
}

impl Multiaddr {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The peer that the address ends in, and the address without it; `None` for the latter where there is nothing else.
    #[must_use]
    pub fn split_peer(&self) -> Option<(PeerId, Option<Self>)> {
        let (front, last) = self.text.split_at_checked(self.last)?;
        let peer = last.strip_prefix("/p2p/")?.parse().ok()?;
        let front = (!front.is_empty()).then(|| front.parse().ok()).flatten();
        Some((peer, front))
    }

    /// The address followed by a peer.
    #[must_use]
    pub fn with_peer(&self, peer: &PeerId) -> Self {
        Self {
            text: format!("{}/p2p/{peer}", self.text),
            last: self.text.len(),
        }
    }

    /// The name of the last protocol.
    #[must_use]
    pub fn last_protocol(&self) -> &str {
        let last = self.text.get(self.last..).unwrap_or_default();
        last.split('/').nth(1).unwrap_or_default()
    }

    /// The range of IP addresses that `/ip4/ADDRESS/ipcidr/LENGTH` stands for: an address and the length of its prefix in
    /// bits.
    #[must_use]
    pub fn ip_range(&self) -> Option<(std::net::IpAddr, u8)> {
        let parts: Vec<&str> = self.text.split('/').skip(1).collect();
        let [family @ ("ip4" | "ip6"), address, "ipcidr", length] = parts.as_slice() else {
            return None;
        };
        let most = if *family == "ip4" { 32 } else { 128 };
        let length = length.parse().ok().filter(|length| *length <= most)?;
        Some((address.parse().ok()?, length))
    }
}

impl FromStr for Multiaddr {
    type Err = MultiaddrError;

    fn from_str(given: &str) -> Result<Self, MultiaddrError> {
        if given.len() > MAX_LENGTH {
            return Err(MultiaddrError::TooLong(given.len()));
        }
        let trimmed = given.trim_end_matches('/');
        let address = || trimmed.to_owned();
        if trimmed.is_empty() {
            return Err(MultiaddrError::Empty { address: address() });
        }
        let mut rest = trimmed
            .strip_prefix('/')
            .ok_or_else(|| MultiaddrError::NoSlash { address: address() })?;
        let mut text = String::with_capacity(trimmed.len());
        loop {
            let (name, behind) = cut(rest);
            let Some((_, name, kind)) = PROTOCOLS.iter().find(|known| known.0 == name) else {
                return Err(MultiaddrError::UnknownProtocol {
                    address: address(),
                    protocol: name.to_owned(),
                });
            };
            let begins = text.len();
            text.push('/');
            text.push_str(name);
            let mut behind = behind;
            if *kind != Value::Nothing {
                let (value, left) = match (behind, kind) {
                    (None, _) => {
                        return Err(MultiaddrError::Incomplete {
                            address: address(),
                            protocol: name,
                        });
                    }
                    (Some(all), Value::Path) => (all, None),
                    (Some(behind), _) => cut(behind),
                };
                text.push('/');
                read(*kind, value)
                    .map(|value| text.push_str(&value))
                    .ok_or_else(|| MultiaddrError::Value {
                        address: address(),
                        protocol: name,
                        value: value.to_owned(),
                    })?;
                behind = left;
            }
            match behind {
                Some(more) => rest = more,
                None => return Ok(Self { text, last: begins }),
            }
        }
    }
}

/// Cuts at the first slash.
fn cut(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (text, None),
    }
}

/// A value in its usual form.
fn read(kind: Value, value: &str) -> Option<String> {
    match kind {
        Value::Nothing => None,
        Value::Ip4 => Some(value.parse::<Ipv4Addr>().ok()?.to_string()),
        Value::Ip6 => Some(value.parse::<Ipv6Addr>().ok()?.to_string()),
        Value::Port => Some(value.parse::<u16>().ok()?.to_string()),
        Value::Prefix => Some(value.parse::<u8>().ok()?.to_string()),
        Value::Number => Some(value.parse::<u64>().ok()?.to_string()),
        Value::Peer => Some(value.parse::<PeerId>().ok()?.to_string()),
        Value::Multibase => multibase::decode(value).ok().map(|_| value.to_owned()),
        Value::Text | Value::Path => (!value.is_empty()).then(|| value.to_owned()),
    }
}

impl fmt::Display for Multiaddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Multiaddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Multiaddr({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

    #[test]
    fn reads_addresses_in_their_usual_form() {
        for (given, shown) in [
            ("/ip4/192.0.2.1/tcp/4001", "/ip4/192.0.2.1/tcp/4001"),
            ("/ip4/192.0.2.1/tcp/04001//", "/ip4/192.0.2.1/tcp/4001"),
            (
                "/ip6/0:0::1/udp/1/quic-v1/webtransport",
                "/ip6/::1/udp/1/quic-v1/webtransport",
            ),
            ("/dnsaddr/node.example", "/dnsaddr/node.example"),
            ("/unix/run/a/b.sock", "/unix/run/a/b.sock"),
            ("/p2p-circuit", "/p2p-circuit"),
        ] {
            assert_eq!(given.parse::<Multiaddr>().unwrap().as_str(), shown);
        }
        let old: Multiaddr = format!("/ipfs/{PEER}").parse().unwrap();
        assert_eq!(old.as_str(), format!("/p2p/{PEER}"));
    }

    #[test]
    fn splits_off_the_peer_at_the_end() {
        let peer: PeerId = PEER.parse().unwrap();
        let address: Multiaddr = format!("/ip4/192.0.2.1/tcp/4001/p2p/{PEER}")
            .parse()
            .unwrap();
        let (found, front) = address.split_peer().unwrap();
        let front = front.unwrap();
        assert_eq!(
            (found, front.as_str()),
            (peer.clone(), "/ip4/192.0.2.1/tcp/4001")
        );
        assert_eq!(front.with_peer(&peer), address);
        assert_eq!(front.split_peer(), None);
        assert_eq!(
            (front.last_protocol(), address.last_protocol()),
            ("tcp", "p2p")
        );
        let alone: Multiaddr = format!("/p2p/{PEER}").parse().unwrap();
        assert_eq!(alone.split_peer(), Some((peer, None)));
        let relayed: Multiaddr = format!("/ip4/192.0.2.1/tcp/1/p2p/{PEER}/p2p-circuit")
            .parse()
            .unwrap();
        assert_eq!(relayed.split_peer(), None);
    }

    #[test]
    fn reads_ranges() {
        let range = |text: &str| text.parse::<Multiaddr>().unwrap().ip_range();
        let ip = "192.168.0.0".parse().unwrap();
        assert_eq!(range("/ip4/192.168.0.0/ipcidr/16"), Some((ip, 16)));
        assert_eq!(range("/ip4/192.168.0.0/ipcidr/33"), None);
        assert_eq!(range("/ip4/192.168.0.0"), None);
    }

    #[test]
    fn refuses_the_rest() {
        for (given, said) in [
            ("", "multiaddr \"\" is empty"),
            ("//", "multiaddr \"\" is empty"),
            ("zz", "multiaddr \"zz\" does not begin with a slash"),
            ("/zz", "multiaddr \"/zz\": unknown protocol \"zz\""),
            ("/ip4", "multiaddr \"/ip4\" ends before the value of ip4"),
            (
                "/ip4/1.2.3.400",
                "multiaddr \"/ip4/1.2.3.400\": \"1.2.3.400\" is not a value of ip4",
            ),
            (
                "/ip4/1.2.3.4//tcp/1",
                "multiaddr \"/ip4/1.2.3.4//tcp/1\": unknown protocol \"\"",
            ),
            (
                "/ip4/1.2.3.4/tcp/70000",
                "multiaddr \"/ip4/1.2.3.4/tcp/70000\": \"70000\" is not a value of tcp",
            ),
        ] {
            let refused = given.parse::<Multiaddr>().unwrap_err();
            assert_eq!(refused.to_string(), said);
        }
        let long = format!("/dns/{}", "a".repeat(MAX_LENGTH));
        assert!(matches!(
            long.parse::<Multiaddr>(),
            Err(MultiaddrError::TooLong(_))
        ));
    }
}
