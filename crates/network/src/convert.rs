//! Between our types and libp2p's. Peer IDs and our addresses convert by `into()`.

use cairn_primitives::Multiaddr;
use libp2p::PeerId;
use libp2p::multiaddr::Protocol;

/// libp2p's address as ours; `None` for one that has no unambiguous text.
pub(crate) fn address_from_libp2p(address: &libp2p::Multiaddr) -> Option<Multiaddr> {
    address.clone().try_into().ok()
}

/// The peer at the end of an address.
pub(crate) fn peer_of(address: &libp2p::Multiaddr) -> Option<PeerId> {
    match address.iter().last()? {
        Protocol::P2p(peer) => Some(peer),
        _ => None,
    }
}
