//! What readers see: a snapshot that the swarm's task keeps up to date.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use cairn_store::network::{Direction, Reachability};
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use parking_lot::RwLock;
use tokio::sync::watch;

use super::announce::Policy;
use super::book::Book;
use super::keep::Peerings;
use super::meter::{ConnectionMeter, Meters};
use super::protocols::Protocols;
use super::settings::Limits;
use super::transport::Filters;
use super::trim::Protected;

/// Addresses whose reachability is remembered. Above that, the one that was tested least recently is forgotten.
const MAX_TESTED: usize = 64;

/// Addresses that others reach. Above that, the oldest is forgotten.
const MAX_EXTERNAL: usize = 64;

/// An open connection.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) peer: PeerId,
    pub(super) address: Multiaddr,
    pub(super) direction: Direction,
    pub(super) latency: Option<Duration>,
    pub(super) meter: Option<Weak<ConnectionMeter>>,
}

/// The state of the swarm.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) connections: HashMap<ConnectionId, Open>,
    pub(super) listeners: HashMap<ListenerId, Vec<Multiaddr>>,
    /// Addresses that others reach.
    pub(super) external: Vec<Multiaddr>,
    /// The last tested last.
    tested: VecDeque<(Multiaddr, bool)>,
    /// Connections that are being opened, by peers and by this node.
    pub(super) pending: (u64, u64),
}

impl State {
    /// The result of a test of an address.
    pub(super) fn test(&mut self, address: Multiaddr, reachable: bool) {
        self.tested.retain(|(known, _)| *known != address);
        self.tested.push_back((address, reachable));
        if self.tested.len() > MAX_TESTED {
            self.tested.pop_front();
        }
    }

    /// An address that others reach.
    pub(super) fn confirm(&mut self, address: Multiaddr) {
        if self.external.contains(&address) {
            return;
        }
        self.external.push(address);
        if self.external.len() > MAX_EXTERNAL {
            self.external.remove(0);
        }
    }

    pub(super) fn tested(&self) -> impl Iterator<Item = (&Multiaddr, bool)> {
        self.tested
            .iter()
            .map(|(address, reachable)| (address, *reachable))
    }

    /// What the tests say: reachable by one address is enough.
    pub(super) fn reachability(&self) -> Reachability {
        if self.tested.iter().any(|(_, reachable)| *reachable) {
            Reachability::Public
        } else if self.tested.is_empty() {
            Reachability::Unknown
        } else {
            Reachability::Private
        }
    }

    pub(super) fn listening(&self) -> Vec<Multiaddr> {
        self.listeners.values().flatten().cloned().collect()
    }
}

/// Everything that readers and the swarm's task share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) local: PeerId,
    pub(super) public_key: Vec<u8>,
    pub(super) agent: String,
    pub(super) state: RwLock<State>,
    pub(super) book: Book,
    pub(super) meters: Meters,
    pub(super) filters: Filters,
    pub(super) peerings: Peerings,
    pub(super) protected: Protected,
    pub(super) policy: Policy,
    pub(super) protocols: Protocols,
    pub(super) limits: Limits,
    /// Whether others reach this node, by the tests or the settings.
    pub(super) reachable: watch::Sender<Reachability>,
}

impl Shared {
    /// Addresses that are announced, without the peer ID.
    pub(super) fn announced(&self) -> Vec<Multiaddr> {
        let state = self.state.read();
        let found = state.external.iter().cloned().chain(state.listening());
        let bare =
            found.map(|address| super::book::without_peer(&address, self.local).unwrap_or(address));
        self.policy.announced(bare)
    }
}

/// Direction and remote address of a connection.
pub(super) fn endpoint_parts(endpoint: &ConnectedPoint) -> (Direction, &Multiaddr) {
    match endpoint {
        ConnectedPoint::Dialer { address, .. } => (Direction::Outbound, address),
        ConnectedPoint::Listener { send_back_addr, .. } => (Direction::Inbound, send_back_addr),
    }
}

/// The remote address of a connection, without the ID of the peer. That of a relayed connection which came in is the relay's.
fn remote(peer: PeerId, endpoint: &ConnectedPoint) -> Multiaddr {
    let address = match endpoint {
        ConnectedPoint::Listener { local_addr, .. } if endpoint.is_relayed() => local_addr,
        _ => endpoint.get_remote_address(),
    };
    super::book::without_peer(address, peer).unwrap_or_else(|| address.clone())
}

impl Open {
    pub(super) fn new(peer: PeerId, endpoint: &ConnectedPoint, meters: &Meters) -> Self {
        let (direction, address) = endpoint_parts(endpoint);
        let meter = meters.find(&peer, direction, address);
        Self {
            peer,
            address: remote(peer, endpoint),
            direction,
            latency: None,
            meter: meter.as_ref().map(Arc::downgrade),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_addresses_replace_the_oldest() {
        let at =
            |port: usize| -> Multiaddr { format!("/ip4/192.0.2.1/tcp/{port}").parse().unwrap() };
        let mut state = State::default();
        for port in 0..MAX_TESTED {
            state.test(at(port), port == 1);
        }
        assert_eq!(state.reachability(), Reachability::Public);
        state.test(at(0), false);
        state.test(at(MAX_TESTED), false);
        assert_eq!(state.reachability(), Reachability::Private);
        assert_eq!(state.tested().count(), MAX_TESTED);
        let has = |port| state.tested().any(|(known, _)| *known == at(port));
        assert!(has(0) && !has(1) && has(MAX_TESTED));

        for port in (0..=MAX_EXTERNAL).chain([MAX_EXTERNAL]) {
            state.confirm(at(port));
        }
        assert_eq!(state.external.len(), MAX_EXTERNAL);
        assert_eq!(state.external.first(), Some(&at(1)));
    }
}
