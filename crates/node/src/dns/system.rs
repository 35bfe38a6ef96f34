//! TXT records from DNS servers: those of the system, or those that `DNS.Resolvers` names.
//!
//! See <https://github.com/ipfs/kubo/blob/v0.42.0/docs/config.md#dnsresolvers>.

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::dns::{DnsMessageError, TxtAnswer};
use futures_util::future::BoxFuture;

use super::https::Https;
use super::server::{Server, plain, system_servers};
use super::{Dns, DnsError, Txt};
use crate::config::ConfigFile;

/// How often all servers are asked before their silence counts.
const ROUNDS: usize = 2;
/// How long one server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks DNS servers.
#[derive(Debug)]
pub struct SystemDns {
    config: Arc<ConfigFile>,
    https: Https,
}

impl SystemDns {
    /// With the servers that a configuration names, as it is at each lookup.
    #[must_use]
    pub fn new(config: Arc<ConfigFile>) -> Self {
        Self {
            config,
            https: Https::default(),
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

    fn servers(&self, domain: &str) -> Result<Vec<Server>, DnsError> {
        let Some((zone, value)) = self.entry(domain) else {
            return Ok(system_servers());
        };
        if value.starts_with("https://") {
            return Ok(vec![Server::Https(value)]);
        }
        let server = plain(&value).map_err(|reason| DnsError::Config {
            domain: zone,
            value,
            reason,
        })?;
        Ok(vec![server])
    }

    async fn look_up(&self, domain: &str) -> Result<Txt, DnsError> {
        let servers = self.servers(domain)?;
        let mut last = DnsError::TimedOut;
        for _ in 0..ROUNDS {
            for server in &servers {
                let asked = tokio::time::timeout(PATIENCE, self.ask(server, domain));
                match asked.await {
                    Ok(Ok(answer)) => return txt(&answer),
                    Ok(Err(error @ DnsError::BadName)) => return Err(error),
                    Ok(Err(error)) => last = error,
                    Err(_) => last = DnsError::TimedOut,
                }
            }
        }
        Err(last)
    }

    async fn ask(&self, server: &Server, domain: &str) -> Result<TxtAnswer, DnsError> {
        match server {
            Server::Udp(address) => super::server::ask_udp(*address, domain).await,
            Server::Tcp(address) => super::server::ask_tcp(*address, domain).await,
            Server::Https(url) => self.https.ask(url, domain).await,
        }
    }
}

impl Dns for SystemDns {
    fn txt<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Txt, DnsError>> {
        Box::pin(self.look_up(domain))
    }
}

fn txt(answer: &TxtAnswer) -> Result<Txt, DnsError> {
    if answer.texts.is_empty() {
        return Err(DnsError::NotFound);
    }
    let texts = answer.texts.iter();
    Ok(Txt {
        texts: texts
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .collect(),
        ttl: Duration::from_secs(answer.ttl.into()),
    })
}

impl From<DnsMessageError> for DnsError {
    fn from(error: DnsMessageError) -> Self {
        match error {
            DnsMessageError::Name => Self::BadName,
            other => Self::Failed {
                reason: other.to_string(),
            },
        }
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
}
