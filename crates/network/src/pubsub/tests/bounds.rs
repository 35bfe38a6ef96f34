//! What slow readers and hostile peers cost.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_loses_the_oldest_messages_and_they_are_counted() {
    let settings = Settings {
        subscription_messages: 10,
        ..Settings::default()
    };
    let node = Node::start(settings, &[]).await;
    let mut messages = node.subscribe("flood").await;
    for count in 0..100_u8 {
        node.publish("flood", &[count]).await;
    }
    assert_eq!(node.pubsub.lost(), 90);
    for count in 90..100_u8 {
        assert_eq!(next(&mut messages).await.data, [count]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_holds_a_bounded_number_of_bytes() {
    let settings = Settings {
        subscription_bytes: 1 << 20,
        ..Settings::default()
    };
    let node = Node::start(settings, &[]).await;
    let mut messages = node.subscribe("flood").await;
    for count in 0..16_u8 {
        node.publish("flood", &vec![count; 300 << 10]).await;
    }
    assert_eq!(node.pubsub.lost(), 13);
    assert_eq!(next(&mut messages).await.data[0], 13);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_are_bounded_and_dropped_ones_do_not_count() {
    let settings = Settings {
        max_topics: 2,
        max_subscriptions: 3,
        ..Settings::default()
    };
    let node = Node::start(settings, &[]).await;
    let first = node.subscribe("a").await;
    let _second = node.subscribe("b").await;
    assert!(
        node.pubsub.subscribe(b"c".to_vec()).await.is_err(),
        "a third topic"
    );
    let _third = node.subscribe("b").await;
    assert!(
        node.pubsub.subscribe(b"b".to_vec()).await.is_err(),
        "a fourth subscription"
    );
    drop(first);
    drop(node.subscribe("c").await);
    for _ in 0..10_000 {
        drop(node.subscribe("c").await);
    }
    until(|| node.pubsub.topics() == [b"b"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_topics_of_a_peer_go_with_its_connection() {
    let node = Node::start(Settings::default(), &[]).await;
    let _own = node.subscribe("topic 0").await;
    for _ in 0..20 {
        let peer = Node::start(Settings::default(), &[&node]).await;
        let mut subscriptions = Vec::new();
        for count in 0..20 {
            subscriptions.push(peer.subscribe(&format!("topic {count}")).await);
        }
        node.has_peers("topic 19", 1).await;
        drop(peer);
        until(|| node.pubsub.shared.peers.read().is_empty()).await;
    }
    assert!(node.pubsub.peers(Some(b"topic 0")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_topics_of_a_peer_are_bounded() {
    let settings = Settings {
        max_peer_topics: 100,
        max_topic_length: 100,
        ..Settings::default()
    };
    let node = Node::start(settings, &[]).await;
    let peer = Node::start(Settings::default(), &[&node]).await;
    let mut subscriptions = vec![peer.subscribe(&"x".repeat(101)).await];
    for count in 0..1000 {
        subscriptions.push(peer.subscribe(&format!("topic {count}")).await);
    }
    let last = peer.subscribe("the end").await;
    node.has_peers("topic 50", 1).await;
    drop(last);
    drop(subscriptions);
    // What comes after the topics are gone is accepted again.
    until(|| peer.pubsub.topics().is_empty()).await;
    let _kept = peer.subscribe("one more").await;
    node.has_peers("one more", 1).await;
    let peers = node.pubsub.shared.peers.read();
    assert!(peers.values().all(|peer| peer.topics.len() <= 100));
}
