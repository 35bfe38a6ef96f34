//! Nodes that forward connections through each other.

use cairn_store::network::{PeerAddresses, TunnelError, TunnelFilter, Tunnels as _};
use futures_util::StreamExt as _;
use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::Swarm;
use libp2p::{Multiaddr, PeerId};
use libp2p_swarm_test::SwarmExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{AcceptError, Behaviour, OpenError, Settings, Streams, TcpTunnels, new};
use crate::testing::{LIMIT, until};

struct Node {
    streams: Streams,
    tunnels: TcpTunnels,
    id: PeerId,
    address: Multiaddr,
    swarm: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

impl Node {
    async fn start(settings: Settings) -> Self {
        let mut made = None;
        let mut swarm: Swarm<Behaviour> = Swarm::new_ephemeral_tokio(|_| {
            let (behaviour, streams) = new(settings);
            made = Some(streams);
            behaviour
        });
        let (_, address) = swarm.listen().await;
        let streams = made.unwrap();
        let id = *swarm.local_peer_id();
        Self {
            tunnels: TcpTunnels::new(streams.clone(), id),
            streams,
            id,
            address,
            swarm: tokio::spawn(async move { swarm.loop_on_next().await }),
        }
    }

    fn as_target(&self) -> PeerAddresses {
        PeerAddresses {
            peer: cairn_primitives::PeerId::from(self.id),
            addresses: vec![self.address.to_string().parse().unwrap()],
        }
    }
}

/// A local service that answers each connection with what it sent, after its end, and its address.
async fn echo() -> cairn_primitives::Multiaddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut all = Vec::new();
                connection.read_to_end(&mut all).await.unwrap();
                connection.write_all(&all).await.unwrap();
            });
        }
    });
    format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()
}

