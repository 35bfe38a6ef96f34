//! What is known of peers: addresses, and what they said of themselves.
//!
//! Addresses come from connections, from what peers report, from multicast DNS and from whoever asks for a connection. The book is
//! bounded, so that floods of reports replace older reports and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::behaviour::{
    ConnectionClosed, ConnectionEstablished, DialFailure, NewExternalAddrOfPeer,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, DialError, FromSwarm, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use parking_lot::RwLock;

/// Peers without a connection that are remembered. Above that, the one that was heard of least recently is forgotten.
const MAX_PEERS: usize = 8_192;

/// Addresses of one peer. Above that, the one that was reported or used least recently is forgotten.
const MAX_ADDRESSES: usize = 32;

/// Protocols of one peer that are kept, and bytes of an agent or of an address.
const MAX_PROTOCOLS: usize = 128;
const MAX_TEXT: usize = 256;
pub(super) const MAX_ADDRESS: usize = 512;

/// What a peer said of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Identified {
    pub(super) public_key: Option<Vec<u8>>,
    pub(super) agent: String,
    pub(super) protocols: Vec<String>,
}

#[derive(Debug, Default)]
struct Entry {
    /// The best first.
    addresses: Vec<Multiaddr>,
    identified: Option<Identified>,
    connections: usize,
    /// When it was last heard of, as a number.
    heard: u64,
}

#[derive(Debug, Default)]
struct Entries {
    peers: HashMap<PeerId, Entry>,
    /// Peers without a connection, by when they were heard of.
    unconnected: BTreeMap<u64, PeerId>,
    now: u64,
}

/// The book, shared by the swarm and its readers.
#[derive(Clone, Debug, Default)]
pub(super) struct Book(Arc<RwLock<Entries>>);

impl Entries {
    /// The entry of a peer, which was just heard of. Makes room for it.
    fn hear(&mut self, peer: PeerId) -> &mut Entry {
        self.now += 1;
        let now = self.now;
        let entry = self.peers.entry(peer).or_default();
        if entry.connections == 0 {
            self.unconnected.remove(&entry.heard);
            self.unconnected.insert(now, peer);
        }
        entry.heard = now;
        while self.unconnected.len() > MAX_PEERS {
            let Some((_, oldest)) = self.unconnected.pop_first() else {
                break;
            };
            self.peers.remove(&oldest);
        }
        self.peers.entry(peer).or_default()
    }

    fn connected(&mut self, peer: PeerId) {
        let entry = self.hear(peer);
        entry.connections += 1;
        let heard = entry.heard;
        self.unconnected.remove(&heard);
    }

    fn disconnected(&mut self, peer: PeerId) {
        if let Some(entry) = self.peers.get_mut(&peer) {
            entry.connections = entry.connections.saturating_sub(1);
        }
        self.hear(peer);
    }
}

impl Entry {
    /// Adds an address: the best, or one that was reported, which comes after the best.
    fn add(&mut self, address: Multiaddr, first: bool) {
        match self.addresses.iter().position(|known| *known == address) {
            Some(_) if !first => return,
            Some(at) => {
                self.addresses.remove(at);
            }
            None => {}
        }
        let at = usize::from(!first).min(self.addresses.len());
        self.addresses.insert(at, address);
        self.addresses.truncate(MAX_ADDRESSES);
    }
}

impl Book {
    /// Adds addresses of a peer. Those with another peer ID, and those that are too long, are ignored.
    pub(super) fn add(&self, peer: PeerId, addresses: impl IntoIterator<Item = Multiaddr>) {
        let mut entries = self.0.write();
        let entry = entries.hear(peer);
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            if let Some(address) = without_peer(&address, peer) {
                entry.add(address, false);
            }
        }
    }

    /// Replaces what a peer said of itself, cut to the bounds.
    pub(super) fn identify(&self, peer: PeerId, mut identified: Identified) {
        cut(&mut identified.agent, MAX_TEXT);
        identified.protocols.truncate(MAX_PROTOCOLS);
        identified
            .protocols
            .retain(|protocol| protocol.len() <= MAX_TEXT);
        self.0.write().hear(peer).identified = Some(identified);
    }

    /// What a peer said of itself.
    pub(super) fn identified(&self, peer: &PeerId) -> Option<Identified> {
        self.0.read().peers.get(peer)?.identified.clone()
    }

    /// Whether a peer has said that it speaks a protocol.
    pub(super) fn speaks(&self, peer: &PeerId, protocol: &str) -> bool {
        let entries = self.0.read();
        let identified = entries
            .peers
            .get(peer)
            .and_then(|entry| entry.identified.as_ref());
        identified.is_some_and(|said| said.protocols.iter().any(|known| known == protocol))
    }

    /// Addresses of a peer, the best first.
    pub(super) fn addresses(&self, peer: &PeerId) -> Vec<Multiaddr> {
        let entries = self.0.read();
        entries
            .peers
            .get(peer)
            .map(|entry| entry.addresses.clone())
            .unwrap_or_default()
    }

    /// All peers with addresses.
    pub(super) fn known(&self) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let entries = self.0.read();
        let known = entries
            .peers
            .iter()
            .filter(|(_, entry)| !entry.addresses.is_empty());
        known
            .map(|(peer, entry)| (*peer, entry.addresses.clone()))
            .collect()
    }
}

