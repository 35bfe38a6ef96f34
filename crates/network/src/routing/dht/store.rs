//! Records that this node keeps for the DHT: values and providers.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{KBucketDistance, KBucketKey, ProviderRecord, Record, RecordKey};
use libp2p::{Multiaddr, PeerId};

use super::scope::Scope;
use crate::routing::record::Valid;

/// Providers that are kept for one key; then the record that expires first is replaced.
const PROVIDERS_OF_KEY: usize = 64;
/// Addresses that are kept of a provider.
const ADDRESSES: usize = 16;
/// Maximum size of these addresses together, in bytes.
const ADDRESS_BYTES: usize = 1024;
/// Maximum length of a key, in bytes: a multihash, or a name space and a peer ID.
const KEY_BYTES: usize = 160;
/// Own announced keys that are remembered, to answer for them; then the oldest one is forgotten.
const OWN_KEYS: usize = 1 << 14;
/// What a record needs in memory besides its own bytes, roughly.
const OVERHEAD: usize = 192;

/// Bounds of a [`Store`], in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) values: usize,
    pub(super) providers: usize,
}

/// The records of one DHT, in memory. Values are checked before they are stored, and an older one does not replace a newer one.
///
/// At its bounds it drops the records whose keys are farthest from this node's: other nodes are closer to those.
pub struct Store {
    local: KBucketKey<PeerId>,
    scope: Scope,
    bounds: Bounds,
    values: BTreeMap<KBucketDistance, Record>,
    value_bytes: usize,
    providers: BTreeMap<KBucketDistance, Providers>,
    provider_bytes: usize,
    own: HashSet<RecordKey>,
    own_order: VecDeque<RecordKey>,
}

struct Providers {
    key: RecordKey,
    records: Vec<ProviderRecord>,
}

impl Store {
    pub(super) fn new(local: PeerId, scope: Scope, bounds: Bounds) -> Self {
        Self {
            local: KBucketKey::from(local),
            scope,
            bounds,
            values: BTreeMap::new(),
            value_bytes: 0,
            providers: BTreeMap::new(),
            provider_bytes: 0,
            own: HashSet::new(),
            own_order: VecDeque::new(),
        }
    }

    /// Drops what has expired.
    pub(super) fn expire(&mut self, now: Instant) {
        let bytes = &mut self.value_bytes;
        self.values.retain(|_, record| {
            let keep = !record.is_expired(now);
            if !keep {
                *bytes -= value_size(record);
            }
            keep
        });
        let bytes = &mut self.provider_bytes;
        self.providers.retain(|_, of_key| {
            of_key.records.retain(|record| {
                let keep = !record.is_expired(now);
                if !keep {
                    *bytes -= provider_size(record);
                }
                keep
            });
            !of_key.records.is_empty()
        });
    }

    /// The addresses that a provider has announced.
    pub(super) fn addresses(&self, key: &RecordKey, provider: &PeerId) -> Vec<Multiaddr> {
        let records = self.providers.get(&self.distance(key));
        records
            .and_then(|of_key| {
                let mut records = of_key.records.iter();
                records.find(|record| record.provider == *provider)
            })
            .map(|record| record.addresses.clone())
            .unwrap_or_default()
    }

    fn distance(&self, key: &RecordKey) -> KBucketDistance {
        self.local.distance(&KBucketKey::new(key.clone()))
    }

    fn add_own(&mut self, key: RecordKey) {
        if self.own.insert(key.clone()) {
            self.own_order.push_back(key);
        }
        while self.own_order.len() > OWN_KEYS {
            if let Some(oldest) = self.own_order.pop_front() {
                self.own.remove(&oldest);
            }
        }
    }

    fn bound_providers(&mut self) {
        while self.provider_bytes > self.bounds.providers {
            let Some((_, dropped)) = self.providers.pop_last() else {
                break;
            };
            for record in &dropped.records {
                self.provider_bytes -= provider_size(record);
            }
        }
    }

    fn bound_values(&mut self) {
        while self.value_bytes > self.bounds.values {
            let Some((_, dropped)) = self.values.pop_last() else {
                break;
            };
            self.value_bytes -= value_size(&dropped);
        }
    }
}

fn value_size(record: &Record) -> usize {
    record.key.as_ref().len() + record.value.len() + OVERHEAD
}

fn provider_size(record: &ProviderRecord) -> usize {
    let addresses = record.addresses.iter().map(Multiaddr::len);
    record.key.as_ref().len() + addresses.sum::<usize>() + OVERHEAD
}

