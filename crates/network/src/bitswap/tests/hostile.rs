//! Peers that do what they should not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cairn_primitives::Block;
use cairn_primitives::bitswap::{Entry, Message, Payload, Presence, PresenceKind, WantKind};
use cairn_store::exchange::Arrival;
use cairn_store::network::BlockExchange as _;
use futures_util::{AsyncReadExt as _, AsyncWriteExt as _, FutureExt as _, StreamExt as _};
use libp2p::swarm::SwarmEvent;
use libp2p::{PeerId, Stream, Swarm};
use libp2p_swarm_test::SwarmExt as _;

use super::raw::{Streams, raw};
use super::support::{Node, blocks, cids, fetch, soon, until};
use crate::bitswap::{MAX_WANTS, Settings, Version};

/// A hostile peer that is connected to a node.
struct Hostile {
    id: PeerId,
    streams: Streams,
    closed: tokio::task::JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.closed.abort();
    }
}

impl Hostile {
    async fn connect(node: &Node) -> Self {
        let (behaviour, streams) = raw();
        let mut swarm = Swarm::new_ephemeral_tokio(|_| behaviour);
        let id = *swarm.local_peer_id();
        swarm.dial_and_wait(node.address.clone()).await;
        let closed = tokio::spawn(async move {
            while !matches!(
                swarm.next().await,
                None | Some(SwarmEvent::ConnectionClosed { .. })
            ) {}
        });
        Self {
            id,
            streams,
            closed,
        }
    }

    async fn send(&self, messages: &[Message]) -> Stream {
        let mut stream = soon(self.streams.open()).await.unwrap();
        for message in messages {
            write(&mut stream, message).await;
        }
        stream
    }
}

async fn write(stream: &mut Stream, message: &Message) {
    for part in message.encode(Version::V1_2) {
        // The other side may have closed it.
        let _ = stream.write_all(&part).await;
    }
    let _ = stream.flush().await;
}

/// Waits until the other side has closed a stream.
async fn ended(mut stream: Stream) {
    let mut byte = [0];
    let read = soon(stream.read(&mut byte)).await;
    assert!(matches!(read, Ok(0) | Err(_)));
}

fn want(block: &Block, kind: WantKind) -> Entry {
    Entry {
        cid: block.cid.clone(),
        priority: 1,
        cancel: false,
        kind,
        send_dont_have: true,
    }
}

