//! Addresses to listen on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use cairn_primitives::multiaddr::{Host, HttpAddr};

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
        let (host, port, tls) = match text.parse()? {
            HttpAddr::Unix(path) => {
                return Ok(Self {
                    place: Place::Unix(path),
                    tls: false,
                });
            }
            HttpAddr::Tcp { host, port, tls } => (host, port, tls),
        };
        let ip = match host {
            Host::Ip(ip) => ip,
            Host::Name(name) if name == "localhost" => IpAddr::from([127, 0, 0, 1]),
            Host::Name(name) => return Err(ListenError::Name { name }),
        };
        Ok(Self {
            place: Place::Tcp(SocketAddr::new(ip, port)),
            tls,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match &self.place {
            Place::Unix(path) => HttpAddr::Unix(path.clone()),
            Place::Tcp(socket) => HttpAddr::Tcp {
                host: Host::Ip(socket.ip()),
                port: socket.port(),
                tls: self.tls,
            },
        };
        address.fmt(out)
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
            "/dns/node.example/tcp/1",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad:?}");
        }
    }
}