impl RecordStore for Store {
    type RecordsIter<'a> = std::iter::Map<
        std::collections::btree_map::Values<'a, KBucketDistance, Record>,
        fn(&'a Record) -> Cow<'a, Record>,
    >;
    // Own content is announced again by the node, not by the DHT.
    type ProvidedIter<'a> = std::iter::Empty<Cow<'a, ProviderRecord>>;

    fn get(&self, key: &RecordKey) -> Option<Cow<'_, Record>> {
        self.values.get(&self.distance(key)).map(Cow::Borrowed)
    }

    fn put(&mut self, mut record: Record) -> Result<()> {
        let now = SystemTime::now();
        let valid = Valid::new(record.key.as_ref(), &record.value, now).map_err(|error| {
            tracing::debug!(%error, "a value is not stored");
            Error::ValueTooLarge
        })?;
        let distance = self.distance(&record.key);
        if let Some(kept) = self.values.get(&distance)
            && let Ok(kept) = Valid::new(kept.key.as_ref(), &kept.value, now)
            && valid.preference(&kept).is_lt()
        {
            tracing::debug!("a value is not stored: a newer one is there");
            return Err(Error::MaxRecords);
        }
        if let Some(until) = valid.valid_until() {
            let left = until.duration_since(now).unwrap_or(Duration::ZERO);
            let end = Instant::now().checked_add(left);
            record.expires = record.expires.into_iter().chain(end).min();
        }
        self.value_bytes += value_size(&record);
        if let Some(replaced) = self.values.insert(distance, record) {
            self.value_bytes -= value_size(&replaced);
        }
        self.bound_values();
        if self.values.contains_key(&distance) {
            Ok(())
        } else {
            Err(Error::MaxRecords)
        }
    }

    fn remove(&mut self, key: &RecordKey) {
        if let Some(removed) = self.values.remove(&self.distance(key)) {
            self.value_bytes -= value_size(&removed);
        }
    }

    fn records(&self) -> Self::RecordsIter<'_> {
        self.values.values().map(Cow::Borrowed)
    }

    fn add_provider(&mut self, mut record: ProviderRecord) -> Result<()> {
        if record.key.as_ref().len() > KEY_BYTES || record.key.as_ref().is_empty() {
            return Err(Error::ValueTooLarge);
        }
        if record.provider == *self.local.preimage() {
            self.add_own(record.key);
            return Ok(());
        }
        let (scope, mut bytes) = (self.scope, 0);
        record.addresses.retain(|address| {
            bytes += address.len();
            bytes <= ADDRESS_BYTES && scope.announces(address)
        });
        record.addresses.truncate(ADDRESSES);
        let distance = self.distance(&record.key);
        let of_key = self.providers.entry(distance).or_insert_with(|| Providers {
            key: record.key.clone(),
            records: Vec::new(),
        });
        // One copy of the key for all its providers.
        record.key = of_key.key.clone();
        let mut records = of_key.records.iter();
        let replaced = records
            .position(|kept| kept.provider == record.provider)
            .or_else(|| {
                (of_key.records.len() >= PROVIDERS_OF_KEY).then(|| {
                    let ends = of_key.records.iter().enumerate();
                    let first = ends.min_by_key(|(_, record)| record.expires);
                    first.map(|(index, _)| index).unwrap_or_default()
                })
            });
        if let Some(index) = replaced
            && index < of_key.records.len()
        {
            self.provider_bytes -= provider_size(&of_key.records.swap_remove(index));
        }
        self.provider_bytes += provider_size(&record);
        of_key.records.push(record);
        self.bound_providers();
        if self.providers.contains_key(&distance) {
            Ok(())
        } else {
            Err(Error::MaxProvidedKeys)
        }
    }

    fn providers(&self, key: &RecordKey) -> Vec<ProviderRecord> {
        let own = self
            .own
            .contains(key)
            .then(|| ProviderRecord::new(key.clone(), *self.local.preimage(), Vec::new()));
        let others = self.providers.get(&self.distance(key));
        let others = others.into_iter().flat_map(|of_key| &of_key.records);
        own.into_iter().chain(others.cloned()).collect()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        std::iter::empty()
    }

    fn remove_provider(&mut self, key: &RecordKey, provider: &PeerId) {
        if provider == self.local.preimage() {
            if self.own.remove(key) {
                self.own_order.retain(|own| own != key);
            }
            return;
        }
        let distance = self.distance(key);
        let Some(of_key) = self.providers.get_mut(&distance) else {
            return;
        };
        let bytes = &mut self.provider_bytes;
        of_key.records.retain(|record| {
            let keep = record.provider != *provider;
            if !keep {
                *bytes -= provider_size(record);
            }
            keep
        });
        if of_key.records.is_empty() {
            self.providers.remove(&distance);
        }
    }
}

#[cfg(test)]
mod tests;
