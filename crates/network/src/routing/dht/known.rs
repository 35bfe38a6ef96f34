//! Addresses of peers that are or were connected.

use std::collections::{HashMap, VecDeque};
use std::time::SystemTime;

use libp2p::{Multiaddr, PeerId};

/// Addresses that are kept of a peer; further ones are ignored.
const ADDRESSES: usize = 16;
/// Peers without a connection that are remembered; then the one that left first is forgotten.
const DISCONNECTED: usize = 1024;

/// Addresses of peers. Those with a connection are bounded by the limits on connections.
///
/// Identify reports an address once, not at each connection, so they are remembered for a while after the peer has left.
#[derive(Default)]
pub(super) struct Known {
    peers: HashMap<PeerId, KnownPeer>,
    /// Those that left, each once. Some may be connected again.
    left: VecDeque<PeerId>,
}

/// What is known of a peer.
#[derive(Default)]
pub(super) struct KnownPeer {
    pub(super) addresses: Vec<Multiaddr>,
    /// Open connections.
    pub(super) connections: usize,
    /// Whether it serves this DHT.
    pub(super) serves: bool,
    /// Whether one of its connections is within the local network.
    pub(super) local: bool,
    /// Whether one of its connections is over loopback.
    pub(super) on_this_machine: bool,
    /// When it last answered.
    pub(super) queried: Option<SystemTime>,
    /// When it was last of use: it named other peers, providers or a record.
    pub(super) useful: Option<SystemTime>,
}

impl Known {
    pub(super) fn get(&self, peer: &PeerId) -> Option<&KnownPeer> {
        self.peers.get(peer)
    }

    /// A connection was opened.
    pub(super) fn connected(&mut self, peer: PeerId, local: bool, on_this_machine: bool) {
        let known = self.peers.entry(peer).or_default();
        known.connections += 1;
        known.local |= local;
        known.on_this_machine |= on_this_machine;
    }

    /// A connection was closed.
    pub(super) fn disconnected(&mut self, peer: PeerId, remaining: usize) {
        let Some(known) = self.peers.get_mut(&peer) else {
            return;
        };
        known.connections = remaining;
        if remaining > 0 {
            return;
        }
        (known.serves, known.local, known.on_this_machine) = (false, false, false);
        // It may have left before.
        self.left.retain(|left| *left != peer);
        self.left.push_back(peer);
        while self.left.len() > DISCONNECTED {
            if let Some(oldest) = self.left.pop_front()
                && self
                    .peers
                    .get(&oldest)
                    .is_some_and(|it| it.connections == 0)
            {
                self.peers.remove(&oldest);
            }
        }
    }

    /// Remembers an address of a connected peer.
    pub(super) fn add(&mut self, peer: &PeerId, address: Multiaddr) {
        if let Some(known) = self.peers.get_mut(peer)
            && known.connections > 0
            && known.addresses.len() < ADDRESSES
            && !known.addresses.contains(&address)
        {
            known.addresses.push(address);
        }
    }

    /// The peer serves this DHT. As in Kubo that counts as an answer.
    pub(super) fn serves(&mut self, peer: &PeerId, now: SystemTime) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.serves = true;
            known.queried.get_or_insert(now);
            known.useful.get_or_insert(now);
        }
    }

    /// The peer has answered a query.
    pub(super) fn answered(&mut self, peer: &PeerId, is_useful: bool, now: SystemTime) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.queried = Some(now);
            if is_useful {
                known.useful = Some(now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_outlive_a_connection_within_a_bound() {
        let mut known = Known::default();
        let peers: Vec<PeerId> = (0..DISCONNECTED + 10).map(|_| PeerId::random()).collect();
        for peer in &peers {
            known.connected(*peer, true, false);
            for port in 0..100 {
                let address = format!("/ip4/10.0.0.1/tcp/{port}").parse().unwrap();
                known.add(peer, address);
            }
            known.serves(peer, SystemTime::now());
            known.disconnected(*peer, 0);
        }
        assert_eq!(known.peers.len(), DISCONNECTED);
        assert!(known.get(&peers[0]).is_none());
        let last = known.get(&peers[DISCONNECTED]).unwrap();
        assert_eq!((last.addresses.len(), last.serves), (ADDRESSES, false));
    }

    #[test]
    fn a_peer_that_left_twice_is_remembered_since_the_last_time() {
        let mut known = Known::default();
        let mut leave = |peer| {
            known.connected(peer, true, false);
            known.disconnected(peer, 0);
        };
        let peer = PeerId::random();
        leave(peer);
        leave(peer);
        for _ in 1..DISCONNECTED {
            leave(PeerId::random());
        }
        assert!(known.get(&peer).is_some());
        assert_eq!(known.left.len(), DISCONNECTED);
    }
}