async fn connect(listener: &cairn_primitives::Multiaddr) -> TcpStream {
    let socket = super::address::socket(listener).unwrap();
    TcpStream::connect(socket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_opened_and_accepted_by_protocol() {
    let one = Node::start(Settings::default()).await;
    let two = Node::start(Settings::default()).await;
    let mut incoming = one.streams.accept("/test/1").unwrap();
    let again = one.streams.accept("/test/1");
    assert_eq!(again.err(), Some(AcceptError::Exists("/test/1".to_owned())));
    assert!(one.streams.accept("no slash").is_err());

    let addresses = vec![one.address.clone()];
    let mut out = two
        .streams
        .open(one.id, addresses, "/test/1")
        .await
        .unwrap();
    out.write_all(b"request").await.unwrap();
    out.close().await.unwrap();
    let (peer, mut stream) = incoming.next().await.unwrap();
    assert_eq!(peer, two.id);
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"request");

    let other = two.streams.open(one.id, Vec::new(), "/test/2").await;
    assert_eq!(other.err(), Some(OpenError::Unsupported));
    drop(incoming);
    let closed = two.streams.open(one.id, Vec::new(), "/test/1").await;
    assert_eq!(closed.err(), Some(OpenError::Unsupported));
    let nobody = two
        .streams
        .open(PeerId::random(), Vec::new(), "/test/1")
        .await;
    assert!(matches!(nobody.err(), Some(OpenError::Dial(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_nobody_takes_are_reset() {
    let settings = Settings {
        max_waiting: 3,
        ..Settings::default()
    };
    let one = Node::start(settings).await;
    let two = Node::start(Settings::default()).await;
    let _incoming = one.streams.accept("/test/1").unwrap();
    let mut kept = Vec::new();
    let mut reset = 0;
    for _ in 0..50 {
        let addresses = vec![one.address.clone()];
        let mut stream = two
            .streams
            .open(one.id, addresses, "/test/1")
            .await
            .unwrap();
        // It may be reset already.
        let _ = stream.write_all(b"x").await;
        kept.push(stream);
    }
    for stream in &mut kept[3..] {
        let read = tokio::time::timeout(LIMIT, stream.read(&mut [0])).await;
        reset += usize::from(matches!(read, Ok(Ok(0) | Err(_))));
    }
    assert_eq!(reset, 47);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_forwarded_to_a_service_of_a_peer() {
    let server = Node::start(Settings::default()).await;
    let client = Node::start(Settings::default()).await;
    let service = echo().await;
    server
        .tunnels
        .listen("/x/echo".to_owned(), service.clone(), true)
        .unwrap();
    let again = server.tunnels.listen("/x/echo".to_owned(), service, true);
    assert!(matches!(again, Err(TunnelError::Exists(_))));
    let any = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
    let forwarded = client
        .tunnels
        .forward("/x/echo".to_owned(), any, server.as_target());
    forwarded.await.unwrap();
    let listeners = client.tunnels.listeners();
    assert_eq!(
        listeners[0].target.to_string(),
        format!("/p2p/{}", server.id)
    );

    let data: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 253) as u8).collect();
    for size in [0, 1, data.len()] {
        let (mut read, mut write) = connect(&listeners[0].listen).await.into_split();
        let sent = data[..size].to_vec();
        let sender = tokio::spawn(async move {
            write.write_all(&sent).await.unwrap();
            write.shutdown().await.unwrap();
        });
        let mut all = Vec::new();
        tokio::time::timeout(LIMIT, read.read_to_end(&mut all))
            .await
            .unwrap()
            .unwrap();
        sender.await.unwrap();
        let head = format!("{}\n", client.id);
        assert_eq!(&all[..head.len()], head.as_bytes());
        assert!(all[head.len()..] == data[..size]);
    }
    until(|| client.tunnels.open().is_empty() && server.tunnels.open().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tunnels_are_listed_and_ended() {
    let server = Node::start(Settings::default()).await;
    let client = Node::start(Settings::default()).await;
    let service = echo().await;
    server
        .tunnels
        .listen("/x/echo".to_owned(), service.clone(), false)
        .unwrap();
    let any: cairn_primitives::Multiaddr = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
    for protocol in ["/x/echo", "/x/other"] {
        let forwarded =
            client
                .tunnels
                .forward(protocol.to_owned(), any.clone(), server.as_target());
        forwarded.await.unwrap();
    }
    let listeners = client.tunnels.listeners();
    let echo = listeners
        .iter()
        .find(|it| it.protocol == "/x/echo")
        .unwrap();
    let mut connection = connect(&echo.listen).await;
    connection.write_all(b"x").await.unwrap();
    until(|| client.tunnels.open().len() == 1 && server.tunnels.open().len() == 1).await;
    let open = &server.tunnels.open()[0];
    assert_eq!(open.origin.to_string(), format!("/p2p/{}", client.id));
    assert_eq!((&*open.protocol, &open.target), ("/x/echo", &service));
    assert_eq!(server.tunnels.end(Some(open.id + 1)), 0);
    assert_eq!(server.tunnels.end(Some(open.id)), 1);
    // The client's connection ends with it.
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(LIMIT, connection.read_to_end(&mut rest)).await;
    assert!(ended.is_ok() && rest.is_empty());
    drop(connection);
    until(|| client.tunnels.open().is_empty()).await;

    // A protocol that the peer does not accept.
    let other = listeners
        .iter()
        .find(|it| it.protocol == "/x/other")
        .unwrap();
    let mut connection = connect(&other.listen).await;
    let ended = tokio::time::timeout(LIMIT, connection.read_to_end(&mut rest)).await;
    assert!(ended.is_ok() && rest.is_empty());

    let filter = TunnelFilter {
        protocol: Some("/x/other".to_owned()),
        ..TunnelFilter::default()
    };
    assert_eq!(client.tunnels.close(&filter), 1);
    assert_eq!(client.tunnels.close(&TunnelFilter::default()), 1);
    assert!(client.tunnels.listeners().is_empty());
    let socket = super::address::socket(&echo.listen).unwrap();
    let refused = async {
        while TcpStream::connect(socket).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, refused).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_and_tunnels_are_bounded() {
    let settings = Settings {
        max_listeners: 2,
        max_tunnels: 1,
        ..Settings::default()
    };
    let node = Node::start(settings).await;
    let peer = Node::start(Settings::default()).await;
    let service = echo().await;
    peer.tunnels
        .listen("/x/echo".to_owned(), service.clone(), false)
        .unwrap();
    let any: cairn_primitives::Multiaddr = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
    for _ in 0..2 {
        let forwarded = node
            .tunnels
            .forward("/x/echo".to_owned(), any.clone(), peer.as_target());
        forwarded.await.unwrap();
    }
    let third = node.tunnels.listen("/x/echo".to_owned(), service, false);
    assert!(matches!(third, Err(TunnelError::TooMany(2))));
    let listen = node.tunnels.listeners()[0].listen.clone();
    let _first = connect(&listen).await;
    until(|| node.tunnels.open().len() == 1).await;
    let mut second = connect(&listen).await;
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(LIMIT, second.read_to_end(&mut rest)).await;
    assert!(closed.is_ok() && rest.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_end_with_the_last_clone() {
    let node = Node::start(Settings::default()).await;
    let tunnels = TcpTunnels::new(node.streams.clone(), node.id);
    let service = echo().await;
    tunnels
        .listen("/x/echo".to_owned(), service, false)
        .unwrap();
    drop(tunnels.clone());
    assert!(node.streams.accept("/x/echo").is_err());
    drop(tunnels);
    until(|| node.streams.accept("/x/echo").is_ok()).await;
}
