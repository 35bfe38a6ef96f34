//! Shared by the commands about peers: the network, and how addresses are parsed and written.

use std::sync::Arc;

use cairn_primitives::{Multiaddr, PeerId};
use cairn_store::Network;
use cairn_store::network::PeerAddresses;
use cairn_wire::kubo::routing;

use super::{Call, Failure};

/// What Kubo's commands say without a network.
pub(super) const NOT_ONLINE: &str =
    "this command must be run in online mode. Try running 'ipfs daemon' first";

/// The error of Kubo's library without a network.
pub(super) const OFFLINE: &str =
    "this action must be run in online mode, try running 'ipfs daemon' first";

/// What an address of a peer must be.
const NO_PEER: &str = "invalid p2p multiaddr";

impl Call {
    /// The network, for commands that need the node to be online.
    pub(crate) fn network(&self) -> Result<Arc<dyn Network>, Failure> {
        self.node()
            .network()
            .ok_or_else(|| Failure::normal(NOT_ONLINE))
    }

    /// The network, for commands that must not use it if the request sets `offline`.
    pub(crate) fn action_network(&self) -> Result<Arc<dyn Network>, Failure> {
        self.node()
            .network()
            .filter(|_| !self.is_offline())
            .ok_or_else(|| Failure::normal(OFFLINE))
    }
}

/// Reads addresses that end in a peer ID, and puts those of one peer together, in the order of the peers.
pub(super) fn peers(addresses: &[Multiaddr]) -> Result<Vec<PeerAddresses>, Failure> {
    let mut found: Vec<PeerAddresses> = Vec::new();
    for address in addresses {
        let (peer, front) = address
            .split_peer()
            .ok_or_else(|| Failure::normal(NO_PEER))?;
        let at = found.iter().position(|known| known.peer == peer);
        let at = at.unwrap_or_else(|| {
            found.push(PeerAddresses {
                peer,
                addresses: Vec::new(),
            });
            found.len() - 1
        });
        if let Some(known) = found.get_mut(at) {
            known.addresses.extend(front);
        }
    }
    Ok(found)
}

/// Reads addresses.
pub(super) fn parse(texts: &[String]) -> Result<Vec<Multiaddr>, Failure> {
    texts
        .iter()
        .map(|text| text.parse().map_err(Failure::from))
        .collect()
}

/// Reads a peer ID, or an address that ends in one.
pub(super) fn peer_or_address(text: &str) -> Result<PeerAddresses, Failure> {
    if !text.starts_with('/') {
        return Ok(PeerAddresses {
            peer: text.parse::<PeerId>()?,
            addresses: Vec::new(),
        });
    }
    let peers = peers(&[text.parse()?])?;
    peers
        .into_iter()
        .next()
        .ok_or_else(|| Failure::normal(NO_PEER))
}

/// The first of the arguments.
pub(super) fn first<T>(arguments: &[T]) -> Result<&T, Failure> {
    arguments
        .first()
        .ok_or_else(|| Failure::normal("an argument is missing"))
}

/// Addresses as texts.
pub(super) fn texts(addresses: &[Multiaddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// A peer as records have it.
pub(super) fn to_record(peer: &PeerAddresses) -> routing::PeerAddresses {
    routing::PeerAddresses {
        addrs: texts(&peer.addresses),
        id: peer.peer.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_peer_are_put_together() {
        let one = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";
        let two = "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ";
        let given: Vec<String> = [
            format!("/ip4/192.0.2.1/tcp/1/p2p/{one}"),
            format!("/ip4/192.0.2.2/tcp/1/ipfs/{two}"),
            format!("/ip4/192.0.2.3/tcp/1/p2p/{one}"),
            format!("/p2p/{one}"),
        ]
        .into();
        let found = peers(&parse(&given).unwrap()).unwrap();
        let found: Vec<_> = found.iter().map(to_record).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((&*found[0].id, &*found[1].id), (one, two));
        assert_eq!(
            found[0].addrs,
            ["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.3/tcp/1"]
        );
        let bare = parse(&["/ip4/192.0.2.1/tcp/1".to_owned()]).unwrap();
        assert_eq!(peers(&bare).unwrap_err().to_string(), NO_PEER);
        assert_eq!(peer_or_address(two).unwrap().peer.to_string(), two);
        assert!(peer_or_address("zz").is_err());
    }
}
