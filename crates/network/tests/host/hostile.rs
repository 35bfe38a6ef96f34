//! Peers that flood.
//!
//! The flooding side is a bare swarm with its own behaviour, without the limits of a host.

use std::convert::Infallible;
use std::task::{Context, Poll};

use cairn_store::network::Swarm as _;
use futures_util::StreamExt as _;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{DeniedUpgrade, ReadyUpgrade};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::handler::{ConnectionEvent, ConnectionHandlerEvent};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionId, FromSwarm, NetworkBehaviour,
    SubstreamProtocol, SwarmEvent, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};

use crate::support::{bare, plain, until};

/// Opens streams without end, and keeps those that the other side accepts.
struct Flood {
    opened: usize,
}

impl NetworkBehaviour for Flood {
    type ConnectionHandler = FloodHandler;
    type ToSwarm = usize;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(FloodHandler::default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(FloodHandler::default())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.opened += event;
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<usize, THandlerInEvent<Self>>> {
        if self.opened == 0 {
            return Poll::Pending;
        }
        Poll::Ready(ToSwarm::GenerateEvent(std::mem::take(&mut self.opened)))
    }
}

#[derive(Default)]
struct FloodHandler {
    opening: usize,
    kept: Vec<Stream>,
    answered: usize,
}

impl ConnectionHandler for FloodHandler {
    type FromBehaviour = Infallible;
    type ToBehaviour = usize;
    type InboundProtocol = DeniedUpgrade;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
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
    ) -> Poll<ConnectionHandlerEvent<ReadyUpgrade<StreamProtocol>, (), usize>> {
        if self.answered > 0 {
            let answered = std::mem::take(&mut self.answered);
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(answered));
        }
        if self.opening < 64 {
            self.opening += 1;
            let name = StreamProtocol::new("/ipfs/ping/1.0.0");
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(name), ()),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, DeniedUpgrade, ReadyUpgrade<StreamProtocol>>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedOutbound(stream) => {
                self.kept.push(stream.protocol);
                // More than the host accepts, and fewer than the multiplexer on this side allows.
                if self.kept.len() > 300 {
                    self.kept.clear();
                }
            }
            ConnectionEvent::DialUpgradeError(_) => {}
            _ => return,
        }
        self.opening -= 1;
        self.answered += 1;
    }
}

/// A peer that opens connections without end has as many as one peer may have.
#[tokio::test(flavor = "multi_thread")]
async fn one_peer_has_few_connections() {
    let server = plain().await;
    let address: Multiaddr = server.address().text_with_peer(&server.id).parse().unwrap();
    let mut peer = bare(|_| libp2p::swarm::dummy::Behaviour);
    let id = PeerId::from_bytes(&server.id.to_bytes()).unwrap();
    for _ in 0..32 {
        let options = DialOpts::peer_id(id)
            .addresses(vec![address.clone()])
            .condition(PeerCondition::Always)
            .build();
        peer.dial(options).unwrap();
    }
    let (mut opened, mut closed, mut most) = (0, 0, 0);
    while opened < 32 || closed < 24 {
        match peer.select_next_some().await {
            SwarmEvent::ConnectionEstablished { .. } => opened += 1,
            SwarmEvent::ConnectionClosed { .. } => closed += 1,
            SwarmEvent::OutgoingConnectionError { .. } => {
                (opened, closed) = (opened + 1, closed + 1);
            }
            _ => {}
        }
        most = most.max(server.connections().len());
    }
    assert!(most <= 8, "{most}");
    until("the others stay", || server.connections().len() == 8).await;
    let friend = plain().await;
    friend.connect(server.here()).await.unwrap();
    until("others connect", || server.is_connected(&friend)).await;
}

/// 10^5 streams one after another on one connection: the host keeps few of them, and serves others meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn floods_of_streams_are_bounded_and_others_are_served() {
    let server = plain().await;
    let friend = plain().await;
    friend.connect(server.here()).await.unwrap();
    let address: Multiaddr = server.address().text_with_peer(&server.id).parse().unwrap();
    let mut flood = bare(|_| Flood { opened: 0 });
    flood.dial(address.clone()).unwrap();
    let mut answered = 0;
    let mut most = 0;
    while answered < 100_000 {
        let event = flood.select_next_some().await;
        if let SwarmEvent::Behaviour(count) = &event {
            answered += *count;
            most = most.max(server.system().usage.inbound_streams);
        }
        if matches!(event, SwarmEvent::ConnectionClosed { .. }) {
            flood.dial(address.clone()).unwrap();
        }
    }
    // The limit of streams on a connection, and those of the other peer.
    assert!(most <= 256 + 64, "{most}");
    let mut pings = friend.ping(server.id.clone());
    pings.next().await.unwrap().unwrap();
    drop(flood);
    until("it has left", || server.connections().len() == 1).await;
}
