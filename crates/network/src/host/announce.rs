//! Which addresses peers are told of.
//!
//! Wraps libp2p's identify: it shares the addresses that it hears of from the swarm, and hears only of those that may be announced.

use std::task::{Context, Poll};

use cairn_primitives::Multiaddr as Address;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::identify;
use libp2p::swarm::behaviour::ExternalAddrConfirmed;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::settings::Settings;
use super::transport::in_ranges;

/// Which addresses are announced.
#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    instead: Vec<Multiaddr>,
    besides: Vec<Multiaddr>,
    never: Vec<Multiaddr>,
    never_ranges: Vec<(std::net::IpAddr, u8)>,
}

impl Policy {
    pub(super) fn new(settings: &Settings) -> Self {
        let convert = |list: &[Address]| list.iter().map(Into::into).collect::<Vec<_>>();
        Self {
            instead: convert(&settings.announce),
            besides: convert(&settings.append_announce),
            never: convert(&settings.no_announce),
            never_ranges: settings
                .no_announce
                .iter()
                .filter_map(Address::ip_range)
                .collect(),
        }
    }

    /// Whether an address that was found may be announced.
    fn allows(&self, address: &Multiaddr) -> bool {
        self.instead.is_empty() && !self.forbids(address)
    }

    fn forbids(&self, address: &Multiaddr) -> bool {
        self.never.contains(address) || in_ranges(address, &self.never_ranges)
    }

    /// Addresses of the settings that are announced.
    fn fixed(&self) -> impl Iterator<Item = &Multiaddr> {
        let fixed = self.instead.iter().chain(&self.besides);
        fixed.filter(|address| !self.forbids(address))
    }

    /// Whether an address of the settings is announced, whatever tests say.
    pub(super) fn is_fixed(&self, address: &Multiaddr) -> bool {
        self.fixed().any(|fixed| fixed == address)
    }

    /// Tells a behaviour of the addresses of the settings.
    pub(super) fn confirm_fixed(&self, behaviour: &mut impl NetworkBehaviour) {
        for addr in self.fixed() {
            behaviour.on_swarm_event(FromSwarm::ExternalAddrConfirmed(ExternalAddrConfirmed {
                addr,
            }));
        }
    }

    /// What is announced of the addresses that were found, each once.
    pub(super) fn announced(&self, found: impl IntoIterator<Item = Multiaddr>) -> Vec<Multiaddr> {
        let mut announced: Vec<Multiaddr> = Vec::new();
        let found = found.into_iter().filter(|address| self.allows(address));
        for address in self.fixed().cloned().chain(found) {
            if !announced.contains(&address) {
                announced.push(address);
            }
        }
        announced
    }
}

/// See the module.
pub(super) struct Behaviour {
    inner: identify::Behaviour,
    policy: Policy,
}

impl Behaviour {
    pub(super) fn new(mut inner: identify::Behaviour, policy: Policy) -> Self {
        policy.confirm_fixed(&mut inner);
        Self { inner, policy }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = <identify::Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = identify::Event;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.inner
            .handle_pending_inbound_connection(id, local, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner
            .handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.inner
            .handle_pending_outbound_connection(id, peer, addresses, role)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner
            .handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        let address = match &event {
            FromSwarm::NewListenAddr(event) => Some(event.addr),
            FromSwarm::ExpiredListenAddr(event) => Some(event.addr),
            FromSwarm::ExternalAddrConfirmed(event) => Some(event.addr),
            FromSwarm::ExternalAddrExpired(event) => Some(event.addr),
            _ => None,
        };
        if address.is_none_or(|address| self.policy.allows(address)) {
            self.inner.on_swarm_event(event);
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.inner.on_connection_handler_event(peer, id, event);
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.inner.poll(context)
    }
}
