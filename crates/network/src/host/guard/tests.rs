//! A panic ends one connection, and nothing else.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use cairn_store::network::Direction;
use libp2p::core::ConnectedPoint;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};
use libp2p::core::upgrade::DeniedUpgrade;
use libp2p::swarm::behaviour::ConnectionEstablished;
use libp2p_swarm_test::SwarmExt as _;

use super::*;
use crate::host::meter::{CountedMuxer, Meters};

/// Panics where it is told to.
#[derive(Clone, Default)]
struct Switches {
    handler: Arc<AtomicBool>,
    behaviour: Arc<AtomicBool>,
}

struct Flaky(Switches);

struct FlakyHandler(Switches);

impl NetworkBehaviour for Flaky {
    type ConnectionHandler = FlakyHandler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(FlakyHandler(self.0.clone()))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(FlakyHandler(self.0.clone()))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if matches!(event, FromSwarm::ConnectionEstablished(_))
            && self.0.behaviour.swap(false, Ordering::SeqCst)
        {
            panic!("in an event");
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        if self.0.behaviour.swap(false, Ordering::SeqCst) {
            panic!("in a step");
        }
        Poll::Pending
    }
}

impl ConnectionHandler for FlakyHandler {
    type FromBehaviour = Infallible;
    type ToBehaviour = Infallible;
    type InboundProtocol = DeniedUpgrade;
    type OutboundProtocol = DeniedUpgrade;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<DeniedUpgrade> {
        SubstreamProtocol::new(DeniedUpgrade, ())
    }

    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<DeniedUpgrade, (), Infallible>> {
        if self.0.handler.swap(false, Ordering::SeqCst) {
            panic!("in a handler");
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn on_connection_event(&mut self, _: ConnectionEvent<'_, DeniedUpgrade, DeniedUpgrade>) {}
}

fn guarded(switches: &Switches) -> libp2p::Swarm<Guard<Flaky>> {
    let switches = switches.clone();
    libp2p::Swarm::new_ephemeral_tokio(|_| Guard::new("test", Flaky(switches)))
}

#[tokio::test]
async fn a_panic_of_a_handler_closes_its_connection_only() {
    let switches = Switches::default();
    let mut server = guarded(&switches);
    server.listen().with_memory_addr_external().await;
    let mut first = guarded(&Switches::default());
    let mut second = guarded(&Switches::default());
    first.connect(&mut server).await;
    let one = *first.local_peer_id();
    let first = tokio::spawn(first.loop_on_next());
    switches.handler.store(true, Ordering::SeqCst);
    // The handlers are polled when their connections have something to do.
    second.connect(&mut server).await;
    let two = *second.local_peer_id();
    let second = tokio::spawn(second.loop_on_next());
    // The event may have come while the second one connected.
    while server.connected_peers().count() > 1 {
        server.next_swarm_event().await;
    }
    let left: Vec<_> = server.connected_peers().copied().collect();
    assert_eq!(left.len(), 1);
    assert!([one, two].contains(left.first().unwrap()));
    let mut third = guarded(&Switches::default());
    third.connect(&mut server).await;
    assert_eq!(server.connected_peers().count(), 2);
    first.abort();
    second.abort();
}

#[tokio::test]
async fn a_panic_of_a_behaviour_leaves_the_swarm_running() {
    let switches = Switches::default();
    let mut server = guarded(&switches);
    server.listen().with_memory_addr_external().await;
    for _ in 0..3 {
        switches.behaviour.store(true, Ordering::SeqCst);
        let mut peer = guarded(&Switches::default());
        peer.connect(&mut server).await;
        assert!(server.is_connected(peer.local_peer_id()));
        assert!(!switches.behaviour.load(Ordering::SeqCst));
    }
}

#[test]
fn a_behaviour_that_always_panics_is_turned_off() {
    let switches = Switches::default();
    let mut guard = Guard::new("test", Flaky(switches.clone()));
    let mut context = Context::from_waker(std::task::Waker::noop());
    for _ in 0..MAX_PANICS {
        switches.behaviour.store(true, Ordering::SeqCst);
        assert!(guard.poll(&mut context).is_pending());
    }
    switches.behaviour.store(true, Ordering::SeqCst);
    assert!(guard.poll(&mut context).is_pending());
    assert!(
        switches.behaviour.load(Ordering::SeqCst),
        "it was not polled again"
    );
    let endpoint = ConnectedPoint::Listener {
        local_addr: Multiaddr::empty(),
        send_back_addr: Multiaddr::empty(),
    };
    guard.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
        peer_id: PeerId::random(),
        connection_id: ConnectionId::new_unchecked(1),
        endpoint: &endpoint,
        failed_addresses: &[],
        other_established: 0,
    }));
    assert!(
        switches.behaviour.load(Ordering::SeqCst),
        "it was not told of anything"
    );
}

/// A connection that panics at every step.
struct Broken;

impl StreamMuxer for Broken {
    type Substream = SubstreamBox;
    type Error = io::Error;

    fn poll_inbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<SubstreamBox>> {
        panic!("inbound")
    }

    fn poll_outbound(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<SubstreamBox>> {
        panic!("outbound")
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        panic!("close")
    }

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        panic!("poll")
    }
}

#[test]
fn a_panic_of_a_multiplexer_is_an_error_of_its_connection() {
    let meters = Meters::new(true);
    let meter = meters.connection(PeerId::random(), Direction::Inbound, Multiaddr::empty());
    let mut muxer = CountedMuxer::new(StreamMuxerBox::new(Broken), meter, 1);
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut muxer = Pin::new(&mut muxer);
    assert!(matches!(
        muxer.as_mut().poll(&mut context),
        Poll::Ready(Err(_))
    ));
    assert!(matches!(
        muxer.as_mut().poll_inbound(&mut context),
        Poll::Ready(Err(_))
    ));
    assert!(matches!(
        muxer.as_mut().poll_outbound(&mut context),
        Poll::Ready(Err(_))
    ));
    assert!(matches!(
        muxer.as_mut().poll_close(&mut context),
        Poll::Ready(Err(_))
    ));
}
