//! TXT records of domains: the seam between DNSLink and whoever asks the DNS.

mod mapped;
mod servers;
mod system;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use self::mapped::{MapError, MappedDns};
pub use self::system::SystemDns;

/// The TXT records of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txt {
    /// Their texts; what a record has in several pieces is one text.
    pub texts: Vec<String>,
    /// For how long they may be cached.
    pub ttl: Duration,
}

/// Why there are no records to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// The domain does not exist, or has no TXT records.
    #[error("no TXT record was found")]
    NotFound,
    /// The servers do not answer.
    #[error("the DNS servers did not answer in time")]
    TimedOut,
    /// The name cannot be one of a domain.
    #[error("not a domain name")]
    BadName,
    /// What `DNS.Resolvers` says cannot be used.
    #[error("DNS.Resolvers has {value:?} for {domain:?}: {reason}")]
    Config {
        /// The domain.
        domain: String,
        /// What stands there.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else went wrong.
    #[error("{reason}")]
    Failed {
        /// What.
        reason: String,
    },
}

/// Looks up TXT records.
pub trait Dns: Send + Sync + 'static {
    /// The TXT records of a domain, as the servers have them now.
    fn txt<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Txt, DnsError>>;
}

/// Records from a fixed table, for tests and for nodes that ask nobody.
#[derive(Clone, Debug, Default)]
pub struct FixedDns {
    domains: HashMap<String, Txt>,
}

impl FixedDns {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more domain, whose records hold for a time.
    #[must_use]
    pub fn with(mut self, domain: impl Into<String>, texts: &[&str], ttl: Duration) -> Self {
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        self.domains.insert(domain.into(), Txt { texts, ttl });
        self
    }
}

impl Dns for FixedDns {
    fn txt<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Txt, DnsError>> {
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let found = self.domains.get(domain).cloned().ok_or(DnsError::NotFound);
        Box::pin(std::future::ready(found))
    }
}
