use cairn_primitives::ContentPath;
use cairn_primitives::ipns::RecordOptions;
use cairn_primitives::keys::Keypair;
use cairn_store::meta::{MemoryKeys, MemoryRows};
use cairn_store::network::RecordsError;
use parking_lot::Mutex;

use super::*;
use crate::config::Config;
use crate::dns::FixedDns;
use crate::identity::Identity;

const CID: &str = "/ipfs/bafkreidb4xu4pn2wecnsec2qmebq3qon4zfej7tzpe6ojdbbqsoisd7l2a";
const HOUR: Duration = Duration::from_secs(3600);

fn path(text: &str) -> ContentPath {
    ContentPath::new(text).unwrap()
}

fn key(number: u8) -> Keypair {
    Keypair::from_ed25519_seed(&[number; 32])
}

fn names(dns: FixedDns) -> NameSystem {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let identity = Identity::generate().unwrap().section();
    ConfigFile::create(&file, &Config::initial(identity)).unwrap();
    let config = Arc::new(ConfigFile::load(file).unwrap());
    NameSystem::new(
        Arc::new(MemoryRows::new()),
        Keystore::new(key(1), Arc::new(MemoryKeys::default()), true),
        config,
        Arc::new(dns),
    )
}

async fn resolve(names: &NameSystem, name: &str) -> Result<NameTarget, NameError> {
    names.resolve(name, &NameOptions::default()).await
}

/// A record of a key, which ends at a time from now.
fn record(key: &Keypair, value: &str, sequence: u64, ends_in: Duration) -> Bytes {
    let until = SystemTime::now() + ends_in;
    let options = RecordOptions::new(sequence, until);
    let record = Record::sign(key, &path(value), &options).unwrap();
    record.as_bytes().clone()
}

/// Peers that know the records that they were told.
#[derive(Default)]
struct Peers {
    known: Mutex<Vec<(PeerId, Bytes)>>,
    asked: Mutex<usize>,
    failing: bool,
}

impl Records for Peers {
    fn put<'a>(
        &'a self,
        name: &'a PeerId,
        record: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            self.known.lock().push((name.clone(), record.clone()));
            Ok(())
        })
    }

    fn get<'a>(
        &'a self,
        name: &'a PeerId,
        _: &'a NameOptions,
    ) -> BoxFuture<'a, Result<Option<Bytes>, RecordsError>> {
        Box::pin(async move {
            *self.asked.lock() += 1;
            if self.failing {
                return Err(RecordsError::TimedOut);
            }
            let known = self.known.lock();
            let found = known.iter().rev().find(|(known, _)| known == name);
            Ok(found.map(|(_, record)| record.clone()))
        })
    }
}

#[tokio::test]
async fn sequence_numbers_grow_with_the_value_and_never_shrink() {
    let names = names(FixedDns::new());
    let own = key(1);
    let id = own.peer_id();
    let at = |sequence| PublishOptions {
        sequence,
        ..PublishOptions::default()
    };
    let number = || async {
        let options = NameOptions::default();
        names
            .record(&id, &options)
            .await
            .unwrap()
            .sequence()
            .unwrap()
    };
    let (first, second) = (path(CID), path(&format!("{CID}/a")));
    assert_eq!(names.publish(&own, &first, &at(None)).await.unwrap(), id);
    assert_eq!(number().await, 0);
    names.publish(&own, &first, &at(None)).await.unwrap();
    assert_eq!(number().await, 0);
    names.publish(&own, &second, &at(None)).await.unwrap();
    assert_eq!(number().await, 1);
    for asked in [0, 1] {
        let refused = names.publish(&own, &first, &at(Some(asked))).await;
        assert!(matches!(
            refused,
            Err(PublishError::Sequence { current: 1, .. })
        ));
    }
    names.publish(&own, &first, &at(Some(9))).await.unwrap();
    assert_eq!(number().await, 9);
    assert_eq!(resolve(&names, &id.to_base36()).await.unwrap().path, first);
    names
        .publish(&own, &second, &at(Some(u64::MAX)))
        .await
        .unwrap();
    let refused = names.publish(&own, &first, &at(None)).await;
    assert!(matches!(refused, Err(PublishError::LastSequence)));
    // More time is still to be had.
    names.publish(&own, &second, &at(None)).await.unwrap();
}

