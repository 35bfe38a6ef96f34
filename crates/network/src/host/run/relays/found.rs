//! Which peers are asked to be relays, when the settings name none.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use cairn_store::network::Direction;
use libp2p::PeerId;
use libp2p::multiaddr::Protocol;

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

    /// Peers to be asked, besides those that are used.
    pub(super) fn more(&self, used: &[PeerId], shared: &Shared) -> Vec<Relay> {
        let missing = WANTED.saturating_sub(used.len());
        if missing == 0 {
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
            .filter_map(|open| {
                let address = open.address.clone().with_p2p(open.peer).ok()?;
                Some(Relay::new(open.peer, address))
            })
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

    /// Does not ask a relay that was lost, or has refused, for a time.
    pub(super) fn avoid(&mut self, relay: &Relay) {
        let pause = match relay.accepted {
            true => AFTER_END,
            false => AFTER_REFUSAL,
        };
        self.avoided.retain(|(avoided, _)| *avoided != relay.peer);
        if self.avoided.len() == MAX_AVOIDED {
            self.avoided.pop_front();
        }
        self.avoided.push_back((relay.peer, Instant::now() + pause));
    }
}
