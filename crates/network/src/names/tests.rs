//! Nodes that exchange records.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cairn_primitives::PeerId;
use cairn_primitives::ipns::{Record, RecordOptions};
use cairn_primitives::keys::{KeyType, Keypair};
use cairn_primitives::path::ContentPath;
use cairn_store::names::NameOptions;
use cairn_store::network::{NameTopics as _, PubSub as _};
use cairn_store::network::{Records, RecordsError};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::{NetworkBehaviour, Swarm};
use libp2p_swarm_test::SwarmExt as _;

use super::{Combined, Settings, TopicRecords, TopicRecordsError, topic};
use crate::pubsub::{self, PubSub};
use crate::streams::{self, Streams};
use crate::testing::{LIMIT, Running, run, until};

#[derive(NetworkBehaviour)]
struct Parts {
    pubsub: pubsub::Behaviour,
    streams: streams::Behaviour,
}

struct Node {
    pubsub: PubSub,
    streams: Streams,
    records: TopicRecords,
    id: libp2p::PeerId,
    swarm: Running,
}

impl Node {
    async fn start(settings: Settings, others: &[&Node]) -> Self {
        let mut made = None;
        let swarm = Swarm::new_ephemeral_tokio(|key| {
            let (pubsub, topics) = pubsub::new(pubsub::Settings::default(), &key).unwrap();
            let (streams, handle) = streams::new(streams::Settings::default());
            made = Some((topics, handle));
            Parts { pubsub, streams }
        });
        let swarm = run(swarm, others.iter().map(|other| &other.swarm)).await;
        let (pubsub, streams) = made.unwrap();
        Self {
            records: TopicRecords::new(pubsub.clone(), streams.clone(), settings).unwrap(),
            pubsub,
            streams,
            id: swarm.id,
            swarm,
        }
    }

    async fn resolve(&self, name: &PeerId) -> Option<u64> {
        let record = self.records.resolve(name).await.unwrap();
        record.map(|record| record.sequence().unwrap())
    }

    fn known(&self, name: &PeerId) -> Option<u64> {
        let record = self.records.known(name);
        record.map(|record| record.sequence().unwrap())
    }
}

fn key() -> (Keypair, PeerId) {
    let key = Keypair::generate(KeyType::Ed25519).unwrap();
    let name = key.peer_id();
    (key, name)
}

