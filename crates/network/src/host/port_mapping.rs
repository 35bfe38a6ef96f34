//! Asks the router of the local network to forward the ports that are listened on, by UPnP.
//!
//! Wraps libp2p's behaviour. What the router promises is tested like other addresses by which this node may be reached, instead of
//! being taken for true: routers promise what a second one before them does not keep. See [`Mapped`] for what cannot be tested.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::upnp::{self, Event};
use libp2p::{Multiaddr, PeerId};

/// How long an address waits for its test. Then it is announced without one, because nobody who tests may be connected.
const UNTESTED: Duration = Duration::from_secs(120);

/// Addresses that the router promised, and that are not announced yet. As many as there are listeners.
#[derive(Debug, Default)]
pub(super) struct Mapped(Vec<(Multiaddr, Instant)>);

impl Mapped {
    /// What the router promised, or does not promise any more.
    pub(super) fn on_event(&mut self, event: Event) {
        match event {
            Event::NewExternalAddr { external_addr, .. } => {
                tracing::info!(address = %external_addr, "the router forwards a port");
                self.0.push((external_addr, Instant::now() + UNTESTED));
            }
            Event::ExpiredExternalAddr { external_addr, .. } => {
                tracing::info!(address = %external_addr, "the router does not forward a port any more");
                self.0.retain(|(address, _)| *address != external_addr);
            }
            Event::GatewayNotFound | Event::NonRoutableGateway => {
                tracing::debug!(?event, "no router forwards ports");
            }
        }
    }

    /// Addresses that have waited long enough.
    pub(super) fn due(&mut self) -> Vec<Multiaddr> {
        let now = Instant::now();
        let due = self.0.extract_if(.., |(_, at)| *at <= now);
        due.map(|(address, _)| address).collect()
    }
}

/// See the module.
pub(super) struct Behaviour(upnp::tokio::Behaviour);

impl Behaviour {
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn new() -> Self {
        Self(upnp::tokio::Behaviour::default())
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = <upnp::tokio::Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.0
            .handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.0
            .handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        self.0.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.0.on_connection_handler_event(peer, id, event);
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.0.poll(context).map(|step| match step {
            ToSwarm::ExternalAddrConfirmed(address) => ToSwarm::NewExternalAddrCandidate(address),
            other => other,
        })
    }
}
