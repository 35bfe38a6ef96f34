//! Between our types and libp2p's. Peer IDs and our addresses convert by `into()`.

use cairn_primitives::Multiaddr;

/// libp2p's address as ours; `None` for one that has no unambiguous text.
pub(crate) fn address_from_libp2p(address: &libp2p::Multiaddr) -> Option<Multiaddr> {
    address.clone().try_into().ok()
}
