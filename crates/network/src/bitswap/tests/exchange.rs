//! Two nodes.

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::block::{NotifyingStore, WriteListener};
use cairn_store::exchange::{Arrival, ExchangeError, Hint};
use cairn_store::network::BlockExchange as _;
use cairn_store::{BlockStore, BlockWriter as _, Exchange as _, SessionRequest};
use futures_util::StreamExt as _;

use super::support::{Node, blocks, cids, fetch, soon, until};
use crate::bitswap::{MAX_BLOCK, Settings, Version};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_are_fetched_and_counted() {
    let (a, b) = Node::pair().await;
    let wanted = blocks(512, 20_000, 1);
    a.put(&wanted).await;
    a.connect(&b).await;
    let session = b.session(&wanted);
    let mut found = fetch(&session, &cids(&wanted), |_| {}).await;
    found.sort_by_key(|block| block.cid.clone());
    let mut expected = wanted.clone();
    expected.sort_by_key(|block| block.cid.clone());
    assert!(found == expected);

    let stat = b.bitswap.stat();
    assert_eq!(stat.blocks_received, 512);
    assert_eq!(stat.bytes_received, 512 * 20_000);
    assert_eq!((stat.duplicate_blocks, stat.wants.len()), (0, 0));
    assert!(stat.messages_received > 0);
    assert_eq!(stat.peers, [cairn_primitives::PeerId::from(a.id)]);
    let ours = cairn_primitives::PeerId::from(b.id);
    until(|| a.bitswap.stat().blocks_sent == 512).await;
    assert_eq!(a.bitswap.ledger(&ours).sent, 512 * 20_000);
    assert_eq!(a.bitswap.ledger(&ours).exchanges, 512);
    let theirs = cairn_primitives::PeerId::from(a.id);
    assert_eq!(b.bitswap.ledger(&theirs).received, 512 * 20_000);
    until(|| a.bitswap.wants_of(&ours) == Some(Vec::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_and_large_blocks_arrive() {
    let (a, b) = Node::pair().await;
    let mut wanted = blocks(3000, 100, 1);
    wanted.extend(blocks(5, MAX_BLOCK, 2));
    a.put(&wanted).await;
    a.connect(&b).await;
    let session = b.session(&wanted);
    fetch(&session, &cids(&wanted), |_| {}).await;
    assert_eq!(b.bitswap.stat().duplicate_blocks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_versions_are_spoken() {
    for version in [Version::V1_1, Version::V1_0] {
        let old = Settings {
            protocols: vec![version],
            ..Settings::default()
        };
        let (a, b) = (Node::new(old).await, Node::new(Settings::default()).await);
        let mut wanted = blocks(100, 3000, 1);
        if version == Version::V1_0 {
            // It has CIDv0 only; what has the same multihash is the same block.
            for block in &mut wanted {
                block.cid = Cid::v0(block.cid.hash().clone()).unwrap();
            }
        }
        let (first, second) = wanted.split_at(50);
        a.put(first).await;
        b.put(second).await;
        a.connect(&b).await;
        let session = b.bitswap.session(SessionRequest::new(first[0].cid.clone()));
        fetch(&session, &cids(first), |_| {}).await;
        let session = a
            .bitswap
            .session(SessionRequest::new(second[0].cid.clone()));
        fetch(&session, &cids(second), |_| {}).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_want_is_cancelled() {
    let (a, b) = Node::pair().await;
    a.connect(&b).await;
    let wanted = blocks(2, 100, 1);
    let session = b.session(&wanted);
    let wants = session.want(cids(&wanted));
    let ours = cairn_primitives::PeerId::from(b.id);
    until(|| {
        a.bitswap
            .wants_of(&ours)
            .is_some_and(|wants| wants.len() == 2)
    })
    .await;
    assert_eq!(b.bitswap.stat().wants.len(), 2);
    drop(wants);
    assert_eq!(b.bitswap.stat().wants.len(), 0);
    until(|| a.bitswap.wants_of(&ours) == Some(Vec::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_that_are_stored_later_are_sent() {
    let (a, b) = Node::pair().await;
    a.connect(&b).await;
    let ours = cairn_primitives::PeerId::from(b.id);
    // Two of the largest do not fit into one message.
    for (size, seed) in [(5000, 1), (MAX_BLOCK, 2)] {
        let wanted = blocks(2, size, seed);
        let session = b.session(&wanted);
        let mut wants = session.want(cids(&wanted));
        until(|| {
            a.bitswap
                .wants_of(&ours)
                .is_some_and(|wants| wants.len() == 2)
        })
        .await;
        a.put(&wanted).await;
        a.bitswap.notify(&cids(&wanted));
        for _ in 0..2 {
            let answer = soon(wants.next()).await.unwrap().unwrap();
            assert!(matches!(answer, Arrival::Block(_)), "{answer:?}");
        }
        assert!(wants.next().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_leaves_is_forgotten() {
    let (a, b) = Node::pair().await;
    a.connect(&b).await;
    let wanted = blocks(2, 100, 1);
    let session = b.session(&wanted);
    let _wants = session.want(cids(&wanted));
    let ours = cairn_primitives::PeerId::from(b.id);
    until(|| {
        a.bitswap
            .wants_of(&ours)
            .is_some_and(|wants| wants.len() == 2)
    })
    .await;
    a.disconnect(b.id);
    until(|| a.bitswap.wants_of(&ours).is_none()).await;
    // When it comes again, it says what it wants.
    a.connect(&b).await;
    until(|| {
        a.bitswap
            .wants_of(&ours)
            .is_some_and(|wants| wants.len() == 2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_and_providers_are_dialed() {
    let (a, b) = Node::pair().await;
    let wanted = blocks(10, 3000, 1);
    a.put(&wanted).await;
    let hint = Hint::Address(format!("{}/p2p/{}", a.address, a.id));
    let request = SessionRequest::new(wanted[0].cid.clone()).with_hints(vec![hint]);
    fetch(&b.bitswap.session(request), &cids(&wanted), |_| {}).await;

    let c = Node::new(Settings::default()).await;
    c.providers.add(&wanted[0].cid, &a);
    let request = SessionRequest::new(wanted[0].cid.clone());
    fetch(&c.bitswap.session(request), &cids(&wanted), |_| {}).await;
    assert_eq!(*c.providers.searches.lock(), [wanted[0].cid.clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_blocks_are_reported_if_wanted_so() {
    let settings = Settings {
        report_missing: true,
        ..Settings::default()
    };
    let (a, b) = (
        Node::new(Settings::default()).await,
        Node::new(settings).await,
    );
    a.connect(&b).await;
    let wanted = blocks(1, 100, 1);
    let session = b.session(&wanted);
    let mut wants = session.want(cids(&wanted));
    let answer = soon(wants.next()).await.unwrap().unwrap();
    assert_eq!(answer, Arrival::Missing(wanted[0].cid.clone()));
    assert!(!b.providers.searches.lock().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_cids_are_never_asked_for() {
    let node = Node::new(Settings::default()).await;
    let identity = Cid::v1(Codec::RAW, Multihash::wrap(0, b"here").unwrap());
    let unknown = Cid::v1(Codec::RAW, Multihash::wrap(0x7777, &[1; 32]).unwrap());
    let session = node.bitswap.session(SessionRequest::new(identity.clone()));
    let answers: Vec<_> = session
        .want(vec![identity, unknown.clone()])
        .collect()
        .await;
    let [Ok(Arrival::Block(block)), Ok(Arrival::Missing(missing))] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert_eq!((&block.data()[..], missing), (&b"here"[..], &unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn denied_blocks_are_absent() {
    let secret = blocks(1, 2000, 1);
    let denied = secret[0].cid.clone();
    let settings = Settings {
        deny: Some(Arc::new(move |_, cid| *cid == denied)),
        ..Settings::default()
    };
    let impatient = Settings {
        report_missing: true,
        search_delay: Duration::from_millis(50),
        ..Settings::default()
    };
    let (a, b) = (Node::new(settings).await, Node::new(impatient).await);
    a.put(&secret).await;
    a.connect(&b).await;
    let session = b
        .bitswap
        .session(SessionRequest::new(secret[0].cid.clone()));
    let answer = soon(session.want(cids(&secret)).next()).await.unwrap();
    assert!(matches!(answer, Ok(Arrival::Missing(_))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wants_fail_when_the_node_stops() {
    let node = Node::new(Settings::default()).await;
    let wanted = blocks(1, 100, 1);
    let session = node.session(&wanted);
    let mut wants = session.want(cids(&wanted));
    node.stop();
    let answer = soon(wants.next()).await.unwrap();
    assert!(matches!(answer, Err(ExchangeError::Closed)), "{answer:?}");
    until(|| {
        let mut wants = session.want(cids(&wanted));
        matches!(
            futures_util::FutureExt::now_or_never(wants.next()),
            Some(Some(Err(_)))
        )
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_connections_is_used() {
    let (a, b) = Node::pair().await;
    let wanted = blocks(64, 3000, 1);
    a.put(&wanted).await;
    for _ in 0..3 {
        a.connect(&b).await;
        b.connect(&a).await;
    }
    let session = b.session(&wanted);
    fetch(&session, &cids(&wanted), |_| {}).await;
    assert_eq!(b.bitswap.stat().duplicate_blocks, 0);
    // The peer is there until the last one is closed.
    let theirs = cairn_primitives::PeerId::from(a.id);
    assert!(b.bitswap.wants_of(&theirs).is_some());
    a.disconnect(b.id);
    until(|| b.bitswap.wants_of(&theirs).is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notifying_store_serves_who_waits() {
    let (a, b) = Node::pair().await;
    a.connect(&b).await;
    let wanted = blocks(1, 5000, 1);
    let session = b.session(&wanted);
    let mut wants = session.want(cids(&wanted));
    let ours = cairn_primitives::PeerId::from(b.id);
    until(|| {
        a.bitswap
            .wants_of(&ours)
            .is_some_and(|wants| wants.len() == 1)
    })
    .await;
    let inner = Arc::clone(&a.store) as Arc<dyn BlockStore>;
    let listener = WriteListener::default();
    let bitswap = a.bitswap.clone();
    listener.set(Some(Arc::new(move |cids| bitswap.notify(cids))));
    let store = NotifyingStore::new(inner, listener);
    store.write(&store.hold(), wanted).await.unwrap();
    let answer = soon(wants.next()).await.unwrap().unwrap();
    assert!(matches!(answer, Arrival::Block(_)), "{answer:?}");
}
