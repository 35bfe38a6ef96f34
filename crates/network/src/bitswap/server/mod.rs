//! The server: what peers want, and answers to it.
//!
//! The task that writes to a peer takes its answers from here, one message at a time. It waits for its turn with all others
//! that read blocks ([`Settings::send_memory`]), so peers share the node message by message, however much each wants.
//!
//! [`Settings::send_memory`]: super::Settings::send_memory

mod peer;
mod receive;
mod respond;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn_primitives::bitswap::WantKind;
use cairn_primitives::{Cid, Multihash};
use cairn_store::network::Ledger;
use libp2p::PeerId;
use smallvec::SmallVec;

use self::peer::{Answer, ServerPeer};
use super::MAX_WANTS;
use super::shared::{Map, Peer};

pub(super) use self::receive::receive;
pub(super) use self::respond::{Response, respond};

/// The state of the server: at most [`MAX_WANTS`] wants and answers of each connected peer, freed when it leaves.
///
/// [`MAX_WANTS`]: super::MAX_WANTS
#[derive(Default)]
pub(super) struct Server {
    peers: Map<PeerId, ServerPeer>,
    /// Who wants a block: for blocks that are stored later.
    wanted: Map<Multihash, SmallVec<[(PeerId, Cid); 1]>>,
    /// Wants of all peers.
    total: usize,
}

/// Wants that each peer may have however many others have.
const MIN_WANTS: usize = 32;

impl Server {
    /// How many wants are kept of one peer now, if this many may be of all.
    fn most_wants(&self, limit: usize) -> usize {
        if self.total < limit / 2 {
            MAX_WANTS
        } else if self.total < limit {
            let share = limit / 2 / self.peers.len().max(1);
            share.clamp(MIN_WANTS, MAX_WANTS)
        } else {
            MIN_WANTS
        }
    }

    /// A peer speaks bitswap; nothing is kept of one that has left meanwhile.
    pub(super) fn add_peer(&mut self, peer: &Arc<Peer>) {
        if !peer.gone.load(Ordering::Acquire) {
            self.peers
                .entry(peer.id)
                .or_insert_with(|| ServerPeer::new(Arc::clone(peer)));
        }
    }

    /// A peer has left: everything about it is freed.
    pub(super) fn disconnected(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.remove(&id) {
            self.total = self.total.saturating_sub(peer.wants.len());
            for cid in peer.wants.keys() {
                forget(&mut self.wanted, id, cid);
            }
            peer.peer.answers.store(0, Ordering::Relaxed);
        }
    }

    /// The peers that speak bitswap.
    pub(super) fn peers(&self) -> Vec<PeerId> {
        self.peers.keys().copied().collect()
    }

    /// The wants of a peer, the most urgent first.
    pub(super) fn wants_of(&self, id: &PeerId) -> Option<Vec<Cid>> {
        let wants = &self.peers.get(id)?.wants;
        let mut wants: Vec<_> = wants.iter().collect();
        wants.sort_by_key(|(_, want)| std::cmp::Reverse(want.priority));
        Some(wants.into_iter().map(|(cid, _)| cid.clone()).collect())
    }

    /// What was exchanged with a peer since it connected.
    pub(super) fn ledger(&self, id: &PeerId) -> Ledger {
        self.peers
            .get(id)
            .map(|peer| peer.ledger)
            .unwrap_or_default()
    }

    /// Counts received blocks.
    pub(super) fn note_received(&mut self, id: &PeerId, blocks: usize, bytes: u64) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.ledger.received += bytes;
            peer.ledger.exchanges += blocks as u64;
        }
    }

    /// Blocks were stored: peers that want them get them.
    pub(super) fn notify<'a>(&mut self, cids: impl Iterator<Item = &'a Cid>) {
        for cid in cids {
            let Some(wanting) = self.wanted.get(cid.hash()) else {
                continue;
            };
            for (id, cid) in wanting {
                if let Some(peer) = self.peers.get_mut(id)
                    && let Some(want) = peer.wants.get(cid)
                {
                    let answer = match want.kind {
                        WantKind::Block => Answer::Block(None),
                        WantKind::Have => Answer::Have,
                    };
                    peer.push(cid.clone(), want.priority, answer);
                    peer.note_answers();
                    peer.peer.wake();
                }
            }
        }
    }

    /// Whether any peer wants a block that is not here.
    pub(super) fn is_waited_for(&self) -> bool {
        !self.wanted.is_empty()
    }
}

/// A peer no longer wants a block.
fn forget(wanted: &mut Map<Multihash, SmallVec<[(PeerId, Cid); 1]>>, id: PeerId, cid: &Cid) {
    if let Some(wanting) = wanted.get_mut(cid.hash()) {
        wanting.retain(|(other, wanted)| *other != id || wanted != cid);
        if wanting.is_empty() {
            wanted.remove(cid.hash());
        }
    }
}
