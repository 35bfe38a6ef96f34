//! Which DNS servers are asked, and how.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::system_conf::read_system_conf;
use http::Uri;

/// Where DNS servers listen.
const PORT: u16 = 53;
/// Where they listen for HTTPS.
const HTTPS_PORT: u16 = 443;
/// Maximum number of addresses that are tried of one server over HTTPS.
const MAX_ADDRESSES: usize = 8;

/// A server of `DNS.Resolvers`, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Over UDP, and over TCP for answers that do not fit.
    Udp(SocketAddr),
    /// Over TCP alone.
    Tcp(SocketAddr),
    /// Over HTTPS.
    Https(HttpsServer),
}

/// A DNS server over HTTPS (HTTP/2): <https://www.rfc-editor.org/rfc/rfc8484>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct HttpsServer {
    /// Its domain or IP address, which its certificate is for.
    pub(super) host: String,
    /// Its port.
    port: u16,
    /// Its path, with the query.
    path: String,
}

impl Server {
    /// Reads `https://HOST[:PORT]/PATH`, `udp://IP[:PORT]` or `tcp://IP[:PORT]`. The error says what is wrong.
    pub(super) fn from_url(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let address = || {
            let ip = rest.trim_start_matches('[').trim_end_matches(']');
            let with_port = || Some(SocketAddr::new(ip.parse().ok()?, PORT));
            rest.parse().ok().or_else(with_port).ok_or_else(|| {
                "expected an IP address, with or without a port, behind the scheme".to_owned()
            })
        };
        match scheme {
            "https" => HttpsServer::from_url(url)
                .map(Self::Https)
                .ok_or_else(|| "expected a URL such as https://dns.example/dns-query".to_owned()),
            "udp" => address().map(Self::Udp),
            "tcp" => address().map(Self::Tcp),
            _ => Err(
                "expected `auto` or a URL that begins with https://, udp:// or tcp://".to_owned(),
            ),
        }
    }
}

impl HttpsServer {
    fn from_url(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let host = uri.host()?;
        Some(Self {
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: uri.port_u16().unwrap_or(HTTPS_PORT),
            path: uri.path_and_query()?.to_string(),
        })
    }

    /// The server at its addresses, of which the first [`MAX_ADDRESSES`] are used.
    pub(super) fn config(&self, addresses: impl IntoIterator<Item = IpAddr>) -> ResolverConfig {
        let protocol = ProtocolConfig::Https {
            server_name: self.host.as_str().into(),
            path: self.path.as_str().into(),
        };
        let addresses = addresses.into_iter().take(MAX_ADDRESSES);
        let servers = addresses.map(|ip| server(ip, self.port, vec![protocol.clone()]));
        ResolverConfig::from_name_servers(servers.collect())
    }
}

/// A server over UDP, and over TCP for answers that do not fit.
pub(super) fn udp(address: SocketAddr) -> ResolverConfig {
    let protocols = vec![ProtocolConfig::Udp, ProtocolConfig::Tcp];
    ResolverConfig::from_name_servers(vec![server(address.ip(), address.port(), protocols)])
}

/// A server over TCP alone.
pub(super) fn tcp(address: SocketAddr) -> ResolverConfig {
    let protocols = vec![ProtocolConfig::Tcp];
    ResolverConfig::from_name_servers(vec![server(address.ip(), address.port(), protocols)])
}

fn server(ip: IpAddr, port: u16, protocols: Vec<ProtocolConfig>) -> NameServerConfig {
    let connections = protocols.into_iter().map(|protocol| {
        let mut connection = ConnectionConfig::new(protocol);
        connection.port = port;
        connection
    });
    NameServerConfig::new(ip, true, connections.collect())
}

/// The servers that the system names; this machine's own if it names none.
pub(super) fn system() -> (ResolverConfig, ResolverOpts) {
    read_system_conf().unwrap_or_else(|error| {
        tracing::debug!(%error, "the system names no DNS servers");
        let own = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT);
        (udp(own), ResolverOpts::default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read() {
        let udp = |text: &str| Ok(Server::Udp(text.parse().unwrap()));
        assert_eq!(
            Server::from_url("udp://127.0.0.1:5353"),
            udp("127.0.0.1:5353")
        );
        assert_eq!(Server::from_url("udp://127.0.0.1"), udp("127.0.0.1:53"));
        let v6 = "[::1]:53".parse().unwrap();
        assert_eq!(Server::from_url("tcp://[::1]"), Ok(Server::Tcp(v6)));
        for (url, host, port, path) in [
            (
                "https://dns.eth.limo/dns-query",
                "dns.eth.limo",
                443,
                "/dns-query",
            ),
            ("https://1.1.1.1:8443/a?b", "1.1.1.1", 8443, "/a?b"),
            ("https://example.org", "example.org", 443, "/"),
            ("https://[::1]/", "::1", 443, "/"),
        ] {
            let expected = HttpsServer {
                host: host.to_owned(),
                port,
                path: path.to_owned(),
            };
            assert_eq!(Server::from_url(url), Ok(Server::Https(expected)), "{url}");
        }
        for bad in [
            "",
            "x",
            "udp://",
            "udp://name",
            "tcp://127.0.0.1:x",
            "quic://::1",
            "https://",
            "https:// /",
        ] {
            assert!(Server::from_url(bad).is_err(), "{bad}");
        }
    }
}
