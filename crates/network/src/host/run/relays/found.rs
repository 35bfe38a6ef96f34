//! Which peers are asked to be relays, when the settings name none.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use cairn_store::network::{Direction, Reachability};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use super::Relay;
use crate::host::settings::Settings;
use crate::host::state::{Open, Shared};
use crate::reach::{Reach, is_relayed, reach};

/// The protocol of peers that are relays.
const HOP: &str = "/libp2p/circuit/relay/0.2.0/hop";

/// Relays that are used at a time.
const WANTED: usize = 2;

/// How long a peer is not asked again.
const AFTER_END: Duration = Duration::from_secs(60);
const AFTER_REFUSAL: Duration = Duration::from_secs(3_600);

/// Peers that are not asked again for a time. Above that, the one that was asked first may be asked again.
const MAX_AVOIDED: usize = 256;

/// How a relay was lost.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lost {
    /// A reservation has ended.
    Ended,
    /// There was none.
    Refused,
}

/// Which peers are asked.
#[derive(Debug)]
pub(super) struct Found {
    /// Whether relays of the local network are of use: where the settings say that nobody reaches this node, it may have no other.
    local: bool,
    avoided: VecDeque<(PeerId, Instant)>,
}

impl Found {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            local: settings.auto_nat.assume == Some(false),
            avoided: VecDeque::new(),
        }
    }

    /// Whether others reach this node without relays.
    pub(super) fn are_needless(&self, shared: &Shared) -> bool {
        *shared.reachable.borrow() == Reachability::Public
    }

    /// Peers to be asked, besides those that are used.
    pub(super) fn more(&self, used: &[PeerId], shared: &Shared) -> Vec<Relay> {
        let missing = WANTED.saturating_sub(used.len());
        if missing == 0 || *shared.reachable.borrow() != Reachability::Private {
            return Vec::new();
        }
        let now = Instant::now();
        let is_avoided = |peer| {
            self.avoided
                .iter()
                .any(|(avoided, until)| avoided == peer && now < *until)
        };
        let state = shared.state.read();
        let mut peers: Vec<_> = state
            .connections
            .values()
            .filter(|open| !used.contains(&open.peer) && !is_avoided(&open.peer))
            .filter(|open| self.is_usable(open) && shared.book.speaks(&open.peer, HOP))
            .collect();
        // The nearest first, and each once.
        peers.sort_unstable_by_key(|open| open.latency.unwrap_or(Duration::MAX));
        let mut seen = HashSet::new();
        peers
            .into_iter()
            .filter(|open| seen.insert(open.peer))
            .take(missing)
            .filter_map(|open| Some(Relay::new(open.peer, with_peer(&open.address, open.peer)?)))
            .collect()
    }

    /// Whether others can use the address by which this node has reached a peer.
    fn is_usable(&self, open: &Open) -> bool {
        let is_one_peer = !matches!(open.address.iter().next(), Some(Protocol::Dnsaddr(_)));
        open.direction == Direction::Outbound
            && is_one_peer
            && !is_relayed(&open.address)
            && match reach(&open.address) {
                Reach::Public => true,
                Reach::Private | Reach::Loopback => self.local,
                Reach::None => false,
            }
    }

    /// Does not ask a peer for a time.
    pub(super) fn avoid(&mut self, peer: PeerId, lost: Lost) {
        let pause = match lost {
            Lost::Ended => AFTER_END,
            Lost::Refused => AFTER_REFUSAL,
        };
        self.avoided.retain(|(avoided, _)| *avoided != peer);
        if self.avoided.len() == MAX_AVOIDED {
            self.avoided.pop_front();
        }
        self.avoided.push_back((peer, Instant::now() + pause));
    }
}

fn with_peer(address: &Multiaddr, peer: PeerId) -> Option<Multiaddr> {
    address.clone().with_p2p(peer).ok()
}