#[tokio::test]
async fn own_names_lead_where_they_were_pointed() {
    let names = names(FixedDns::new());
    let own = key(1);
    let options = PublishOptions {
        lifetime: HOUR,
        ttl: 2 * HOUR,
        ..PublishOptions::default()
    };
    names.publish(&own, &path(CID), &options).await.unwrap();
    for spelling in [own.peer_id().to_string(), own.peer_id().to_base36()] {
        let target = resolve(&names, &spelling).await.unwrap();
        assert_eq!(target.path, path(CID));
        // The record ends before its time to live.
        assert!(target.ttl.unwrap() <= HOUR);
    }
    let over = PublishOptions {
        lifetime: Duration::ZERO,
        ..options
    };
    names.publish(&own, &path(CID), &over).await.unwrap();
    let expired = resolve(&names, &own.peer_id().to_string()).await;
    assert!(matches!(expired, Err(NameError::NotFound { .. })));
    let unknown = resolve(&names, &key(2).peer_id().to_string()).await;
    assert!(matches!(unknown, Err(NameError::NotFound { .. })));
}

#[tokio::test]
async fn records_of_others_are_kept_when_they_are_good() {
    let names = names(FixedDns::new());
    let (other, id) = (key(2), key(2).peer_id());
    let bytes = record(&other, CID, 5, HOUR);
    let kept = names.put(&id, &bytes, true).await.unwrap();
    assert_eq!(kept.sequence(), Ok(5));
    names.put(&id, &bytes, true).await.unwrap();
    assert_eq!(
        resolve(&names, &id.to_string()).await.unwrap().path,
        path(CID)
    );
    let older = record(&other, CID, 4, HOUR);
    assert!(matches!(
        names.put(&id, &older, true).await,
        Err(PublishError::Older { current: 5 })
    ));
    let forged = record(&key(3), CID, 6, HOUR);
    assert!(matches!(
        names.put(&id, &forged, true).await,
        Err(PublishError::Record(_))
    ));
    let junk = Bytes::from_static(b"junk");
    assert!(names.put(&id, &junk, true).await.is_err());
    // An own key goes on from a record that was made elsewhere.
    let own = record(&key(1), CID, 7, HOUR);
    names.put(&key(1).peer_id(), &own, true).await.unwrap();
    let elsewhere = path(&format!("{CID}/b"));
    let options = PublishOptions::default();
    names.publish(&key(1), &elsewhere, &options).await.unwrap();
    let (own, options) = (key(1).peer_id(), NameOptions::default());
    let newest = names.record(&own, &options).await.unwrap();
    assert_eq!(newest.sequence(), Ok(8));
}

#[tokio::test]
async fn peers_are_told_and_asked() {
    let names = names(FixedDns::new());
    let peers = Arc::new(Peers::default());
    names.set_records(Some(peers.clone()));
    let options = PublishOptions::default();
    names.publish(&key(1), &path(CID), &options).await.unwrap();
    assert_eq!(peers.known.lock().len(), 1);
    let local = PublishOptions {
        offline: true,
        ..options
    };
    names.publish(&key(1), &path(CID), &local).await.unwrap();
    assert_eq!(peers.known.lock().len(), 1);

    // Names of others are asked for, and remembered; own ones are known.
    let (other, id) = (key(2), key(2).peer_id());
    let told = record(&other, CID, 3, HOUR);
    peers.known.lock().push((id.clone(), told));
    let before = *peers.asked.lock();
    for _ in 0..2 {
        let found = resolve(&names, &id.to_base36()).await.unwrap();
        assert_eq!(found.path, path(CID));
    }
    resolve(&names, &key(1).peer_id().to_base36())
        .await
        .unwrap();
    assert_eq!(*peers.asked.lock(), before + 1);
    let anew = NameOptions {
        nocache: true,
        ..NameOptions::default()
    };
    names.resolve(&id.to_base36(), &anew).await.unwrap();
    assert_eq!(*peers.asked.lock(), before + 2);
    let offline = NameOptions {
        offline: true,
        ..NameOptions::default()
    };
    let unasked = names.resolve(&id.to_base36(), &offline).await;
    assert!(matches!(unasked, Err(NameError::NotFound { .. })));

    // What peers say is believed only if the owner signed it, and the newer of two is taken.
    let kept = record(&other, &format!("{CID}/kept"), 9, HOUR);
    names.put(&id, &kept, true).await.unwrap();
    let found = names.resolve(&id.to_base36(), &anew).await.unwrap();
    assert_eq!(found.path, path(&format!("{CID}/kept")));
    let forged = record(&key(3), CID, 10, HOUR);
    peers.known.lock().push((id.clone(), forged));
    let found = names.resolve(&id.to_base36(), &anew).await.unwrap();
    assert_eq!(found.path, path(&format!("{CID}/kept")));
}