/// Whether a node still serves others.
async fn serves(node: &Node) {
    let wanted = blocks(20, 3000, 99);
    node.put(&wanted).await;
    let other = Node::new(Settings::default()).await;
    other.connect(node).await;
    let session = other.session(&wanted);
    fetch(&session, &cids(&wanted), |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_wants_is_bounded() {
    let node = Node::new(Settings::default()).await;
    let all = blocks(8000, 8, 7);
    let wantlist: Vec<_> = all
        .iter()
        .map(|block| want(block, WantKind::Block))
        .collect();
    let message = Message {
        wantlist,
        ..Message::default()
    };
    // A CID of a megabyte: the field is valid, the CID is ignored.
    let mut giant = Vec::new();
    let length = 1 << 20;
    for (tag, length) in [(0x0a, length + 8), (0x0a, length + 4), (0x0a, length)] {
        giant.push(tag);
        cairn_primitives::varint::encode(length as u64, &mut giant);
    }
    giant.resize(giant.len() + length, 0xff);
    let mut framed = Vec::new();
    cairn_primitives::varint::encode(giant.len() as u64, &mut framed);
    framed.extend_from_slice(&giant);

    for round in 0..100 {
        let hostile = Hostile::connect(&node).await;
        let id = cairn_primitives::PeerId::from(hostile.id);
        // Ten thousand and more for each connection, a million in all.
        let mut stream = hostile.send(&[message.clone(), message.clone()]).await;
        if round % 10 == 0 {
            let _ = stream.write_all(&framed).await;
            let _ = stream.flush().await;
        }
        until(|| {
            node.bitswap
                .wants_of(&id)
                .is_some_and(|wants| wants.len() == MAX_WANTS)
        })
        .await;
        drop(hostile);
        until(|| node.bitswap.wants_of(&id).is_none()).await;
    }
    assert!(node.bitswap.stat().peers.is_empty());
    serves(&node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_peers_share_the_room_for_wants() {
    let settings = Settings {
        peer_wants: 4000,
        ..Settings::default()
    };
    let node = Node::new(settings).await;
    let wantlist = blocks(1000, 8, 7);
    let message = Message {
        wantlist: wantlist
            .iter()
            .map(|block| want(block, WantKind::Block))
            .collect(),
        ..Message::default()
    };
    let mut peers = Vec::new();
    for _ in 0..20 {
        let hostile = Hostile::connect(&node).await;
        let id = cairn_primitives::PeerId::from(hostile.id);
        let stream = hostile.send(std::slice::from_ref(&message)).await;
        until(|| {
            node.bitswap
                .wants_of(&id)
                .is_some_and(|wants| !wants.is_empty())
        })
        .await;
        peers.push((hostile, stream, id));
    }
    let kept = peers
        .iter()
        .map(|(_, _, id)| node.bitswap.wants_of(id).unwrap().len());
    let kept: Vec<_> = kept.collect();
    assert!(kept.iter().sum::<usize>() <= 4000 + 1000, "{kept:?}");
    assert!(kept.iter().all(|wants| *wants >= 32), "{kept:?}");
    serves(&node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urgent_wants_replace_others() {
    let node = Node::new(Settings::default()).await;
    let hostile = Hostile::connect(&node).await;
    let id = cairn_primitives::PeerId::from(hostile.id);
    let message = |blocks: &[Block], priority| Message {
        wantlist: blocks
            .iter()
            .map(|block| Entry {
                priority,
                ..want(block, WantKind::Block)
            })
            .collect(),
        ..Message::default()
    };
    let old = blocks(MAX_WANTS, 8, 1);
    let new = blocks(10, 8, 2);
    let mut stream = hostile.send(&[message(&old, 1)]).await;
    until(|| {
        node.bitswap
            .wants_of(&id)
            .is_some_and(|wants| wants.len() == MAX_WANTS)
    })
    .await;
    write(&mut stream, &message(&new, 5)).await;
    until(|| {
        let wants = node.bitswap.wants_of(&id).unwrap();
        wants.len() == MAX_WANTS && new.iter().all(|block| wants.contains(&block.cid))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unasked_and_wrong_blocks_are_dropped() {
    let settings = Settings {
        strikes: 20,
        ..Settings::default()
    };
    let node = Node::new(settings).await;
    let hostile = Hostile::connect(&node).await;
    let [wanted, unasked] = [blocks(1, 100, 1), blocks(10, 100, 2)];
    let session = node.session(&wanted);
    let mut wants = session.want(cids(&wanted));
    // The bytes of another block under the prefix of the wanted one, and blocks that nobody wants.
    let mut payload: Vec<_> = unasked
        .iter()
        .map(|block| Payload::new(&block.cid, block.data.clone()))
        .collect();
    payload.push(Payload::new(&wanted[0].cid, unasked[0].data.slice(1..)));
    let message = Message {
        blocks: payload,
        ..Message::default()
    };
    let mut stream = hostile.send(std::slice::from_ref(&message)).await;
    until(|| node.bitswap.wrong_blocks() == 11).await;
    assert!(wants.next().now_or_never().is_none());
    assert!(!hostile.closed.is_finished());
    // The right one is taken from it nevertheless.
    let right = Message {
        blocks: vec![Payload::new(&wanted[0].cid, wanted[0].data.clone())],
        ..Message::default()
    };
    write(&mut stream, &right).await;
    let answer = soon(wants.next()).await.unwrap().unwrap();
    assert!(matches!(answer, Arrival::Block(block) if block.data() == &wanted[0].data));
    // It goes on, and is disconnected.
    write(&mut stream, &message).await;
    until(|| hostile.closed.is_finished()).await;
    serves(&node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_and_giant_messages_end_their_stream() {
    let settings = Settings {
        frame_timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let node = Node::new(settings).await;
    let hostile = Hostile::connect(&node).await;
    // 100 MiB, half a length, half a message, a length without an end, no protobuf.
    let mut hundred = Vec::new();
    cairn_primitives::varint::encode(100 << 20, &mut hundred);
    let half = [&[0x80, 0x80, 0x40][..], &[0; 1000]].concat();
    for bytes in [
        &hundred[..],
        &[0x80],
        &half,
        &[0xff; 12],
        &[3, 0x0a, 0x7f, 1],
    ] {
        let hostile = Hostile::connect(&node).await;
        let mut stream = soon(hostile.streams.open()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.flush().await.unwrap();
        ended(stream).await;
    }
    // A peer that goes on is disconnected.
    for _ in 0..3 {
        if let Some(mut stream) = soon(hostile.streams.open()).await {
            let _ = stream.write_all(&hundred).await;
            let _ = stream.flush().await;
            ended(stream).await;
        }
    }
    until(|| hostile.closed.is_finished()).await;
    until(|| node.bitswap.shared.receiving.load(Ordering::Relaxed) == 0).await;
    serves(&node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_read_holds_little_memory() {
    let node = Node::new(Settings::default()).await;
    let all = blocks(200, 256 << 10, 1);
    node.put(&all).await;
    let hostile = Hostile::connect(&node).await;
    let id = cairn_primitives::PeerId::from(hostile.id);
    let message = Message {
        wantlist: all
            .iter()
            .map(|block| want(block, WantKind::Block))
            .collect(),
        ..Message::default()
    };
    let memory = &node.bitswap.shared.send_memory;
    let free = memory.available_permits();
    let _stream = hostile.send(&[message]).await;
    // One message is stuck in the stream, another waits.
    until(|| memory.available_permits() < free).await;
    serves(&node).await;
    let most = 2 * (513 << 10) / 1024;
    assert!(free - memory.available_permits() <= most);
    assert!(node.bitswap.ledger(&id).sent < 100 * (256 << 10));
    drop(hostile);
    until(|| memory.available_permits() == free).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_are_bounded() {
    let node = Node::new(Settings::default()).await;
    let hostile = Hostile::connect(&node).await;
    let mut open = Vec::new();
    for _ in 0..300 {
        let Some(mut stream) = soon(hostile.streams.open()).await else {
            break;
        };
        // Half a message on each.
        let _ = stream.write_all(&[0x80]).await;
        let _ = stream.flush().await;
        open.push(stream);
    }
    serves(&node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_never_answers_is_replaced() {
    let settings = Settings {
        answer_timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    let node = Node::new(settings).await;
    let mut hostile = Hostile::connect(&node).await;
    let wanted = blocks(50, 3000, 1);
    let session = node.session(&wanted);
    let mut wants = session.want(cids(&wanted));
    // It says that it has everything, reads what it is asked for, and sends nothing.
    let mut inbound = soon(hostile.streams.inbound.recv()).await.unwrap();
    let presences = wanted.iter().map(|block| Presence {
        cid: block.cid.clone(),
        kind: PresenceKind::Have,
    });
    let have = Message {
        presences: presences.collect(),
        ..Message::default()
    };
    let _stream = hostile.send(&[have]).await;
    let reading = tokio::spawn(async move {
        let mut buffer = [0; 1024];
        while inbound.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    });
    let good = Node::new(Settings::default()).await;
    good.put(&wanted).await;
    good.connect(&node).await;
    for _ in 0..50 {
        let answer = soon(wants.next()).await.unwrap().unwrap();
        assert!(matches!(answer, Arrival::Block(_)), "{answer:?}");
    }
    reading.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_a_lively_peer_never_sends_comes_from_another() {
    let settings = Settings {
        answer_timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let node = Node::new(settings).await;
    let hostile = Hostile::connect(&node).await;
    let wanted = blocks(1, 3000, 1);
    let session = node.session(&wanted);
    let mut wants = session.want(cids(&wanted));
    until(|| !node.bitswap.stat().wants.is_empty()).await;
    // It says that it has the block, again and again, and does not send it.
    let have = Message {
        presences: vec![Presence {
            cid: wanted[0].cid.clone(),
            kind: PresenceKind::Have,
        }],
        ..Message::default()
    };
    let mut stream = hostile.send(std::slice::from_ref(&have)).await;
    let talking = tokio::spawn(async move {
        loop {
            write(&mut stream, &have).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let good = Node::new(Settings::default()).await;
    good.put(&wanted).await;
    good.connect(&node).await;
    let answer = soon(wants.next()).await.unwrap().unwrap();
    assert!(matches!(answer, Arrival::Block(_)), "{answer:?}");
    talking.abort();
}
