//! What a hostile peer costs a node with messages by topic: its memory is measured, so this is a process of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use cairn_network::pubsub::{self, PubSub};
use cairn_network::streams::{self, Streams};
use cairn_store::network::PubSub as _;
use futures_util::StreamExt as _;
use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::{NetworkBehaviour, Stream, Swarm};
use libp2p::{Multiaddr, PeerId};
use libp2p_swarm_test::SwarmExt as _;
use prost::Message as _;
use tokio::task::JoinHandle;

/// The longest that this waits for something.
const LIMIT: Duration = Duration::from_secs(120);

/// How long a write may wait: the node reads no further after an invalid frame, and need not say so.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most bytes by which the process may grow in all of these attacks.
const BOUND: usize = 256 << 20;

/// Frames, as peers write them.
mod proto {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Rpc {
        #[prost(message, repeated, tag = "1")]
        pub(crate) subscriptions: Vec<Subscription>,
        #[prost(message, repeated, tag = "2")]
        pub(crate) publish: Vec<Published>,
        #[prost(message, optional, tag = "3")]
        pub(crate) control: Option<Control>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Subscription {
        #[prost(bool, optional, tag = "1")]
        pub(crate) subscribe: Option<bool>,
        #[prost(string, optional, tag = "2")]
        pub(crate) topic: Option<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Published {
        #[prost(bytes = "vec", optional, tag = "2")]
        pub(crate) data: Option<Vec<u8>>,
        #[prost(string, tag = "4")]
        pub(crate) topic: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Control {
        #[prost(message, repeated, tag = "3")]
        pub(crate) graft: Vec<Graft>,
        #[prost(message, repeated, tag = "4")]
        pub(crate) prune: Vec<Prune>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Graft {
        #[prost(string, optional, tag = "1")]
        pub(crate) topic: Option<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Prune {
        #[prost(string, optional, tag = "1")]
        pub(crate) topic: Option<String>,
        #[prost(uint64, optional, tag = "3")]
        pub(crate) backoff: Option<u64>,
    }
}

struct Node {
    pubsub: PubSub,
    address: Multiaddr,
    id: PeerId,
    swarm: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

impl Node {
    async fn start(others: &[&Node]) -> Self {
        let mut made = None;
        let mut swarm: Swarm<pubsub::Behaviour> = Swarm::new_ephemeral_tokio(|key| {
            let (behaviour, handle) = pubsub::new(pubsub::Settings::default(), &key).unwrap();
            made = Some(handle);
            behaviour
        });
        let (_, address) = swarm.listen().await;
        for other in others {
            swarm.dial_and_wait(other.address.clone()).await;
        }
        Self {
            pubsub: made.unwrap(),
            address,
            id: *swarm.local_peer_id(),
            swarm: tokio::spawn(async move { swarm.loop_on_next().await }),
        }
    }
}

/// A peer that writes what it likes.
struct Hostile {
    streams: Streams,
    swarm: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

#[derive(NetworkBehaviour)]
struct OnlyStreams {
    streams: streams::Behaviour,
}

impl Hostile {
    fn start() -> Self {
        let (streams, handle) = streams::new(streams::Settings::default());
        let swarm = Swarm::new_ephemeral_tokio(|_| OnlyStreams { streams });
        // The node ends its side with peers that take nothing from it.
        let mut incoming = handle.accept("/meshsub/1.1.0").unwrap();
        let take = async move {
            let mut streams = Vec::new();
            while let Some(stream) = incoming.next().await {
                streams.push(stream);
            }
        };
        Self {
            streams: handle,
            swarm: tokio::spawn(async move {
                tokio::join!(swarm.loop_on_next(), take);
            }),
        }
    }

    async fn open(&self, node: &Node) -> Stream {
        let addresses = vec![node.address.clone()];
        let opened = self.streams.open(node.id, addresses, "/meshsub/1.1.0");
        opened.await.unwrap()
    }
}

/// Sends frames as a new peer, until all are sent or the node reads no further.
async fn send(node: &Node, frames: impl IntoIterator<Item = proto::Rpc>) {
    let hostile = Hostile::start();
    let mut stream = hostile.open(node).await;
    for frame in frames {
        if !write(&mut stream, &frame.encode_length_delimited_to_vec()).await {
            return;
        }
    }
    // The node has read everything when it ends its side, which it does after the end of this one.
    let _ = stream.close().await;
    let _ = tokio::time::timeout(PATIENCE, stream.read(&mut [0])).await;
}

/// Whether everything was written.
async fn write(stream: &mut Stream, data: &[u8]) -> bool {
    let written = tokio::time::timeout(PATIENCE, stream.write_all(data)).await;
    matches!(written, Ok(Ok(())))
}

/// The bytes of memory that this process uses.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

/// Waits until a topic has so many peers.
async fn has_peers(node: &Node, topic: &str, count: usize) {
    let met = async {
        while node.pubsub.peers(Some(topic.as_bytes())).len() != count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LIMIT, met).await.unwrap();
}

/// Checks that a message still goes from one node to another.
async fn serves(node: &Node, peer: &Node, topic: &str) {
    let mut messages = node.pubsub.subscribe(topic.into()).await.unwrap();
    let exchanged = async {
        has_peers(peer, topic, 1).await;
        peer.pubsub
            .publish(topic.into(), b"still here".to_vec())
            .await
            .unwrap();
        while messages.next().await.unwrap().unwrap().data != b"still here" {}
    };
    tokio::time::timeout(LIMIT, exchanged).await.unwrap();
}

fn subscriptions(topics: impl Iterator<Item = String>) -> proto::Rpc {
    let subscription = |topic| proto::Subscription {
        subscribe: Some(true),
        topic: Some(topic),
    };
    proto::Rpc {
        subscriptions: topics.map(subscription).collect(),
        ..proto::Rpc::default()
    }
}

fn grafts(from: usize, to: usize) -> proto::Rpc {
    let topic = |count| Some(format!("{count:08}"));
    proto::Rpc {
        control: Some(proto::Control {
            graft: (from..to)
                .map(|count| proto::Graft {
                    topic: topic(count),
                })
                .collect(),
            prune: Vec::new(),
        }),
        ..proto::Rpc::default()
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_peers_cost_bounded_memory_and_others_are_served() {
    let node = Node::start(&[]).await;
    let peer = Node::start(&[&node]).await;
    serves(&node, &peer, "before").await;
    let _kept = node.pubsub.subscribe(b"topic".to_vec()).await.unwrap();
    let before = memory();

    // A million topics to join, most of which the node does not have.
    let step = 10_000;
    send(
        &node,
        (0..100).map(|frame| grafts(frame * step, (frame + 1) * step)),
    )
    .await;
    serves(&node, &peer, "after GRAFT").await;

    // A million subscriptions, some with long names, and half a million more in frames that are too large.
    let short = (0..200)
        .map(|frame| subscriptions((0..5_000).map(move |count| format!("{frame} {count}"))));
    send(&node, short).await;
    let long = (0..300).map(|frame| {
        subscriptions((0..200).map(move |count| format!("{frame} {count} {}", "x".repeat(1000))))
    });
    send(&node, long).await;
    let large = (0..5).map(|_| subscriptions((0..100_000).map(|count| count.to_string())));
    send(&node, large).await;
    serves(&node, &peer, "after subscriptions").await;

    // PRUNE with the longest pause.
    let prune = |topic: &str| proto::Prune {
        topic: Some(topic.to_owned()),
        backoff: Some(u64::MAX),
    };
    let control = proto::Control {
        graft: Vec::new(),
        prune: vec![prune("topic"), prune("unknown"), prune("")],
    };
    let pruned = proto::Rpc {
        control: Some(control),
        ..proto::Rpc::default()
    };
    send(&node, vec![pruned; 100]).await;
    serves(&node, &peer, "after PRUNE").await;

    // Large messages without a signature, and of topics that the node does not have.
    let message = |topic: &str| proto::Rpc {
        publish: vec![proto::Published {
            data: Some(vec![7; 1_000_000]),
            topic: topic.to_owned(),
        }],
        ..proto::Rpc::default()
    };
    send(&node, (0..100).map(|_| message("topic"))).await;
    send(&node, (0..100).map(|_| message("unknown"))).await;
    serves(&node, &peer, "after messages").await;

    // A frame that claims 100 MiB, and half frames that stay open.
    let hostile = Hostile::start();
    let mut stream = hostile.open(&node).await;
    write(&mut stream, b"\x80\x80\x80\x32").await;
    for _ in 0..100 {
        if !write(&mut stream, &vec![0; 1 << 20]).await {
            break;
        }
    }
    let mut open = Vec::new();
    for _ in 0..20 {
        let hostile = Hostile::start();
        let mut stream = hostile.open(&node).await;
        write(&mut stream, b"\x80\x80\x30").await;
        write(&mut stream, &[0; 1000]).await;
        open.push((hostile, stream));
    }
    serves(&node, &peer, "after half frames").await;

    // A peer that comes and goes, each time with as many topics as it may have.
    let last = "3999 yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
    let topics = || subscriptions((0..4_000).map(|count| format!("{count} {}", "y".repeat(30))));
    for _ in 0..100 {
        let hostile = Hostile::start();
        let mut stream = hostile.open(&node).await;
        let frame = topics().encode_length_delimited_to_vec();
        stream.write_all(&frame).await.unwrap();
        stream.flush().await.unwrap();
        has_peers(&node, last, 1).await;
        drop((stream, hostile));
        has_peers(&node, last, 0).await;
    }
    serves(&node, &peer, "after reconnections").await;

    let grown = memory().saturating_sub(before);
    assert!(grown < BOUND, "{} MiB more than before", grown >> 20);
}
