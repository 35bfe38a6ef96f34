//! TXT records from DNS servers: those of the system, or those that `DNS.Resolvers` names.
//!
//! See <https://github.com/ipfs/kubo/blob/v0.42.0/docs/config.md#dnsresolvers>.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError as Answered, NetError};
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use parking_lot::Mutex;

use super::{Dns, DnsError, Txt};
use crate::config::ConfigFile;

/// Resolvers that are kept ready at most. They follow from the configuration; when it was changed often, all are made anew.
const MOST: usize = 32;
/// Where DNS over HTTPS is asked when its URL names no path.
const HTTPS_PATH: &str = "/dns-query";

/// Asks DNS servers.
pub struct SystemDns {
    config: Arc<ConfigFile>,
    /// By what the configuration says of them; empty for those of the system.
    resolvers: Mutex<HashMap<String, TokioResolver>>,
}

impl std::fmt::Debug for SystemDns {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SystemDns").finish_non_exhaustive()
    }
}

impl SystemDns {
    /// With the servers that a configuration names, as it is at each lookup.
    #[must_use]
    pub fn new(config: Arc<ConfigFile>) -> Self {
        Self {
            config,
            resolvers: Mutex::default(),
        }
    }

    /// The entry of `DNS.Resolvers` that is meant for a domain: the one of the longest domain that it lies in. `None` for the
    /// servers of the system.
    fn entry(&self, domain: &str) -> Option<(String, String)> {
        let config = self.config.config();
        let entries = config.dns.resolvers.iter().flatten();
        entries
            .filter(|(zone, value)| lies_in(domain, zone) && !matches!(value.as_str(), "" | "auto"))
            .max_by_key(|(zone, _)| zone.len())
            .map(|(zone, value)| (zone.clone(), value.clone()))
    }

    async fn resolver(&self, entry: Option<&(String, String)>) -> Result<TokioResolver, DnsError> {
        let key = entry.map(|(_, value)| value.as_str()).unwrap_or_default();
        if let Some(known) = self.resolvers.lock().get(key) {
            return Ok(known.clone());
        }
        let made = match entry {
            None => TokioResolver::builder_tokio()
                .map_err(|error| failed(&error))
                .and_then(built)?,
            Some((zone, value)) => {
                let bad = |reason: String| DnsError::Config {
                    domain: zone.clone(),
                    value: value.clone(),
                    reason,
                };
                let server = server(value).await.map_err(bad)?;
                let config = ResolverConfig::from_name_servers(vec![server]);
                let provider = TokioRuntimeProvider::default();
                built(TokioResolver::builder_with_config(config, provider))?
            }
        };
        let mut resolvers = self.resolvers.lock();
        if resolvers.len() >= MOST {
            resolvers.clear();
        }
        resolvers.insert(key.to_owned(), made.clone());
        Ok(made)
    }

    async fn look_up(&self, domain: &str) -> Result<Txt, DnsError> {
        let entry = self.entry(domain);
        let resolver = self.resolver(entry.as_ref()).await?;
        let found = match resolver.txt_lookup(domain).await {
            Ok(found) => found,
            Err(error) => {
                if !error.is_no_records_found() {
                    // The next lookup finds out anew where its server is.
                    let key = entry.map(|(_, value)| value).unwrap_or_default();
                    self.resolvers.lock().remove(&key);
                }
                return Err(failed(&error));
            }
        };
        let mut txt = Txt {
            texts: Vec::new(),
            ttl: Duration::MAX,
        };
        for record in found.answers() {
            if let RData::TXT(data) = &record.data {
                txt.ttl = txt.ttl.min(Duration::from_secs(record.ttl.into()));
                let text = data.txt_data.concat();
                txt.texts.push(String::from_utf8_lossy(&text).into_owned());
            }
        }
        if txt.texts.is_empty() {
            return Err(DnsError::NotFound);
        }
        Ok(txt)
    }
}

impl Dns for SystemDns {
    fn txt<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Txt, DnsError>> {
        Box::pin(self.look_up(domain))
    }
}

