//! Connections over every transport.

use std::time::Duration;

use cairn_network::host::{Settings, WssCertificate};
use cairn_store::network::{Bandwidth as _, Direction, NetworkError, PeerAddresses, Swarm as _};
use futures_util::StreamExt as _;

use crate::support::{TCP, plain, start, until};

/// How long a swarm of libp2p may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A swarm of libp2p with its own TLS.
fn with_libp2p_tls() -> libp2p::Swarm<libp2p::ping::Behaviour> {
    let builder = libp2p::SwarmBuilder::with_new_identity().with_tokio();
    let builder = builder.with_tcp(
        libp2p::tcp::Config::default(),
        libp2p::tls::Config::new,
        libp2p::yamux::Config::default,
    );
    let builder = builder
        .unwrap()
        .with_behaviour(|_| libp2p::ping::Behaviour::default());
    builder.unwrap().build()
}

/// Connects two hosts, and checks what each knows of the other.
async fn meet(
    listen: &str,
    dialer: impl FnOnce(&mut Settings),
    listener: impl FnOnce(&mut Settings),
) {
    let (a, b) = (start(listen, dialer).await, start(listen, listener).await);
    a.connect(b.here()).await.unwrap();
    until("both are connected", || {
        a.is_connected(&b) && b.is_connected(&a)
    })
    .await;
    until("both are identified", || {
        a.identity(&b.id).is_some() && b.identity(&a.id).is_some()
    })
    .await;
    let known = a.identity(&b.id).unwrap();
    assert_eq!(known.agent, concat!("cairn/", env!("CARGO_PKG_VERSION")));
    assert!(known.public_key.is_some());
    let mut pings = a.ping(b.id.clone());
    for _ in 0..3 {
        pings.next().await.unwrap().unwrap();
    }
    until("the latency is measured", || {
        a.connections().iter().all(|open| open.latency.is_some())
    })
    .await;
    let open = a.connections();
    assert_eq!(open.len(), 1);
    let streams = &open.first().unwrap().streams;
    assert!(
        streams.iter().any(|name| name == "/ipfs/ping/1.0.0"),
        "{streams:?}"
    );
    assert_eq!(open.first().unwrap().direction, Direction::Outbound);
    assert_eq!(
        b.connections().first().unwrap().direction,
        Direction::Inbound
    );
    assert!(a.of_protocol("/ipfs/ping/1.0.0").sent >= 96);
    assert!(a.of_peer(&b.id).received >= 96);
    assert_eq!(a.total().sent, a.of_peer(&b.id).sent);
    a.host.disconnect(&b.id, None).await.unwrap();
    until("both are disconnected", || {
        !a.is_connected(&b) && !b.is_connected(&a)
    })
    .await;
    assert!(matches!(
        a.host.disconnect(&b.id, None).await,
        Err(NetworkError::NotConnected)
    ));
    a.shutdown().await;
    b.shutdown().await;
    assert!(matches!(
        a.connect(b.here()).await,
        Err(NetworkError::Closed)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_tcp_with_tls() {
    meet(TCP, |_| {}, |settings| settings.transports.noise = None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_tls_of_libp2p() {
    let host = start(TCP, |settings| settings.transports.noise = None).await;
    // It dials, and pings.
    let mut dialer = with_libp2p_tls();
    let address = host.address().text_with_peer(&host.id);
    dialer
        .dial(address.parse::<libp2p::Multiaddr>().unwrap())
        .unwrap();
    let pinged = async {
        loop {
            if let libp2p::swarm::SwarmEvent::Behaviour(ping) = dialer.select_next_some().await {
                return ping.result;
            }
        }
    };
    let pinged = tokio::time::timeout(LIMIT, pinged).await;
    pinged.expect("the host answers").unwrap();
    // It is dialed, and pinged.
    let mut listener = with_libp2p_tls();
    listener.listen_on(TCP.parse().unwrap()).unwrap();
    let listening = async {
        loop {
            let event = listener.select_next_some().await;
            if let libp2p::swarm::SwarmEvent::NewListenAddr { address, .. } = event {
                return address;
            }
        }
    };
    let listening = tokio::time::timeout(LIMIT, listening).await;
    let address = listening.expect("the swarm listens");
    let peer = cairn_primitives::PeerId::from(*listener.local_peer_id());
    tokio::spawn(async move {
        loop {
            listener.select_next_some().await;
        }
    });
    let there = PeerAddresses {
        peer: peer.clone(),
        addresses: vec![address.to_string().parse().unwrap()],
    };
    host.connect(there).await.unwrap();
    host.ping(peer).next().await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn by_tcp_with_noise() {
    meet(TCP, |_| {}, |settings| settings.transports.tls = None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_quic() {
    meet("/ip4/127.0.0.1/udp/0/quic-v1", |_| {}, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_websocket() {
    meet("/ip4/127.0.0.1/tcp/0/ws", |_| {}, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_secure_websocket() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = WssCertificate {
        chain: vec![made.cert.der().to_vec()],
        key: made.signing_key.serialize_der(),
    };
    let trusted = vec![made.cert.der().to_vec()];
    let own = certificate.clone();
    meet(
        "/ip4/127.0.0.1/tcp/0/tls/ws",
        |settings| {
            settings.wss = Some(own);
            settings.trusted = trusted;
        },
        |settings| settings.wss = Some(certificate),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_resolved_before_dialing() {
    let (a, b) = (plain().await, plain().await);
    let port = b.port();
    let peer = PeerAddresses {
        peer: b.id.clone(),
        addresses: vec![format!("/dns4/localhost/tcp/{port}").parse().unwrap()],
    };
    a.connect(peer).await.unwrap();
    assert!(a.is_connected(&b));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_with_another_key_is_not_the_one_that_was_dialed() {
    let (a, b, c) = (plain().await, plain().await, plain().await);
    let wrong = PeerAddresses {
        peer: c.id.clone(),
        addresses: b.listening(),
    };
    assert!(matches!(a.connect(wrong).await, Err(NetworkError::Dial(_))));
    assert!(!a.is_connected(&c) && !a.is_connected(&b));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_listener_is_an_error() {
    let (a, b) = (plain().await, plain().await);
    let here = b.here();
    b.shutdown().await;
    assert!(matches!(a.connect(here).await, Err(NetworkError::Dial(_))));
    let nowhere = PeerAddresses {
        peer: b.id.clone(),
        addresses: Vec::new(),
    };
    assert!(a.connect(nowhere).await.is_err());
    assert!(a.ping(b.id.clone()).next().await.unwrap().is_err());
}
