//! The names that a node resolves and publishes: keys by IPNS, domains by DNSLink.

mod cache;
mod dnslink;
mod publish;
mod republish;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use cairn_primitives::dns::is_domain;
use cairn_primitives::ipns::Record;
use cairn_primitives::{Cid, Codec, PeerId, Version};
use cairn_store::meta::{NameRecord, Rows};
use cairn_store::names::{NameError, NameOptions, NameTarget, Names};
use cairn_store::network::Records;
use futures_util::future::BoxFuture;
use parking_lot::RwLock;
use tokio::sync::Semaphore;

use self::cache::{Bounds, Cache};
use self::dnslink::Link;
pub use self::publish::{PublishError, PublishOptions};
pub use self::republish::{RepublishError, Republished, Republishing};
use crate::config::{ConfigFile, GoDuration, OptionalDuration};
use crate::dns::{Dns, DnsError, MapError, MappedDns};
use crate::keystore::Keystore;

/// How long a lookup may take where nothing else is asked for, as in Kubo.
const PATIENCE: Duration = Duration::from_secs(60);
/// Names that are remembered at most, whatever `Ipns.ResolveCacheSize` says.
const MOST_CACHED: usize = 1 << 16;
/// Lookups that wait for others at once; more wait for their turn.
const LOOKUPS: usize = 128;

/// The names of one node.
pub struct NameSystem {
    rows: Arc<dyn Rows>,
    keys: Keystore,
    config: Arc<ConfigFile>,
    peer_records: RwLock<Option<Arc<dyn Records>>>,
    dns: RwLock<Arc<dyn Dns>>,
    cache: Cache,
    lookups: Semaphore,
    /// Held from reading a sequence number to writing the next one.
    publishing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for NameSystem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NameSystem").finish_non_exhaustive()
    }
}

impl NameSystem {
    pub(crate) fn new(
        rows: Arc<dyn Rows>,
        keys: Keystore,
        config: Arc<ConfigFile>,
        dns: Arc<dyn Dns>,
    ) -> Self {
        Self {
            rows,
            keys,
            config,
            peer_records: RwLock::default(),
            dns: RwLock::new(dns),
            cache: Cache::default(),
            lookups: Semaphore::new(LOOKUPS),
            publishing: tokio::sync::Mutex::default(),
        }
    }

    /// Publishes and finds records through this from now on, or keeps to those that are here.
    pub fn set_records(&self, records: Option<Arc<dyn Records>>) {
        *self.peer_records.write() = records;
    }

    /// Looks up domains in a table first from now on; see [`MappedDns`].
    ///
    /// # Errors
    /// [`MapError`] for a table that cannot be read.
    pub fn map_domains(&self, table: &str) -> Result<(), MapError> {
        let mut dns = self.dns.write();
        *dns = Arc::new(MappedDns::parse(table, Arc::clone(&dns))?);
        Ok(())
    }

    /// Looks up domains through this from now on.
    pub fn set_dns(&self, dns: Arc<dyn Dns>) {
        *self.dns.write() = dns;
    }

    /// What records are published and found through; `None` on a node without peers.
    #[must_use]
    pub fn peer_records(&self) -> Option<Arc<dyn Records>> {
        self.peer_records.read().clone()
    }

