//! Multiaddrs: addresses as a sequence of protocols, as in `/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…`.
//!
//! The `multiaddr` crate knows the protocols. [`Multiaddr`] adds errors that name the faulty part, peer IDs written as
//! CIDs, and paths of `/unix` with more than one part, as in go-multiaddr. [`HttpAddr`] is the address of an HTTP server.
//!
//! Spec: <https://github.com/multiformats/multiaddr>

mod http;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use multiaddr::{Error, Protocol};

pub use self::http::{Host, HttpAddr, HttpAddrError};
use crate::keys::PeerId;
use crate::quote::Quoted;

/// Maximum length of a text, in bytes.
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
    /// It names an unknown protocol.
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
        protocol: String,
    },
    /// The value of a protocol is invalid.
    #[error("multiaddr {}: {} is not a value of {protocol}", Quoted(.address), Quoted(.value))]
    Value {
        /// The text.
        address: String,
        /// The protocol.
        protocol: String,
        /// The value.
        value: String,
    },
}

/// An address. Displayed in its usual form: IP addresses without leading zeros, `p2p` for `ipfs`, no slash at the end.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Multiaddr(multiaddr::Multiaddr);

impl Multiaddr {
    /// The peer at the end of the address, and the address without it, which is `None` if nothing else is left.
    #[must_use]
    pub fn split_peer(&self) -> Option<(PeerId, Option<Self>)> {
        let mut front = self.0.clone();
        let Protocol::P2p(peer) = front.pop()? else {
            return None;
        };
        Some((peer.into(), (!front.is_empty()).then_some(Self(front))))
    }

    /// The text of the address followed by a peer.
    #[must_use]
    pub fn text_with_peer(&self, peer: &PeerId) -> String {
        format!("{}/p2p/{peer}", self.0)
    }

    /// Whether a protocol of this name is in it.
    #[must_use]
    pub fn has_protocol(&self, name: &str) -> bool {
        self.0.protocol_stack().any(|protocol| protocol == name)
    }

    /// The name of the last protocol.
    #[must_use]
    pub fn last_protocol(&self) -> &'static str {
        self.0.protocol_stack().last().unwrap_or_default()
    }

    /// The range of IP addresses of `/ip4/ADDRESS/ipcidr/LENGTH`: an address and the length of its prefix in bits.
    #[must_use]
    pub fn ip_range(&self) -> Option<(IpAddr, u8)> {
        let mut parts = self.0.iter();
        let (ip, most) = match parts.next()? {
            Protocol::Ip4(ip) => (IpAddr::from(ip), 32),
            Protocol::Ip6(ip) => (IpAddr::from(ip), 128),
            _ => return None,
        };
        match (parts.next()?, parts.next()) {
            (Protocol::Ipcidr(length), None) if length <= most => Some((ip, length)),
            _ => None,
        }
    }
}

impl FromStr for Multiaddr {
    type Err = MultiaddrError;

    fn from_str(text: &str) -> Result<Self, MultiaddrError> {
        if text.len() > MAX_LENGTH {
            return Err(MultiaddrError::TooLong(text.len()));
        }
        let trimmed = text.trim_end_matches('/');
        let address = || trimmed.to_owned();
        if trimmed.is_empty() {
            return Err(MultiaddrError::Empty { address: address() });
        }
        let parts = trimmed
            .strip_prefix('/')
            .ok_or_else(|| MultiaddrError::NoSlash { address: address() })?;
        let parts: Vec<&str> = parts.split('/').collect();
        let mut rest = parts.as_slice();
        let mut parsed = multiaddr::Multiaddr::empty();
        while let [name, ..] = rest {
            let value = rest.get(1).map(|value| (*value).to_owned());
            let (protocol, left) = protocol(rest).map_err(|unknown| match (unknown, value) {
                (Some(protocol), _) => MultiaddrError::UnknownProtocol {
                    address: address(),
                    protocol,
                },
                (None, None) => MultiaddrError::Incomplete {
                    address: address(),
                    protocol: (*name).to_owned(),
                },
                (None, Some(value)) => MultiaddrError::Value {
                    address: address(),
                    protocol: (*name).to_owned(),
                    value,
                },
            })?;
            parsed.push(protocol);
            rest = left;
        }
        Ok(Self(parsed))
    }
}

