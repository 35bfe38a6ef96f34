//! TXT records from DNS servers: those of the system, or those that `DNS.Resolvers` names.
//!
//! See <https://github.com/ipfs/kubo/blob/v0.42.0/docs/config.md#dnsresolvers>.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cairn_network::tls_config;
use cairn_primitives::dns::is_domain;
use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError as ServerError, NetError};
use hickory_resolver::proto::rr::{Name, RData};
use parking_lot::Mutex;
use rustls::ClientConfig;

use super::servers::{self, HttpsServer, Server};
use super::{Dns, DnsError, Txt};
use crate::config::ConfigFile;

/// How long a server of `DNS.Resolvers` may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often it is asked again if it does not.
const RETRIES: usize = 1;
/// Maximum number of servers over HTTPS whose connections are kept. At the bound all of them are closed, and opened when they
/// are needed again.
const MAX_HTTPS: usize = 16;
/// Maximum length of the reason of a failure, in characters: servers may write it.
const MAX_REASON: usize = 256;

/// Asks DNS servers. It caches nothing: each caller bounds what it remembers.
pub struct SystemDns {
    config: Arc<ConfigFile>,
    https: Mutex<HashMap<HttpsServer, TokioResolver>>,
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
            https: Mutex::default(),
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

    fn server(&self, domain: &str) -> Result<Option<Server>, DnsError> {
        let Some((zone, value)) = self.entry(domain) else {
            return Ok(None);
        };
        let server = Server::from_url(&value).map_err(|reason| DnsError::Config {
            domain: zone,
            value,
            reason,
        })?;
        Ok(Some(server))
    }

    async fn look_up(&self, domain: &str) -> Result<Txt, DnsError> {
        let name = name(domain)?;
        match self.server(domain)? {
            None => {
                let (config, options) = servers::system();
                ask(&resolver(config, options, None)?, name).await
            }
            Some(Server::Udp(address)) => {
                ask(&resolver(servers::udp(address), options(), None)?, name).await
            }
            Some(Server::Tcp(address)) => {
                ask(&resolver(servers::tcp(address), options(), None)?, name).await
            }
            Some(Server::Https(server)) => {
                let asked = ask(&self.https(&server).await?, name).await;
                if matches!(asked, Err(DnsError::TimedOut | DnsError::Failed { .. })) {
                    // It may have other addresses by now.
                    self.https.lock().remove(&server);
                }
                asked
            }
        }
    }

    /// The resolver of a server over HTTPS, whose domain is looked up by the servers of the system.
    async fn https(&self, server: &HttpsServer) -> Result<TokioResolver, DnsError> {
        if let Some(known) = self.https.lock().get(server) {
            return Ok(known.clone());
        }
        let addresses = addresses(&server.host).await?;
        let tls = tls_config(&[b"h2"]).map_err(|error| failed(&error))?;
        let made = resolver(server.config(addresses), options(), Some(tls))?;
        let mut https = self.https.lock();
        if https.len() >= MAX_HTTPS {
            https.clear();
        }
        https.insert(server.clone(), made.clone());
        Ok(made)
    }
}

impl Dns for SystemDns {
    fn txt<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Txt, DnsError>> {
        Box::pin(self.look_up(domain))
    }
}

/// The options for a server of `DNS.Resolvers`.
fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = TIMEOUT;
    options.attempts = RETRIES;
    options
}

pub(super) fn resolver(
    config: ResolverConfig,
    mut options: ResolverOpts,
    tls: Option<ClientConfig>,
) -> Result<TokioResolver, DnsError> {
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(options);
    if let Some(tls) = tls {
        builder = builder.with_tls_config(tls);
    }
    builder.build().map_err(explain)
}

/// The TXT records of a domain.
pub(super) async fn ask(resolver: &TokioResolver, name: Name) -> Result<Txt, DnsError> {
    let found = resolver.txt_lookup(name).await.map_err(explain)?;
    let mut texts = Vec::new();
    let mut ttl = u32::MAX;
    for record in found.answers() {
        match &record.data {
            RData::TXT(txt) => {
                texts.push(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned());
            }
            // The domain is an alias, for no longer than this.
            RData::CNAME(_) => {}
            _ => continue,
        }
        // The highest bit is no time: <https://www.rfc-editor.org/rfc/rfc2181#section-8>.
        ttl = ttl.min(if record.ttl >> 31 == 0 { record.ttl } else { 0 });
    }
    if texts.is_empty() {
        return Err(DnsError::NotFound);
    }
    Ok(Txt {
        texts,
        ttl: Duration::from_secs(ttl.into()),
    })
}

/// The addresses of a server, which is an address already or a domain.
async fn addresses(host: &str) -> Result<Vec<IpAddr>, DnsError> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![ip]);
    }
    let unknown = |reason: String| DnsError::Failed {
        reason: format!("the DNS server {host} cannot be found: {reason}"),
    };
    let found = tokio::net::lookup_host((host, 0)).await;
    let found = found.map_err(|error| unknown(error.to_string()))?;
    let addresses: Vec<_> = found.map(|address| address.ip()).collect();
    if addresses.is_empty() {
        return Err(unknown("it has no address".to_owned()));
    }
    Ok(addresses)
}

/// A domain as a name whose labels are taken as they are.
pub(super) fn name(domain: &str) -> Result<Name, DnsError> {
    if !is_domain(domain) {
        return Err(DnsError::BadName);
    }
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    Name::from_labels(domain.split('.').map(str::as_bytes)).map_err(|_| DnsError::BadName)
}

fn explain(error: NetError) -> DnsError {
    match error {
        NetError::Timeout => DnsError::TimedOut,
        // The domain does not exist, or has no such records.
        NetError::Dns(ServerError::NoRecordsFound(_)) => DnsError::NotFound,
        NetError::Dns(ServerError::ResponseCode(code)) => DnsError::Failed {
            reason: format!("the DNS server refuses with code {}", u16::from(code)),
        },
        NetError::Io(error) => DnsError::Failed {
            reason: format!("the DNS server cannot be asked: {error}"),
        },
        NetError::Proto(_) => DnsError::Failed {
            reason: "not a DNS message".to_owned(),
        },
        other => failed(&other),
    }
}

fn failed(error: &dyn std::error::Error) -> DnsError {
    DnsError::Failed {
        reason: error.to_string().chars().take(MAX_REASON).collect(),
    }
}

/// Whether a domain is another one, or lies below it. `.` is above all.
fn lies_in(domain: &str, zone: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain).as_bytes();
    let zone = zone.strip_suffix('.').unwrap_or(zone).as_bytes();
    let Some((head, tail)) = domain
        .len()
        .checked_sub(zone.len())
        .and_then(|start| domain.split_at_checked(start))
    else {
        return false;
    };
    tail.eq_ignore_ascii_case(zone) && (zone.is_empty() || head.is_empty() || head.ends_with(b"."))
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

    #[test]
    fn names_are_those_of_domains() {
        let odd = name("_dnslink.a b\u{e9}.org.").unwrap();
        assert_eq!(odd.num_labels(), 3);
        assert!(odd.is_fqdn());
        for bad in ["", ".", "a..b", &"a".repeat(64), &"a.".repeat(128)] {
            assert_eq!(name(bad), Err(DnsError::BadName), "{bad}");
        }
    }
}