    /// Whether records are published to others.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.peer_records.read().is_some()
    }

    /// The best record of a name that is here or, unless `offline`, is found: valid, and not expired.
    ///
    /// # Errors
    /// [`NameError::NotFound`], [`NameError::TimedOut`], [`NameError::Failed`].
    pub async fn record(&self, name: &PeerId, options: &NameOptions) -> Result<Record, NameError> {
        let now = SystemTime::now();
        let kept = self
            .kept(name)?
            .filter(|record| is_valid(record, name, now));
        let routing = self.peer_records().filter(|_| !options.offline);
        let Some(routing) = routing else {
            return kept.ok_or_else(|| not_found(name));
        };
        // Nobody knows more of an own name than this node.
        if let Some(kept) = &kept
            && self.keys.of_id(name).is_ok_and(|own| own.is_some())
        {
            return Ok(kept.clone());
        }
        let found = self.look_up(&*routing, name, options).await;
        let found = match (found, &kept) {
            (Ok(found), _) => found.filter(|record| is_valid(record, name, now)),
            // What is kept is as good as what peers would have said.
            (Err(_), Some(_)) => None,
            (Err(error), None) => return Err(error),
        };
        let best = found.into_iter().chain(kept).max_by(Record::preference);
        best.ok_or_else(|| not_found(name))
    }

    /// The record that is kept of a name, valid or not.
    fn kept(&self, name: &PeerId) -> Result<Option<Record>, NameError> {
        let row = self.rows.name_record(name).map_err(|error| {
            tracing::error!(%name, %error, "the record of a name cannot be read");
            failed(name, &error.to_string())
        })?;
        Ok(row.and_then(|NameRecord { record, .. }| Record::decode(&record).ok()))
    }

    async fn look_up(
        &self,
        routing: &dyn Records,
        name: &PeerId,
        options: &NameOptions,
    ) -> Result<Option<Record>, NameError> {
        let text = name.to_base36();
        let found = self
            .within(&text, options, routing.get(name, options))
            .await?
            .map_err(|error| match error {
                cairn_store::network::RecordsError::TimedOut => {
                    NameError::TimedOut { name: text.clone() }
                }
                other => failed(name, &other.to_string()),
            })?;
        Ok(found.and_then(|bytes: Bytes| Record::decode(&bytes).ok()))
    }

    /// Waits for a lookup as long as the options allow.
    async fn within<T>(
        &self,
        name: &str,
        options: &NameOptions,
        lookup: impl Future<Output = T>,
    ) -> Result<T, NameError> {
        let timed_out = || NameError::TimedOut {
            name: name.to_owned(),
        };
        let whole = async {
            let _turn = self.lookups.acquire().await.map_err(|_| timed_out())?;
            Ok(lookup.await)
        };
        match options.timeout {
            // Whoever asks for no time at all waits without an end, as with Kubo.
            Some(Duration::ZERO) => whole.await,
            limit => tokio::time::timeout(limit.unwrap_or(PATIENCE), whole)
                .await
                .unwrap_or_else(|_| Err(timed_out())),
        }
    }

    async fn resolve_key(
        &self,
        name: &PeerId,
        options: &NameOptions,
    ) -> Result<NameTarget, NameError> {
        let text = name.to_base36();
        let online = !options.offline && self.is_online();
        if online
            && !options.nocache
            && let Some(target) = self.cache.get(&text, Instant::now())
        {
            return Ok(target);
        }
        let record = self.record(name, options).await?;
        let path = record
            .value()
            .map_err(|error| failed(name, &error.to_string()))?;
        let target = NameTarget {
            path,
            ttl: record.cache_for(SystemTime::now()),
        };
        if online {
            let bounds = self.bounds(self.config.config().ipns.max_cache_ttl);
            self.cache.put(&text, &target, bounds, Instant::now());
        }
        Ok(target)
    }

    fn bounds(&self, ttl: OptionalDuration) -> Bounds {
        let names = self.config.config().ipns.resolve_cache_size;
        Bounds {
            names: usize::try_from(names).unwrap_or(0).min(MOST_CACHED),
            ttl: ttl.0.map(GoDuration::to_std),
        }
    }

    async fn resolve_domain(
        &self,
        domain: &str,
        options: &NameOptions,
    ) -> Result<NameTarget, NameError> {
        let domain = domain
            .strip_suffix('.')
            .unwrap_or(domain)
            .to_ascii_lowercase();
        if !options.nocache
            && let Some(target) = self.cache.get(&domain, Instant::now())
        {
            return Ok(target);
        }
        let dns = self.dns.read().clone();
        let place = format!("_dnslink.{domain}.");
        let looked_up = self.within(&domain, options, dns.txt(&place)).await?;
        let txt = looked_up.map_err(|error| match error {
            DnsError::NotFound => NameError::NoDnsLink {
                domain: domain.clone(),
            },
            other => NameError::Dns {
                domain: domain.clone(),
                reason: other.to_string(),
            },
        })?;
        let path = match dnslink::read(&txt.texts) {
            Link::Path(path) => path,
            Link::None => return Err(NameError::NoDnsLink { domain }),
            Link::Many => return Err(NameError::ManyDnsLinks { domain }),
        };
        let target = NameTarget {
            path,
            ttl: Some(txt.ttl),
        };
        let bounds = self.bounds(self.config.config().dns.max_cache_ttl);
        self.cache.put(&domain, &target, bounds, Instant::now());
        Ok(target)
    }
}

fn is_valid(record: &Record, name: &PeerId, now: SystemTime) -> bool {
    match record.verify(name, now) {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%name, %error, "a record is not used");
            false
        }
    }
}

fn not_found(name: &PeerId) -> NameError {
    NameError::NotFound {
        name: name.to_base36(),
    }
}

fn failed(name: &PeerId, reason: &str) -> NameError {
    NameError::Failed {
        name: name.to_base36(),
        reason: reason.to_owned(),
    }
}

/// What to say of a text that is no name: whether it is the CID of something else.
fn no_name(text: &str) -> NameError {
    let name = text.to_owned();
    match text.parse::<Cid>() {
        Ok(cid) if cid.version() == Version::V1 && cid.codec() != Codec::LIBP2P_KEY => {
            let key = Cid::v1(Codec::LIBP2P_KEY, cid.hash().clone());
            NameError::NotAKey {
                name,
                key: key.to_string(),
            }
        }
        _ => NameError::NoName { name },
    }
}

impl Names for NameSystem {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        options: &'a NameOptions,
    ) -> BoxFuture<'a, Result<NameTarget, NameError>> {
        Box::pin(async move {
            if let Ok(key) = name.parse::<PeerId>() {
                self.resolve_key(&key, options).await
            } else if is_domain(name) && !is_other_cid(name) {
                self.resolve_domain(name, options).await
            } else {
                Err(no_name(name))
            }
        })
    }
}

/// Whether a text is a CID that is not of a key: nobody means a domain of that name.
fn is_other_cid(text: &str) -> bool {
    text.len() > 40 && !text.contains('.') && text.parse::<Cid>().is_ok()
}
