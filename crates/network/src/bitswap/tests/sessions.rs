//! Several providers.

use std::sync::Arc;
use std::time::Duration;

use cairn_store::block::MemoryStore;
use cairn_store::network::BlockExchange as _;
use cairn_store::{Exchange as _, SessionRequest};

use super::support::{Node, Slow, blocks, cids, fetch};
use crate::bitswap::Settings;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_providers_one_slow_and_one_dying() {
    for size in [600, 50_000] {
        let good = Node::new(Settings::default()).await;
        let dying = Node::new(Settings::default()).await;
        let store = Arc::new(MemoryStore::new());
        let slow = Slow {
            inner: Arc::clone(&store),
            delay: Duration::from_millis(5),
        };
        let slow = Node::with_reader(Settings::default(), store, Arc::new(slow)).await;
        let reader = Node::new(Settings::default()).await;
        let wanted = blocks(1000, size, 1);
        for node in [&good, &dying, &slow] {
            node.put(&wanted).await;
            reader.connect(node).await;
        }
        let session = reader.session(&wanted);
        fetch(&session, &cids(&wanted), |arrived| {
            if arrived == 400 {
                dying.stop();
            }
        })
        .await;
        let stat = reader.bitswap.stat();
        assert!(stat.duplicate_blocks < 50, "{size}: {stat:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_provider_is_asked_for_what_it_has() {
    let settings = Settings::default;
    let (a, b, reader) = (
        Node::new(settings()).await,
        Node::new(settings()).await,
        Node::new(settings()).await,
    );
    let wanted = blocks(300, 2000, 1);
    a.put(&wanted[..150]).await;
    b.put(&wanted[150..]).await;
    reader.connect(&a).await;
    reader.connect(&b).await;
    let session = reader.session(&wanted);
    fetch(&session, &cids(&wanted), |_| {}).await;
    assert_eq!(reader.bitswap.stat().duplicate_blocks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sessions_share_a_block() {
    let settings = Settings::default;
    let (a, b) = (Node::new(settings()).await, Node::new(settings()).await);
    let wanted = blocks(200, 2000, 1);
    a.put(&wanted).await;
    a.connect(&b).await;
    let cids = cids(&wanted);
    let one = b.bitswap.session(SessionRequest::new(cids[0].clone()));
    let two = b.bitswap.session(SessionRequest::new(cids[0].clone()));
    tokio::join!(fetch(&one, &cids, |_| {}), fetch(&two, &cids, |_| {}));
    assert!(b.bitswap.stat().wants.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_very_slow_provider_does_not_hold_up_the_end() {
    let good = Node::new(Settings::default()).await;
    let store = Arc::new(MemoryStore::new());
    // Blocks that it was asked for would take a quarter of an hour.
    let slow = Slow {
        inner: Arc::clone(&store),
        delay: Duration::from_secs(60),
    };
    let slow = Node::with_reader(Settings::default(), store, Arc::new(slow)).await;
    let reader = Node::new(Settings::default()).await;
    let wanted = blocks(200, 20_000, 1);
    for node in [&slow, &good] {
        node.put(&wanted).await;
        reader.connect(node).await;
    }
    let session = reader.session(&wanted);
    fetch(&session, &cids(&wanted), |_| {}).await;
    assert_eq!(reader.bitswap.stat().duplicate_blocks, 0);
}
