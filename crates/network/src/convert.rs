//! Between our types and libp2p's.

use cairn_primitives::Multiaddr;
use cairn_primitives::keys::PeerId;

/// Our peer ID as libp2p's.
pub(crate) fn to_libp2p(peer: &PeerId) -> Option<libp2p::PeerId> {
    libp2p::PeerId::from_bytes(peer.as_bytes()).ok()
}

/// libp2p's peer ID as ours.
pub(crate) fn from_libp2p(peer: &libp2p::PeerId) -> Option<PeerId> {
    PeerId::from_bytes(&peer.to_bytes()).ok()
}

/// Our address as libp2p's.
pub(crate) fn address_to_libp2p(address: &Multiaddr) -> Option<libp2p::Multiaddr> {
    address.to_string().parse().ok()
}

/// libp2p's address as ours.
pub(crate) fn address_from_libp2p(address: &libp2p::Multiaddr) -> Option<Multiaddr> {
    address.to_string().parse().ok()
}
