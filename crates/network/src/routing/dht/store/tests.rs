//! Bounds, expiry, and the checks of values.

use super::*;
use crate::routing::record::{Space, tests::record};

const BOUNDS: Bounds = Bounds {
    values: 64 << 10,
    providers: 256 << 10,
};

fn store() -> Store {
    Store::new(PeerId::random(), Scope::Lan { loopback: false }, BOUNDS)
}

#[test]
fn values_are_checked_and_older_ones_refused() {
    let mut store = store();
    let (peer, value) = record(1, 5);
    let key = RecordKey::from(Space::Ipns.key(&peer));
    store.put(Record::new(key.clone(), value.clone())).unwrap();
    store.put(Record::new(key.clone(), value.clone())).unwrap();
    assert!(store.put(Record::new(key.clone(), record(1, 4).1)).is_err());
    assert!(store.put(Record::new(key.clone(), record(2, 9).1)).is_err());
    assert!(store.put(Record::new(key.clone(), b"x".to_vec())).is_err());
    let other = RecordKey::from(b"/v/x".to_vec());
    assert!(store.put(Record::new(other, value.clone())).is_err());
    let kept = store.get(&key).unwrap();
    assert_eq!(kept.value, value);
    // It ends with the IPNS record, within the hour.
    assert!(kept.expires.unwrap() < Instant::now() + Duration::from_secs(3601));
    let newer = record(1, 6).1;
    store.put(Record::new(key.clone(), newer.clone())).unwrap();
    assert_eq!(store.get(&key).unwrap().value, newer);
    assert_eq!(store.records().count(), 1);
    store.remove(&key);
    assert_eq!((store.value_bytes, store.values.len()), (0, 0));
}

#[test]
fn a_flood_of_values_stays_within_the_bound() {
    let mut store = store();
    for seed in 0..=255 {
        let (peer, value) = record(seed, 1);
        let key = RecordKey::from(Space::Ipns.key(&peer));
        let _ = store.put(Record::new(key, value));
        assert!(store.value_bytes <= BOUNDS.values);
    }
    assert!(!store.values.is_empty());
}

#[test]
fn a_flood_of_providers_stays_within_the_bounds() {
    let mut store = store();
    let one = RecordKey::from(vec![1; 34]);
    let addresses: Vec<Multiaddr> = (0..1000)
        .map(|port| format!("/ip4/10.0.0.1/tcp/{port}").parse().unwrap())
        .collect();
    for number in 0..20_000_u32 {
        let key = RecordKey::from([&number.to_be_bytes()[..], &[7; 30]].concat());
        for key in [key, one.clone()] {
            let record = ProviderRecord::new(key, PeerId::random(), addresses.clone());
            let _ = store.add_provider(record);
        }
        assert!(store.provider_bytes <= BOUNDS.providers);
        assert!(store.providers(&one).len() <= PROVIDERS_OF_KEY);
    }
    let kept: Vec<_> = store
        .providers
        .values()
        .flat_map(|of| &of.records)
        .collect();
    let bytes: usize = kept.iter().map(|record| provider_size(record)).sum();
    assert_eq!(bytes, store.provider_bytes);
    assert!(
        kept.iter()
            .all(|record| record.addresses.len() <= ADDRESSES)
    );
    let long = ProviderRecord::new(vec![0; 1000], PeerId::random(), Vec::new());
    assert!(store.add_provider(long).is_err());
    store.expire(Instant::now());
    assert!(!store.providers.is_empty());
}

#[test]
fn providers_expire_and_addresses_of_other_networks_are_dropped() {
    let (mut store, now) = (store(), Instant::now());
    let key = RecordKey::from(vec![1; 34]);
    let (first, second) = (PeerId::random(), PeerId::random());
    let addresses = [
        "/ip4/10.0.0.1/tcp/1",
        "/ip4/127.0.0.1/tcp/1",
        "/ip4/1.1.1.1/tcp/1",
    ];
    let addresses = addresses.map(|text| text.parse().unwrap()).to_vec();
    for (peer, time) in [(first, 1), (second, 100)] {
        let mut record = ProviderRecord::new(key.clone(), peer, addresses.clone());
        record.expires = Some(now + Duration::from_secs(time));
        store.add_provider(record).unwrap();
    }
    assert_eq!(store.addresses(&key, &first), addresses[..1]);
    store.expire(now + Duration::from_secs(50));
    let left: Vec<_> = store.providers(&key).iter().map(|it| it.provider).collect();
    assert_eq!(left, [second]);
    store.remove_provider(&key, &second);
    assert_eq!((store.provider_bytes, store.providers.len()), (0, 0));
}

#[test]
fn own_keys_are_answered_for_within_a_bound() {
    let mut store = store();
    let own = *store.local.preimage();
    let key = |number: usize| RecordKey::from(number.to_be_bytes().to_vec());
    for number in 0..OWN_KEYS + 5 {
        let record = ProviderRecord::new(key(number), own, Vec::new());
        store.add_provider(record).unwrap();
    }
    assert!(store.providers(&key(0)).is_empty());
    assert_eq!(store.providers(&key(5))[0].provider, own);
    store.remove_provider(&key(5), &own);
    assert!(store.providers(&key(5)).is_empty());
    assert_eq!(store.own.len(), store.own_order.len());
}