#[tokio::test]
async fn peers_that_fail_stand_in_nobodys_way() {
    let names = names(FixedDns::new());
    names.set_records(Some(Arc::new(Peers {
        failing: true,
        ..Peers::default()
    })));
    names
        .publish(&key(1), &path(CID), &PublishOptions::default())
        .await
        .unwrap();
    resolve(&names, &key(1).peer_id().to_string())
        .await
        .unwrap();
    let unknown = resolve(&names, &key(2).peer_id().to_string()).await;
    assert!(matches!(unknown, Err(NameError::TimedOut { .. })));
}

#[tokio::test]
async fn domains_lead_where_their_records_say() {
    let minute = Duration::from_secs(60);
    let link = format!("dnslink={CID}");
    let names = names(
        FixedDns::new()
            .with("_dnslink.example.org", &["v=spf1", &link], minute)
            .with("_dnslink.many", &[&link, &link], minute)
            .with("_dnslink.none", &["text"], minute),
    );
    for name in ["example.org", "example.org.", "EXAMPLE.org"] {
        let target = resolve(&names, name).await.unwrap();
        assert_eq!(target.path, path(CID));
        assert!(target.ttl.unwrap() <= minute);
    }
    // It is remembered, and asked for again where that is wanted.
    names.set_dns(Arc::new(FixedDns::new()));
    resolve(&names, "example.org").await.unwrap();
    let anew = NameOptions {
        nocache: true,
        ..NameOptions::default()
    };
    assert!(matches!(
        names.resolve("example.org", &anew).await,
        Err(NameError::NoDnsLink { .. })
    ));
}

#[tokio::test]
async fn what_is_no_name_is_told() {
    let link = format!("dnslink={CID}");
    let dns = FixedDns::new().with("_dnslink.many", &[&link, &link], HOUR);
    let names = names(dns);
    let many = resolve(&names, "many").await;
    assert!(matches!(many, Err(NameError::ManyDnsLinks { .. })));
    let none = resolve(&names, "absent").await;
    assert_eq!(
        none,
        Err(NameError::NoDnsLink {
            domain: "absent".to_owned()
        })
    );
    let cid = CID.strip_prefix("/ipfs/").unwrap();
    let Err(NameError::NotAKey { key, .. }) = resolve(&names, cid).await else {
        panic!("a CID was taken for a name");
    };
    assert!(key.parse::<PeerId>().is_ok());
    for name in ["", "a..b", &"a".repeat(64)] {
        let refused = resolve(&names, name).await;
        assert!(matches!(refused, Err(NameError::NoName { .. })), "{name}");
    }
}

#[tokio::test]
async fn own_records_are_published_again_with_their_number_and_more_time() {
    let names = names(FixedDns::new());
    let (own, peers) = (key(1), Arc::new(Peers::default()));
    let short = PublishOptions {
        lifetime: HOUR,
        ttl: HOUR,
        offline: true,
        ..PublishOptions::default()
    };
    names.publish(&own, &path(CID), &short).await.unwrap();
    assert_eq!(names.republish(2 * HOUR).await, Republished::default());
    names.set_records(Some(peers.clone()));
    names
        .put(&key(2).peer_id(), &record(&key(2), CID, 1, HOUR), true)
        .await
        .unwrap();
    let done = names.republish(3 * HOUR).await;
    assert_eq!((done.published, done.failed), (1, 0));
    let known = peers.known.lock();
    let [(name, bytes)] = &known[..] else {
        panic!("the record of the other key is its owner's to publish")
    };
    let record = Record::decode(bytes).unwrap();
    assert_eq!((name, record.sequence()), (&own.peer_id(), Ok(0)));
    assert_eq!(record.ttl(), Ok(HOUR));
    assert!(record.valid_until().unwrap() > SystemTime::now() + 2 * HOUR);
}
