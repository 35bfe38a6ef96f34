//! Addresses to listen on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use super::ListenError;

/// Where to listen, and whether to use TLS: `/ip4/127.0.0.1/tcp/5001`, `/ip6/::1/tcp/5001/tls/http`,
/// `/unix/run/cairn.sock`.
///
/// A trailing `/http` has no effect; `/https` and `/tls/http` enable TLS. See
/// <https://github.com/multiformats/multiaddr>.
/// <https://github.com/multiformats/multiaddr>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The socket.
    pub place: Place,
    /// Whether TLS is used.
    pub tls: bool,
}

/// The address of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// A file.
    Unix(PathBuf),
}

impl Address {
    /// Whether it can only be reached from this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match &self.place {
            Place::Tcp(socket) => socket.ip().is_loopback(),
            Place::Unix(_) => true,
        }
    }
}

impl FromStr for Address {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let refuse = || ListenError::Address {
            address: text.to_owned(),
        };
        if let Some(path) = text.strip_prefix("/unix/") {
            let path = path.trim_end_matches('/');
            if path.is_empty() {
                return Err(refuse());
            }
            return Ok(Self {
                place: Place::Unix(PathBuf::from(format!("/{path}"))),
                tls: false,
            });
        }
        let parts: Vec<&str> = text.trim_end_matches('/').split('/').collect();
        let ["", family, host, "tcp", port, rest @ ..] = parts.as_slice() else {
            return Err(refuse());
        };
        let ip = match *family {
            "ip4" => host.parse().map(IpAddr::V4).map_err(|_| refuse())?,
            "ip6" => host.parse().map(IpAddr::V6).map_err(|_| refuse())?,
            "dns" | "dns4" | "dns6" if *host == "localhost" => IpAddr::from([127, 0, 0, 1]),
            _ => return Err(refuse()),
        };
        let tls = match rest {
            [] | ["http"] => false,
            ["https"] | ["tls", "http"] => true,
            _ => return Err(refuse()),
        };
        let port = port.parse().map_err(|_| refuse())?;
        Ok(Self {
            place: Place::Tcp(SocketAddr::new(ip, port)),
            tls,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp(socket) => {
                let family = if socket.is_ipv4() { "ip4" } else { "ip6" };
                write!(out, "/{family}/{}/tcp/{}", socket.ip(), socket.port())?;
            }
            Place::Unix(path) => write!(out, "/unix{}", path.display())?,
        }
        out.write_str(if self.tls { "/tls/http" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_multiaddrs() {
        for (text, written) in [
            ("/ip4/127.0.0.1/tcp/5001", "/ip4/127.0.0.1/tcp/5001"),
            ("/ip6/::1/tcp/0/http", "/ip6/::1/tcp/0"),
            ("/dns4/localhost/tcp/1", "/ip4/127.0.0.1/tcp/1"),
            (
                "/ip4/0.0.0.0/tcp/443/https",
                "/ip4/0.0.0.0/tcp/443/tls/http",
            ),
            (
                "/ip4/1.2.3.4/tcp/1/tls/http/",
                "/ip4/1.2.3.4/tcp/1/tls/http",
            ),
            ("/unix/run/cairn.sock", "/unix/run/cairn.sock"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), written);
            assert_eq!(written.parse::<Address>().unwrap(), address);
        }
        for bad in [
            "",
            "/unix/",
            "/ip4/127.0.0.1",
            "127.0.0.1:80",
            "/ip4/x/tcp/1",
            "/ip4/1.2.3.4/udp/1",
            "/ip4/1.2.3.4/tcp/99999",
            "/ip4/1.2.3.4/tcp/1/ws",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad:?}");
        }
    }
}