/// An address without the peer ID at its end; `None` if that is another peer's, or the address is too long.
pub(super) fn without_peer(address: &Multiaddr, peer: PeerId) -> Option<Multiaddr> {
    use libp2p::core::multiaddr::Protocol;
    if address.len() > MAX_ADDRESS || address.is_empty() {
        return None;
    }
    let mut bare = address.clone();
    match bare.pop() {
        Some(Protocol::P2p(other)) if other == peer => (!bare.is_empty()).then_some(bare),
        Some(Protocol::P2p(_)) => None,
        _ => Some(address.clone()),
    }
}

fn cut(text: &mut String, max: usize) {
    if text.len() > max {
        let end = (0..=max).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
    }
}

/// Fills the book, and names addresses for connections to be opened.
pub(super) struct Behaviour {
    book: Book,
}

impl Behaviour {
    pub(super) fn new(book: Book) -> Self {
        Self { book }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = std::convert::Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        Ok(peer
            .map(|peer| self.book.addresses(&peer))
            .unwrap_or_default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id, endpoint, ..
            }) => {
                let mut entries = self.book.0.write();
                entries.connected(peer_id);
                if let ConnectedPoint::Dialer { address, .. } = endpoint
                    && let Some(address) = without_peer(address, peer_id)
                {
                    entries.hear(peer_id).add(address, true);
                }
            }
            FromSwarm::ConnectionClosed(ConnectionClosed { peer_id, .. }) => {
                self.book.0.write().disconnected(peer_id);
            }
            FromSwarm::NewExternalAddrOfPeer(NewExternalAddrOfPeer { peer_id, addr }) => {
                self.book.add(peer_id, [addr.clone()]);
            }
            FromSwarm::DialFailure(DialFailure {
                peer_id: Some(peer),
                error: DialError::WrongPeerId { address, .. },
                ..
            }) => {
                // Somebody else is there.
                let mut entries = self.book.0.write();
                if let Some(entry) = entries.peers.get_mut(&peer) {
                    let wrong = without_peer(address, peer);
                    entry
                        .addresses
                        .retain(|known| Some(known) != wrong.as_ref());
                }
            }
            _ => {}
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

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u32) -> Multiaddr {
        format!("/ip4/192.0.2.1/tcp/{}", port % 65_536)
            .parse()
            .unwrap()
    }

    #[test]
    fn floods_replace_the_oldest_and_spare_connected_peers() {
        let book = Book::default();
        let friend = PeerId::random();
        book.add(friend, [at(1)]);
        book.0.write().connected(friend);
        for _ in 0..MAX_PEERS + 1_000 {
            book.add(PeerId::random(), (0..40).map(at));
        }
        let known = book.known();
        assert_eq!(known.len(), MAX_PEERS + 1);
        assert!(
            known
                .iter()
                .all(|(_, addresses)| addresses.len() <= MAX_ADDRESSES)
        );
        assert_eq!(book.addresses(&friend), [at(1)]);
        book.0.write().disconnected(friend);
        book.add(PeerId::random(), [at(1)]);
        assert_eq!(book.known().len(), MAX_PEERS);
        let entries = book.0.read();
        assert_eq!(entries.peers.len(), entries.unconnected.len());
    }

    #[test]
    fn reports_spare_the_best_address() {
        let book = Book::default();
        let peer = PeerId::random();
        book.0.write().hear(peer).add(at(1), true);
        for port in 100..200 {
            book.add(peer, [at(port)]);
        }
        let known = book.addresses(&peer);
        assert_eq!(known.len(), MAX_ADDRESSES);
        assert_eq!(known[..2], [at(1), at(199)]);
        book.0.write().hear(peer).add(at(190), true);
        let known = book.addresses(&peer);
        assert_eq!(known.len(), MAX_ADDRESSES);
        assert_eq!(known[..3], [at(190), at(1), at(199)]);
    }

    #[test]
    fn what_peers_say_is_cut() {
        let book = Book::default();
        let peer = PeerId::random();
        for port in 0..100 {
            book.add(peer, [at(port)]);
        }
        assert_eq!(book.addresses(&peer).len(), MAX_ADDRESSES);
        book.add(peer, [at(200).with_p2p(PeerId::random()).unwrap()]);
        assert!(!book.addresses(&peer).contains(&at(200)));
        book.add(peer, [at(200).with_p2p(peer).unwrap()]);
        assert!(book.addresses(&peer).contains(&at(200)));
        book.identify(
            peer,
            Identified {
                public_key: None,
                agent: "ä".repeat(1_000),
                protocols: vec!["/x".to_owned(); 1_000],
            },
        );
        let identified = book.identified(&peer).unwrap();
        assert_eq!(
            (identified.agent.len(), identified.protocols.len()),
            (256, 128)
        );
    }
}