/// What is remembered, is remembered by whoever asks.
fn built(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<TokioResolver, DnsError> {
    builder.options_mut().cache_size = 0;
    builder.build().map_err(|error| failed(&error))
}

fn failed(error: &NetError) -> DnsError {
    match error {
        NetError::Dns(Answered::NoRecordsFound(_)) => DnsError::NotFound,
        NetError::Timeout => DnsError::TimedOut,
        NetError::Proto(_) => DnsError::BadName,
        other => DnsError::Failed {
            reason: other.to_string(),
        },
    }
}

/// Whether a domain is another one, or lies below it. `.` is above all.
fn lies_in(domain: &str, zone: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let zone = zone.strip_suffix('.').unwrap_or(zone);
    let Some(start) = domain.len().checked_sub(zone.len()) else {
        return false;
    };
    let (head, tail) = (domain.as_bytes().get(..start), domain.as_bytes().get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(zone.as_bytes()))
        && (zone.is_empty() || head.is_some_and(|head| head.is_empty() || head.ends_with(b".")))
}

/// The server of an entry: `https://HOST[:PORT][/PATH]`, or plain DNS at `udp://IP[:PORT]` and `tcp://IP[:PORT]`.
async fn server(value: &str) -> Result<NameServerConfig, String> {
    let (scheme, rest) = value
        .split_once("://")
        .ok_or("expected `auto` or a URL that begins with https://, udp:// or tcp://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    match scheme {
        "udp" | "tcp" => {
            let (ip, port) = ip_and_port(authority)
                .ok_or("expected an IP address, with or without a port, behind the scheme")?;
            let connections = match scheme {
                // What is too long for UDP is asked again over TCP.
                "udp" => vec![ConnectionConfig::udp(), ConnectionConfig::tcp()],
                _ => vec![ConnectionConfig::tcp()],
            };
            Ok(NameServerConfig::new(ip, true, with_port(connections, port)))
        }
        "https" => {
            let (host, port) = host_and_port(authority).ok_or("the port is not a number")?;
            let address = tokio::net::lookup_host((host, port.unwrap_or(443)))
                .await
                .map_err(|error| format!("cannot find {host}: {error}"))?
                .next()
                .ok_or_else(|| format!("cannot find {host}"))?;
            let path = if path.is_empty() { HTTPS_PATH } else { path };
            let connection = ConnectionConfig::https(Arc::from(host), Some(Arc::from(path)));
            let connections = with_port(vec![connection], port);
            Ok(NameServerConfig::new(address.ip(), true, connections))
        }
        other => Err(format!(
            "the scheme {other:?} is not supported: https, udp and tcp are"
        )),
    }
}

fn with_port(mut connections: Vec<ConnectionConfig>, port: Option<u16>) -> Vec<ConnectionConfig> {
    if let Some(port) = port {
        for connection in &mut connections {
            connection.port = port;
        }
    }
    connections
}

fn ip_and_port(authority: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(address) = authority.parse::<SocketAddr>() {
        return Some((address.ip(), Some(address.port())));
    }
    let bare = authority.trim_start_matches('[').trim_end_matches(']');
    Some((bare.parse().ok()?, None))
}

/// The host of a URL without the brackets of an IPv6 address, and its port.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_hold_what_lies_below_them() {
        for (domain, zone, within) in [
            ("_dnslink.a.eth.", "eth.", true),
            ("_dnslink.a.ETH", "eth.", true),
            ("eth.", "eth", true),
            ("beth.", "eth.", false),
            ("a.org.", "eth.", false),
            ("th.", "eth.", false),
            ("anything.", ".", true),
        ] {
            assert_eq!(lies_in(domain, zone), within, "{domain} {zone}");
        }
    }

    #[tokio::test]
    async fn servers_are_read() {
        let udp = server("udp://127.0.0.1:5353").await.unwrap();
        assert_eq!(udp.ip, IpAddr::from([127, 0, 0, 1]));
        let ports = |server: &NameServerConfig| -> Vec<u16> {
            server.connections.iter().map(|one| one.port).collect()
        };
        assert_eq!(ports(&udp), [5353, 5353]);
        assert_eq!(ports(&server("tcp://[::1]").await.unwrap()), [53]);
        let https = server("https://127.0.0.1/dns-query").await.unwrap();
        assert_eq!(ports(&https), [443]);
        assert_eq!(ports(&server("https://[::1]:8443").await.unwrap()), [8443]);
        for bad in [
            "example.org",
            "udp://example.org",
            "udp://127.0.0.1:x",
            "https://127.0.0.1:x/",
            "quic://127.0.0.1",
        ] {
            assert!(server(bad).await.is_err(), "{bad}");
        }
    }
}
