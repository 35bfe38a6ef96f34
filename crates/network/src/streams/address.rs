//! Addresses of TCP sockets.

use std::net::{IpAddr, SocketAddr};

use cairn_primitives::multiaddr::Multiaddr;
use cairn_store::network::TunnelError;
use libp2p::multiaddr::Protocol;

/// The socket of an address `/ip4/ADDRESS/tcp/PORT` or `/ip6/ADDRESS/tcp/PORT`.
pub(super) fn socket(address: &Multiaddr) -> Result<SocketAddr, TunnelError> {
    let refused = || TunnelError::Address(address.clone());
    let parsed = libp2p::Multiaddr::from(address);
    let mut parts = parsed.iter();
    let ip = match parts.next() {
        Some(Protocol::Ip4(ip)) => IpAddr::from(ip),
        Some(Protocol::Ip6(ip)) => IpAddr::from(ip),
        _ => return Err(refused()),
    };
    match (parts.next(), parts.next()) {
        (Some(Protocol::Tcp(port)), None) => Ok(SocketAddr::new(ip, port)),
        _ => Err(refused()),
    }
}

/// The address of a socket.
pub(super) fn of_socket(socket: SocketAddr) -> Option<Multiaddr> {
    let ip = libp2p::Multiaddr::from(socket.ip());
    ip.with(Protocol::Tcp(socket.port())).try_into().ok()
}

/// `/p2p/` and a peer.
pub(super) fn of_peer(peer: &libp2p::PeerId) -> Option<Multiaddr> {
    libp2p::Multiaddr::from(Protocol::P2p(*peer))
        .try_into()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_sockets() {
        for text in ["/ip4/127.0.0.1/tcp/80", "/ip6/::1/tcp/65535"] {
            let address: Multiaddr = text.parse().unwrap();
            assert_eq!(of_socket(socket(&address).unwrap()), Some(address));
        }
        for text in [
            "/ip4/127.0.0.1/udp/80",
            "/ip4/127.0.0.1/tcp/80/ws",
            "/ip4/127.0.0.1",
            "/dns4/example.com/tcp/80",
        ] {
            assert!(socket(&text.parse().unwrap()).is_err(), "{text}");
        }
        let peer = libp2p::PeerId::random();
        assert_eq!(of_peer(&peer).unwrap().to_string(), format!("/p2p/{peer}"));
    }
}