fn record(key: &Keypair, sequence: u64) -> Bytes {
    let path: ContentPath = "/ipfs/bafkqaaa".parse().unwrap();
    let end = SystemTime::now() + Duration::from_secs(3600);
    let record = Record::sign(key, &path, &RecordOptions::new(sequence, end)).unwrap();
    record.as_bytes().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_reach_those_who_wait_and_those_who_come_later() {
    let (key, name) = key();
    let publisher = Node::start(Settings::default(), &[]).await;
    let reader = Node::start(Settings::default(), &[&publisher]).await;
    // It waits for a record that is published later.
    let (found, ()) = tokio::join!(reader.resolve(&name), async {
        until(|| {
            !publisher
                .pubsub
                .peers(Some(topic(&name).as_bytes()))
                .is_empty()
        })
        .await;
        publisher
            .records
            .publish(&name, &record(&key, 1))
            .await
            .unwrap();
    });
    assert_eq!(found, Some(1));
    publisher
        .records
        .publish(&name, &record(&key, 2))
        .await
        .unwrap();
    until(|| reader.known(&name) == Some(2)).await;
    // A node that comes later asks for it.
    let late = Node::start(Settings::default(), &[&reader]).await;
    assert_eq!(late.resolve(&name).await, Some(2));
    assert_eq!(late.records.names(), std::slice::from_ref(&name));
    assert!(late.records.cancel(&name));
    assert!(!late.records.cancel(&name));
    until(|| late.pubsub.topics().is_empty()).await;
    assert_eq!(late.known(&name), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_valid_and_better_records_are_kept() {
    let (key, name) = key();
    let (other, _) = self::key();
    let one = Node::start(Settings::default(), &[]).await;
    let two = Node::start(Settings::default(), &[&one]).await;
    one.records.publish(&name, &record(&key, 5)).await.unwrap();
    assert_eq!(two.resolve(&name).await, Some(5));
    // An older record is not published, and one of another key is refused.
    one.records.publish(&name, &record(&key, 4)).await.unwrap();
    let refused = one.records.publish(&name, &record(&other, 9)).await;
    assert!(matches!(refused, Err(TopicRecordsError::Invalid(_))));
    // Whatever else is published on the topic has no effect.
    for data in [
        record(&other, 9).to_vec(),
        record(&key, 4).to_vec(),
        b"noise".to_vec(),
        vec![0; 100_000],
    ] {
        one.pubsub
            .publish(topic(&name).into_bytes(), data)
            .await
            .unwrap();
    }
    one.records.publish(&name, &record(&key, 6)).await.unwrap();
    until(|| two.known(&name) == Some(6)).await;
    assert_eq!(one.known(&name), Some(6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_published_again_and_names_are_bounded() {
    let settings = Settings {
        max_names: 2,
        publish_interval: Duration::from_millis(20),
        max_wait: Duration::from_millis(1),
    };
    let one = Node::start(settings.clone(), &[]).await;
    let (key, name) = key();
    one.records.publish(&name, &record(&key, 1)).await.unwrap();
    let mut messages = one
        .pubsub
        .subscribe(topic(&name).into_bytes())
        .await
        .unwrap();
    for _ in 0..2 {
        let again = futures_util::StreamExt::next(&mut messages)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(again.data, record_of(&one, &name));
    }
    let mut names = vec![name.clone()];
    for _ in 0..3 {
        let (_, other) = self::key();
        assert_eq!(one.resolve(&other).await, None);
        assert_eq!(one.known(&name), Some(1), "it is used");
        names.push(other);
    }
    let mut kept = vec![names[0].clone(), names[3].clone()];
    kept.sort();
    assert_eq!(one.records.names(), kept);
}

#[tokio::test]
async fn a_request_of_a_peer_is_no_use_of_a_name() {
    let settings = Settings {
        max_names: 2,
        max_wait: Duration::from_millis(1),
        ..Settings::default()
    };
    let node = Node::start(settings, &[]).await;
    let mut names = [(); 3].map(|()| key().1);
    for name in &names {
        assert_eq!(node.resolve(name).await, None);
        // As for a peer.
        node.records.0.known(&names[0]);
    }
    names[1..].sort();
    assert_eq!(node.records.names(), names[1..]);
}

#[tokio::test]
async fn few_peers_are_asked_at_once() {
    let (_, name) = key();
    let one = Node::start(Settings::default(), &[]).await;
    let two = Node::start(Settings::default(), &[&one]).await;
    let inner = &two.records.0;
    let topic = topic(&name).into_bytes();
    let _messages = one.pubsub.subscribe(topic.clone()).await.unwrap();
    until(|| two.pubsub.peers(Some(&topic)).len() == 1).await;
    super::work::ask_present(inner, &name);
    let free = inner.asking.available_permits();
    assert_eq!(free, super::work::MAX_EXCHANGES - 1);
    // Each request holds it.
    assert_eq!(Arc::strong_count(inner), 2);
    inner.asking.forget_permits(free);
    super::work::ask_present(inner, &name);
    assert_eq!(Arc::strong_count(inner), 2);
}

fn record_of(node: &Node, name: &PeerId) -> Vec<u8> {
    node.records.known(name).unwrap().as_bytes().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_end_their_stream_only() {
    let (key, name) = key();
    let one = Node::start(Settings::default(), &[]).await;
    let two = Node::start(Settings::default(), &[&one]).await;
    one.records.publish(&name, &record(&key, 1)).await.unwrap();
    let bad: [&[u8]; 5] = [
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xff\xff\x7f",
        b"\x02\x0a\xff",
        b"\x05\x0a",
        b"",
    ];
    for data in bad {
        let opened = two.streams.open(one.id, Vec::new(), super::fetch::PROTOCOL);
        let mut stream = opened.await.unwrap();
        stream.write_all(data).await.unwrap();
        stream.close().await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer))
            .await
            .unwrap();
        assert!(read.is_err() || answer.is_empty());
    }
    // An unknown key is answered, and what was sent before has no effect.
    let opened = two.streams.open(one.id, Vec::new(), super::fetch::PROTOCOL);
    let unknown = super::fetch::request(opened.await.unwrap(), b"/ipns/\xff").await;
    assert_eq!(unknown.unwrap(), None);
    assert_eq!(two.resolve(&name).await, Some(1));
}

/// A source with a record, or none that answers.
struct Fixed(Option<Bytes>);

impl Records for Fixed {
    fn put<'a>(&'a self, _: &'a PeerId, _: &'a Bytes) -> BoxFuture<'a, Result<(), RecordsError>> {
        std::future::ready(Err(RecordsError::TimedOut)).boxed()
    }

    fn get<'a>(
        &'a self,
        _: &'a PeerId,
        _: &'a NameOptions,
    ) -> BoxFuture<'a, Result<Option<Bytes>, RecordsError>> {
        match &self.0 {
            Some(record) => std::future::ready(Ok(Some(record.clone()))).boxed(),
            None => std::future::pending().boxed(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_source_with_a_record_answers() {
    let (key, name) = key();
    let options = NameOptions::default();
    let node = Node::start(Settings::default(), &[]).await;
    let other = Some(Arc::new(Fixed(Some(record(&key, 3)))) as Arc<dyn Records>);
    let combined = Combined::new(node.records.clone(), other);
    let sequence = |found: Result<Option<Bytes>, _>| {
        Record::decode(&found.unwrap().unwrap())
            .unwrap()
            .sequence()
            .unwrap()
    };
    assert_eq!(sequence(combined.get(&name, &options).await), 3);
    // One of both sources takes the record.
    combined.put(&name, &record(&key, 4)).await.unwrap();
    let silent = Some(Arc::new(Fixed(None)) as Arc<dyn Records>);
    let combined = Combined::new(node.records.clone(), silent);
    assert_eq!(sequence(combined.get(&name, &options).await), 4);
}
