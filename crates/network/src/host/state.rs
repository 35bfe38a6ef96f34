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

/// What the tests of an address say.
#[derive(Debug)]
struct Tested {
    address: Multiaddr,
    reachable: bool,
    /// Whether the last test has failed. One alone says little: the peer that tested may be at fault.
    doubtful: bool,
}

/// The state of the swarm.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) connections: HashMap<ConnectionId, Open>,
    pub(super) listeners: HashMap<ListenerId, Vec<Multiaddr>>,
    /// Addresses that others reach.
    pub(super) external: Vec<Multiaddr>,
    /// The last tested last.
    tested: VecDeque<Tested>,
    /// Connections that are being opened, by peers and by this node.
    pub(super) pending: (u64, u64),
}

impl State {
    /// The result of a test of an address; whether others reach this node by it, as far as is known then. An address that was
    /// reachable is unreachable when two tests in a row have failed.
    pub(super) fn test(&mut self, address: Multiaddr, passed: bool) -> bool {
        let place = self
            .tested
            .iter()
            .position(|known| known.address == address);
        let before = place.and_then(|place| self.tested.remove(place));
        let reachable = passed || before.is_some_and(|it| it.reachable && !it.doubtful);
        self.tested.push_back(Tested {
            address,
            reachable,
            doubtful: !passed,
        });
        if self.tested.len() > MAX_TESTED {
            self.tested.pop_front();
        }
        reachable
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
        self.tested.iter().map(|it| (&it.address, it.reachable))
    }

    /// What the tests say: reachable by one address is enough.
    pub(super) fn reachability(&self) -> Reachability {
        if self.tested.iter().any(|it| it.reachable) {
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

    #[test]
    fn an_address_is_unreachable_after_two_failures() {
        let address: Multiaddr = "/ip4/192.0.2.1/tcp/1".parse().unwrap();
        let mut state = State::default();
        for (passed, reachable) in [
            (false, false),
            (true, true),
            (false, true),
            (true, true),
            (false, true),
            (false, false),
            (false, false),
            (true, true),
        ] {
            assert_eq!(state.test(address.clone(), passed), reachable);
            assert!(state.tested().eq([(&address, reachable)]));
        }
    }
}
