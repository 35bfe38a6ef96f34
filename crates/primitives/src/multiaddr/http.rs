//! Addresses of HTTP servers as multiaddrs.
//!
//! The `multiaddr` crate parses the protocols of an address. For `/unix` it takes one component as the path; go-multiaddr
//! takes all components that follow, and so does [`HttpAddr`]. Spec: <https://github.com/multiformats/multiaddr>.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use multiaddr::{Multiaddr, Protocol};

/// The address of an HTTP server: `/ip4/127.0.0.1/tcp/5001`, `/dns/host/tcp/443/tls/http`, `/unix/run/cairn.sock`.
///
/// `/http` at the end is optional; `/https` and `/tls/http` mean TLS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HttpAddr {
    /// A TCP port on a host.
    Tcp {
        /// The host.
        host: Host,
        /// The port; 0 lets the system choose one.
        port: u16,
        /// Whether TLS is used.
        tls: bool,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// Its address.
    Ip(IpAddr),
    /// Its name in DNS: ASCII letters, digits, `-`, `.` and `_`.
    Name(String),
}

/// Why a text is not a valid [`HttpAddr`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpAddrError {
    /// Not a multiaddr.
    #[error("{address:?} is not a multiaddr like /ip4/127.0.0.1/tcp/5001: {reason}")]
    Syntax {
        /// The text.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A multiaddr with a component that HTTP cannot use, or that is incomplete.
    #[error("the multiaddr {address:?} has {part:?} where {expected} is expected")]
    Part {
        /// The multiaddr.
        address: String,
        /// The part; empty at the end.
        part: String,
        /// What is expected there.
        expected: &'static str,
    },
}

impl FromStr for HttpAddr {
    type Err = HttpAddrError;

    fn from_str(text: &str) -> Result<Self, HttpAddrError> {
        let trimmed = text.trim_end_matches('/');
        let syntax = |reason: String| HttpAddrError::Syntax {
            address: text.to_owned(),
            reason,
        };
        if trimmed.is_empty() {
            return Err(syntax("it is empty".to_owned()));
        }
        if let Some(path) = trimmed.strip_prefix("/unix/") {
            return Ok(Self::Unix(PathBuf::from(format!("/{path}"))));
        }
        let parsed: Multiaddr = trimmed
            .parse()
            .map_err(|error: multiaddr::Error| syntax(error.to_string()))?;
        let unexpected = |part: Option<Protocol<'_>>, expected| HttpAddrError::Part {
            address: text.to_owned(),
            part: part.map(|part| part.to_string()).unwrap_or_default(),
            expected,
        };
        let mut parts = parsed.iter();
        let host = match parts.next() {
            Some(Protocol::Ip4(ip)) => Host::Ip(ip.into()),
            Some(Protocol::Ip6(ip)) => Host::Ip(ip.into()),
            Some(Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name))
                if is_name(&name) =>
            {
                Host::Name(name.into_owned())
            }
            part => return Err(unexpected(part, "/ip4, /ip6, /dns or /unix")),
        };
        let port = match parts.next() {
            Some(Protocol::Tcp(port)) => port,
            part => return Err(unexpected(part, "/tcp and a port")),
        };
        let tls = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) | (Some(Protocol::Http), None, _) => false,
            (Some(Protocol::Https), None, _)
            | (Some(Protocol::Tls), Some(Protocol::Http), None) => true,
            (part, ..) => return Err(unexpected(part, "/http, /https, /tls/http or nothing")),
        };
        Ok(Self::Tcp { host, port, tls })
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !name.is_empty() && name.bytes().all(allowed)
}

impl fmt::Display for HttpAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port, tls) = match self {
            Self::Unix(path) => return write!(f, "/unix{}", path.display()),
            Self::Tcp { host, port, tls } => (host, *port, *tls),
        };
        let host = match host {
            Host::Ip(ip) => Multiaddr::from(*ip),
            Host::Name(name) => Multiaddr::from(Protocol::Dns(name.as_str().into())),
        };
        write!(f, "{}", host.with(Protocol::Tcp(port)))?;
        f.write_str(if tls { "/tls/http" } else { "" })
    }
}

/// As in a URL: an IPv6 address in brackets.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, written) in [
            ("/ip4/127.0.0.1/tcp/5001", "/ip4/127.0.0.1/tcp/5001"),
            ("/ip6/::1/tcp/0/http", "/ip6/::1/tcp/0"),
            ("/dns4/localhost/tcp/1", "/dns/localhost/tcp/1"),
            (
                "/ip4/0.0.0.0/tcp/443/https",
                "/ip4/0.0.0.0/tcp/443/tls/http",
            ),
            (
                "/ip4/1.2.3.4/tcp/1/tls/http/",
                "/ip4/1.2.3.4/tcp/1/tls/http",
            ),
            ("/unix/run/cairn.sock", "/unix/run/cairn.sock"),
            ("/unix/cairn.sock/", "/unix/cairn.sock"),
        ] {
            let address: HttpAddr = text.parse().unwrap();
            assert_eq!(address.to_string(), written);
            assert_eq!(written.parse::<HttpAddr>().unwrap(), address);
        }
    }

    #[test]
    fn what_reaches_no_http_server_is_refused() {
        for (text, said) in [
            ("/ip4/1.2.3.4", "has \"\" where /tcp and a port is expected"),
            (
                "/ip4/1.2.3.4/udp/1",
                "has \"/udp/1\" where /tcp and a port is expected",
            ),
            (
                "/ip4/1.2.3.4/tcp/1/ws",
                "has \"/ws\" where /http, /https, /tls/http or nothing is expected",
            ),
            ("/ip4/1.2.3.4/tcp/1/tls", "has \"/tls\" where"),
            ("/ip4/1.2.3.4/tcp/1/http/http", "has \"/http\" where"),
            ("/dns/a b/tcp/1", "has \"/dns/a b\" where"),
            ("/dns//tcp/1", "has \"/dns/\" where"),
            ("/p2p-circuit", "has \"/p2p-circuit\" where"),
        ] {
            let error = text.parse::<HttpAddr>().unwrap_err();
            assert!(matches!(error, HttpAddrError::Part { .. }), "{text:?}");
            assert!(error.to_string().contains(said), "{error}");
        }
        for text in [
            "",
            "/",
            "/unix",
            "/unix/",
            "127.0.0.1:80",
            "/ip4/x/tcp/1",
            "/ip4/300.0.0.1/tcp/1",
            "/ip4/1.2.3.4/tcp/99999",
            "/ip4//tcp/1",
            "/nope/1",
        ] {
            let error = text.parse::<HttpAddr>().unwrap_err();
            assert!(
                matches!(error, HttpAddrError::Syntax { .. }),
                "{text:?}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            parts in proptest::collection::vec(
                prop_oneof![
                    "(ip4|ip6|dns|tcp|udp|tls|http|https|unix|onion3|p2p|certhash|garlic32|ipcidr|memory|x-parity-ws)",
                    "[0-9.:%a-z]{0,12}",
                    any::<String>(),
                ],
                0..8,
            ),
        ) {
            let text = parts.iter().map(|part| format!("/{part}")).collect::<String>();
            if let Ok(address) = text.parse::<HttpAddr>() {
                prop_assert_eq!(address.to_string().parse::<HttpAddr>(), Ok(address));
            }
        }
    }
}
