//! What arrives, and in which order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_store::NetworkError;

use super::super::{Acceptance, PubSubError};
use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_arrive_in_order_with_author_and_number() {
    let one = Node::start(Settings::default(), &[]).await;
    let mut messages = one.subscribe("news").await;
    let two = Node::start(Settings::default(), &[&one]).await;
    two.has_peers("news", 1).await;
    assert_eq!(one.pubsub.topics(), [b"news".to_vec()]);
    assert_eq!(two.pubsub.topics(), Vec::<Vec<u8>>::new());

    let mut last = 0;
    for count in 0..100_u32 {
        two.publish("news", &count.to_le_bytes()).await;
        let message = next(&mut messages).await;
        assert_eq!(message.data, count.to_le_bytes());
        assert_eq!(message.topic, b"news");
        assert_eq!(message.from, cairn_primitives::PeerId::from(two.id));
        let number = u64::from_be_bytes(message.sequence.try_into().unwrap());
        assert!(number > last);
        last = number;
    }
    // The author is known; its last message again would be ignored.
    let two_id = cairn_primitives::PeerId::from(two.id);
    assert_eq!(one.pubsub.forget(Some(&two_id)).await.unwrap(), 1);
    assert_eq!(one.pubsub.forget(Some(&two_id)).await.unwrap(), 0);
    assert_eq!(two.pubsub.forget(None).await.unwrap(), 1, "its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_pass_through_a_node_in_between() {
    let middle = Node::start(Settings::default(), &[]).await;
    let mut own = middle.subscribe("chain").await;
    let left = Node::start(Settings::default(), &[&middle]).await;
    let right = Node::start(Settings::default(), &[&middle]).await;
    let mut received = right.subscribe("chain").await;
    let mut sent = left.subscribe("chain").await;
    middle.has_peers("chain", 2).await;
    left.has_peers("chain", 1).await;

    left.publish("chain", b"hello").await;
    for messages in [&mut own, &mut received, &mut sent] {
        let message = next(messages).await;
        assert_eq!(message.data, b"hello");
        assert_eq!(message.from, cairn_primitives::PeerId::from(left.id));
    }
    assert_eq!(middle.pubsub.peers(None).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_peers_delivers_to_itself() {
    let node = Node::start(Settings::default(), &[]).await;
    node.publish("alone", b"nobody reads this").await;
    let mut first = node.subscribe("alone").await;
    let mut second = node.subscribe("alone").await;
    node.publish("alone", b"both read this").await;
    assert_eq!(next(&mut first).await.data, b"both read this");
    assert_eq!(next(&mut second).await, {
        node.publish("alone", b"more").await;
        let mut message = next(&mut first).await;
        message.data = b"both read this".to_vec();
        let number = u64::from_be_bytes(message.sequence.try_into().unwrap());
        message.sequence = (number - 1).to_be_bytes().to_vec();
        message
    });
    drop(first);
    assert_eq!(node.pubsub.topics().len(), 1);
    drop(second);
    until(|| node.pubsub.topics().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_arrive_and_larger_ones_are_refused() {
    let one = Node::start(Settings::default(), &[]).await;
    let mut messages = one.subscribe("large").await;
    let two = Node::start(Settings::default(), &[&one]).await;
    two.has_peers("large", 1).await;

    let limit = super::super::settings::max_message("large");
    assert!(limit > 1_000_000);
    let largest: Vec<u8> = (0..limit).map(|at| (at % 251) as u8).collect();
    for _ in 0..3 {
        two.publish("large", &largest).await;
        assert!(next(&mut messages).await.data == largest);
    }
    let refused = two
        .pubsub
        .publish(b"large".to_vec(), vec![0; limit + 1])
        .await;
    let NetworkError::Failed { source, .. } = refused.unwrap_err() else {
        panic!("another error");
    };
    let expected = PubSubError::MessageTooLong {
        length: limit + 1,
        limit,
    };
    assert_eq!(source.downcast_ref(), Some(&expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_have_any_text_but_only_text() {
    let one = Node::start(Settings::default(), &[]).await;
    let two = Node::start(Settings::default(), &[&one]).await;
    let names = [
        "",
        " ",
        "\0",
        "../../etc/passwd",
        "\u{1b}[2J\u{202e}txt",
        "ünïcødé 🦀",
        &"x".repeat(512),
    ];
    for name in names {
        let mut messages = one.subscribe(name).await;
        two.has_peers(name, 1).await;
        two.publish(name, name.as_bytes()).await;
        let message = next(&mut messages).await;
        assert_eq!(
            (&*message.topic, &*message.data),
            (name.as_bytes(), name.as_bytes())
        );
    }
    for bad in [b"\xff\xfe".to_vec(), vec![b'x'; 513]] {
        assert!(one.pubsub.subscribe(bad.clone()).await.is_err());
        assert!(one.pubsub.publish(bad.clone(), Vec::new()).await.is_err());
        assert!(one.pubsub.peers(Some(&bad)).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_decides_what_is_delivered_and_passed_on() {
    let middle = Node::start(Settings::default(), &[]).await;
    let seen = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&seen);
    let validator = move |message: &Message| {
        count.fetch_add(1, Ordering::Relaxed);
        match &*message.data {
            b"good" => Acceptance::Accept,
            b"old" => Acceptance::Ignore,
            _ => Acceptance::Reject,
        }
    };
    let validation = middle
        .pubsub
        .validate("checked".to_owned(), Arc::new(validator));
    let validation = validation.await.unwrap();
    let every = Arc::new(|_: &Message| Acceptance::Accept);
    let second = middle.pubsub.validate("checked".to_owned(), every);
    assert!(second.await.is_err());
    let mut validated = middle.subscribe("checked").await;
    let mut joins = middle.pubsub.joins();
    let left = Node::start(Settings::default(), &[&middle]).await;
    let right = Node::start(Settings::default(), &[&middle]).await;
    let mut received = right.subscribe("checked").await;
    middle.has_peers("checked", 1).await;
    left.has_peers("checked", 1).await;
    for data in [&b"bad"[..], b"old", b"good"] {
        left.publish("checked", data).await;
    }
    assert_eq!(next(&mut validated).await.data, b"good");
    assert_eq!(next(&mut received).await.data, b"good");
    assert_eq!(seen.load(Ordering::Relaxed), 3);
    assert_eq!(joins.try_recv().unwrap().peer, right.id);

    // Without its validation a topic has all messages again.
    drop(validation);
    until(|| Arc::strong_count(&seen) == 1).await;
    left.publish("checked", b"bad").await;
    assert_eq!(next(&mut validated).await.data, b"bad");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_node_ends_its_subscriptions() {
    let node = Node::start(Settings::default(), &[]).await;
    let mut messages = node.subscribe("end").await;
    node.publish("end", b"last").await;
    let pubsub = node.pubsub.clone();
    drop(node);
    assert_eq!(next(&mut messages).await.data, b"last");
    assert!(
        tokio::time::timeout(LIMIT, messages.next())
            .await
            .unwrap()
            .is_none()
    );
    let closed = pubsub.publish(b"end".to_vec(), Vec::new()).await;
    assert!(matches!(closed, Err(NetworkError::Closed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_by_several_ways_is_delivered_once() {
    let mut nodes: Vec<Node> = Vec::new();
    let mut subscriptions = Vec::new();
    for _ in 0..5 {
        let node = Node::start(Settings::default(), &nodes.iter().collect::<Vec<_>>()).await;
        subscriptions.push(node.subscribe("ring").await);
        nodes.push(node);
    }
    for node in &nodes {
        node.has_peers("ring", 4).await;
    }
    for count in 0..100_u32 {
        nodes[0].publish("ring", &count.to_le_bytes()).await;
    }
    let mut sequence = 0;
    for (at, messages) in subscriptions.iter_mut().enumerate() {
        for count in 0..100_u32 {
            let message = next(messages).await;
            assert_eq!(message.data, count.to_le_bytes(), "at node {at}");
            // Eight bytes, the most significant first, and growing, as Kubo has them.
            let number = u64::from_be_bytes(message.sequence.try_into().unwrap());
            assert!(count == 0 || number > sequence);
            sequence = number;
        }
    }
    // Whatever would come twice has come when a later message is there.
    nodes[1].publish("ring", b"end").await;
    for messages in &mut subscriptions {
        assert_eq!(next(messages).await.data, b"end");
    }
}
