//! A peer that sends the messages of others once more.

use std::time::Duration;

use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::{NetworkBehaviour, Stream};
use prost::Message as _;
use tokio::sync::mpsc;

use super::*;
use crate::streams::{self, Streams};

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
struct OnlyStreams {
    streams: streams::Behaviour,
}

/// A frame, of which only the messages are looked at.
#[derive(Clone, PartialEq, prost::Message)]
struct Frame {
    #[prost(bytes = "vec", repeated, tag = "1")]
    subscriptions: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    messages: Vec<Vec<u8>>,
}

async fn read_frame(stream: &mut Stream) -> Option<Frame> {
    let mut length = 0_usize;
    for shift in (0..35).step_by(7) {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.ok()?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await.ok()?;
    Frame::decode(&*frame).ok()
}

async fn send(stream: &mut Stream, frame: &Frame) {
    let framed = frame.encode_length_delimited_to_vec();
    stream.write_all(&framed).await.unwrap();
    stream.flush().await.unwrap();
}

async fn open(streams: &Streams, node: &Node) -> Stream {
    let opened = streams.open(node.id, Vec::new(), "/meshsub/1.1.0");
    tokio::time::timeout(LIMIT, opened).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_sent_once_more_is_not_delivered_again() {
    let settings = || Settings {
        seen_ttl: Duration::from_millis(50),
        ..Settings::default()
    };
    let (author, reader) = (
        Node::start(settings(), &[]).await,
        Node::start(settings(), &[]).await,
    );
    let mut received = reader.subscribe("news").await;
    let (behaviour, streams) = streams::new(streams::Settings::default());
    let mut incoming = streams.accept("/meshsub/1.1.0").unwrap();
    let swarm = Swarm::new_ephemeral_tokio(|_| OnlyStreams { streams: behaviour });
    let between = run(swarm, [&author.swarm, &reader.swarm].into_iter()).await;
    let (frames, mut messages) = mpsc::unbounded_channel();
    let author_id = author.id;
    let taking = tokio::spawn(async move {
        while let Some((peer, mut stream)) = incoming.next().await {
            let frames = frames.clone();
            tokio::spawn(async move {
                while let Some(frame) = read_frame(&mut stream).await {
                    if peer == author_id && !frame.messages.is_empty() {
                        let _ = frames.send(frame);
                    }
                }
            });
        }
    });
    let mut to_author = open(&streams, &author).await;
    let mut to_reader = open(&streams, &reader).await;
    // The subscription to the topic.
    let subscription = [&[8, 1, 18, 4][..], b"news"].concat();
    let subscribe = Frame {
        subscriptions: vec![subscription],
        messages: Vec::new(),
    };
    send(&mut to_author, &subscribe).await;
    author.has_peers("news", 1).await;

    let mut seen = Vec::new();
    for data in [&b"one"[..], b"two"] {
        author.publish("news", data).await;
        let frame = tokio::time::timeout(LIMIT, messages.recv()).await;
        let frame = Frame {
            subscriptions: Vec::new(),
            ..frame.unwrap().unwrap()
        };
        send(&mut to_reader, &frame).await;
        assert_eq!(next(&mut received).await.data, data);
        seen.push(frame);
    }
    // The IDs of both are forgotten by now, their numbers are not.
    tokio::time::sleep(3 * settings().seen_ttl).await;
    for frame in &seen {
        send(&mut to_reader, frame).await;
    }
    author.publish("news", b"three").await;
    let frame = tokio::time::timeout(LIMIT, messages.recv()).await;
    send(&mut to_reader, &frame.unwrap().unwrap()).await;
    assert_eq!(next(&mut received).await.data, b"three");
    taking.abort();
    drop(between);
}
