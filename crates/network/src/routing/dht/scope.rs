//! Which addresses belong to a DHT: that of the internet has public ones, that of the local network has private ones.

use libp2p::{Multiaddr, StreamProtocol};

use crate::reach::{Reach, is_relayed, reach};

/// One of the two DHTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// That of the internet.
    Wan,
    /// That of the local network.
    Lan {
        /// Whether loopback addresses are announced and stored.
        loopback: bool,
    },
}

impl Scope {
    /// The name of its protocol.
    pub(super) fn protocol(self) -> StreamProtocol {
        match self {
            Self::Wan => StreamProtocol::new("/ipfs/kad/1.0.0"),
            Self::Lan { .. } => StreamProtocol::new("/ipfs/lan/kad/1.0.0"),
        }
    }

    /// Whether the addresses of providers, and those announced for this node, include this one.
    pub(super) fn announces(self, address: &Multiaddr) -> bool {
        match (self, reach(address)) {
            (Self::Wan, Reach::Public) | (Self::Lan { .. }, Reach::Private) => true,
            (Self::Lan { loopback }, Reach::Loopback) => loopback,
            _ => false,
        }
    }

    /// Whether a peer with this address may be in the routing table; `on_this_machine` if it is connected over loopback.
    pub(super) fn routes(self, address: &Multiaddr, on_this_machine: bool) -> bool {
        if is_relayed(address) {
            return false;
        }
        match (self, reach(address)) {
            (Self::Wan, Reach::Public) | (Self::Lan { .. }, Reach::Private) => true,
            (Self::Lan { loopback }, Reach::Loopback) => loopback || on_this_machine,
            _ => false,
        }
    }

    /// Whether an address that other peers reported may be dialed. Those of the internet must not make this node connect to its
    /// local network.
    pub(super) fn dials(self, address: &Multiaddr) -> bool {
        match self {
            Self::Wan => reach(address) == Reach::Public,
            Self::Lan { .. } => reach(address) != Reach::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_dht_has_its_own_addresses() {
        let (public, private, own) = (
            address("/ip4/1.1.1.1/tcp/1"),
            address("/ip4/10.0.0.1/tcp/1"),
            address("/ip4/127.0.0.1/tcp/1"),
        );
        let (wan, lan) = (Scope::Wan, Scope::Lan { loopback: false });
        for (scope, expected) in [(wan, [true, false, false]), (lan, [false, true, false])] {
            let found = [&public, &private, &own].map(|address| scope.announces(address));
            assert_eq!(found, expected);
            let found = [&public, &private, &own].map(|address| scope.routes(address, false));
            assert_eq!(found, expected);
        }
        assert!(lan.routes(&own, true) && !wan.routes(&own, true));
        assert!(Scope::Lan { loopback: true }.announces(&own));
        assert!(!wan.dials(&private) && wan.dials(&public) && lan.dials(&private));
        let relayed = address("/ip4/1.1.1.1/tcp/1/p2p-circuit");
        assert!(wan.announces(&relayed) && !wan.routes(&relayed, false));
    }
}
