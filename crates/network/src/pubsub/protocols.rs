//! Which peers speak a protocol of messages by topic, as far as they say so.
//!
//! The library opens its stream to a peer when there is something to send. Kubo opens one at once, so that its list of peers
//! has every such peer; this takes the list from what peers report of their protocols.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::DeniedUpgrade;
use libp2p::swarm::handler::{ConnectionEvent, ProtocolsChange};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
    NetworkBehaviour, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

/// A peer speaks one of the protocols.
#[derive(Debug)]
pub struct TakesPart(pub(super) PeerId);

/// Observes the protocols of peers. Opens no streams.
#[derive(Debug, Default)]
pub struct Protocols {
    /// One at most for each connection, and taken with each poll.
    found: VecDeque<PeerId>,
}

impl NetworkBehaviour for Protocols {
    type ConnectionHandler = Handler;
    type ToSwarm = TakesPart;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        _: ConnectionId,
        Found: THandlerOutEvent<Self>,
    ) {
        self.found.push_back(peer);
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        match self.found.pop_front() {
            Some(peer) => Poll::Ready(ToSwarm::GenerateEvent(TakesPart(peer))),
            None => Poll::Pending,
        }
    }
}

/// The peer of a connection speaks one of the protocols.
#[derive(Debug)]
pub struct Found;

/// Observes one connection.
#[derive(Debug, Default)]
pub struct Handler {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Unknown,
    Found,
    Reported,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = std::convert::Infallible;
    type ToBehaviour = Found;
    type InboundProtocol = DeniedUpgrade;
    type OutboundProtocol = DeniedUpgrade;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(DeniedUpgrade, ())
    }

    fn on_behaviour_event(&mut self, event: Self::FromBehaviour) {
        match event {}
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Self::ToBehaviour>> {
        if matches!(self.state, State::Found) {
            self.state = State::Reported;
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(Found));
        }
        Poll::Pending
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol>,
    ) {
        if let ConnectionEvent::RemoteProtocolsChange(ProtocolsChange::Added(mut added)) = event
            && matches!(self.state, State::Unknown)
            && added.any(|protocol| {
                let name = protocol.as_ref();
                name.starts_with("/meshsub/") || name.starts_with("/floodsub/")
            })
        {
            self.state = State::Found;
        }
    }
}