/// Parses a protocol and its value; returns what follows. The error is the name of the protocol if it is unknown.
fn protocol<'a, 'b>(parts: &'b [&'a str]) -> Result<(Protocol<'a>, &'b [&'a str]), Option<String>> {
    match parts {
        ["unix", path @ ..] if !path.concat().is_empty() => {
            Ok((Protocol::Unix(Cow::Owned(path.join("/"))), &[]))
        }
        ["p2p" | "ipfs", peer, left @ ..] => {
            let peer = peer.parse::<PeerId>().map_err(|_| None)?;
            Ok((Protocol::P2p(peer.into()), left))
        }
        _ => {
            let mut left = parts.iter();
            let protocol = Protocol::from_str_parts(left.by_ref().copied());
            let protocol = protocol.map_err(|error| match error {
                Error::UnknownProtocolString(name) => Some(name),
                _ => None,
            })?;
            let left = left.as_slice();
            let has_value = parts.len() - left.len() > 1;
            if has_value && parts.get(1).is_some_and(|value| value.is_empty()) {
                return Err(None);
            }
            Ok((protocol, left))
        }
    }
}

impl From<Multiaddr> for multiaddr::Multiaddr {
    fn from(address: Multiaddr) -> Self {
        address.0
    }
}

impl From<&Multiaddr> for multiaddr::Multiaddr {
    fn from(address: &Multiaddr) -> Self {
        address.0.clone()
    }
}

impl TryFrom<multiaddr::Multiaddr> for Multiaddr {
    type Error = MultiaddrError;

    /// Checks an address that was decoded from bytes, which may be empty, or have names that no text can have.
    fn try_from(address: multiaddr::Multiaddr) -> Result<Self, MultiaddrError> {
        if address.len() > MAX_LENGTH {
            return Err(MultiaddrError::TooLong(address.len()));
        }
        if address.is_empty() {
            return Err(MultiaddrError::Empty {
                address: String::new(),
            });
        }
        for part in &address {
            let name = match &part {
                Protocol::Dns(name)
                | Protocol::Dns4(name)
                | Protocol::Dns6(name)
                | Protocol::Dnsaddr(name)
                | Protocol::Ip6zone(name)
                | Protocol::Sni(name) => name,
                // The only other one with a text that is not encoded. Its slashes are part of it.
                Protocol::Unix(path) if path.chars().any(char::is_control) => path,
                _ => continue,
            };
            let is_unix = matches!(part, Protocol::Unix(_));
            if is_unix || name.is_empty() || name.contains(|it: char| it == '/' || it.is_control())
            {
                return Err(MultiaddrError::Value {
                    address: address.to_string(),
                    protocol: part.tag().to_owned(),
                    value: name.to_string(),
                });
            }
        }
        Ok(Self(address))
    }
}

impl fmt::Display for Multiaddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Multiaddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Multiaddr({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

    #[test]
    fn addresses_of_the_library_are_checked() {
        let decoded = |parts: &[Protocol<'static>]| {
            let address: multiaddr::Multiaddr = parts.iter().cloned().collect();
            Multiaddr::try_from(address)
        };
        let host = |name: &str| Protocol::Dns4(name.to_owned().into());
        let valid = decoded(&[host("example.net"), Protocol::Tcp(1)]).unwrap();
        assert_eq!(valid, "/dns4/example.net/tcp/1".parse().unwrap());
        let back = multiaddr::Multiaddr::from(&valid);
        assert_eq!(back, multiaddr::Multiaddr::from(valid));
        assert!(decoded(&[]).is_err());
        for name in ["", "a/p2p", "a\nb", "\u{1b}[1m"] {
            assert!(decoded(&[host(name)]).is_err(), "{name:?}");
        }
        assert!(decoded(&[Protocol::Unix("a\nb".into())]).is_err());
        assert!(decoded(&[host(&"a".repeat(MAX_LENGTH))]).is_err());
    }

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
            assert_eq!(given.parse::<Multiaddr>().unwrap().to_string(), shown);
        }
        let old: Multiaddr = format!("/ipfs/{PEER}").parse().unwrap();
        assert_eq!(old.to_string(), format!("/p2p/{PEER}"));
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
            (found, front.to_string()),
            (peer.clone(), "/ip4/192.0.2.1/tcp/4001".to_owned())
        );
        assert_eq!(front.text_with_peer(&peer), address.to_string());
        assert_eq!(front.split_peer(), None);
        assert!(front.has_protocol("ip4") && !front.has_protocol("p2p"));
        assert_eq!(
            (front.last_protocol(), address.last_protocol()),
            ("tcp", "p2p")
        );
        let alone: Multiaddr = format!("/p2p/{PEER}").parse().unwrap();
        assert_eq!(alone.split_peer(), Some((peer.clone(), None)));
        let cid: Multiaddr = format!("/p2p/{}", peer.to_base36()).parse().unwrap();
        assert_eq!(cid, alone);
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

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(
            parts in proptest::collection::vec(
                prop_oneof![
                    "(ip4|ip6|dns|tcp|tls|ws|unix|onion|onion3|p2p|certhash|garlic32|garlic64|ipcidr|memory|http-path|sni)",
                    "[0-9.:%a-z]{0,12}",
                    any::<String>(),
                ],
                0..8,
            ),
        ) {
            let text = parts.iter().map(|part| format!("/{part}")).collect::<String>();
            if let Ok(address) = text.parse::<Multiaddr>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address.clone()));
                let _ = (address.split_peer(), address.ip_range(), address.last_protocol());
            }
        }
    }
}
