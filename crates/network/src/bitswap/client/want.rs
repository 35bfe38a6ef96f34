//! The state of one want, and what was wanted lately.

use std::collections::VecDeque;
use std::time::Instant;

use cairn_primitives::{Cid, Multihash};
use cairn_store::exchange::Arrival;
use libp2p::PeerId;
use smallvec::SmallVec;
use tokio::sync::mpsc;

use crate::bitswap::shared::Map;

/// Who waits for a block.
pub(super) struct Waiter {
    pub(super) session: u64,
    pub(super) batch: u64,
    pub(super) cid: Cid,
    /// Bounded by the wants of the batch: each is answered once.
    pub(super) answers: mpsc::UnboundedSender<Arrival>,
}

/// How a block is being fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It waits for a peer with room.
    Queued,
    /// A peer was asked for it. A want is moved from a slow peer to a fast one once.
    Asked {
        peer: PeerId,
        at: Instant,
        moved: bool,
    },
    /// Nobody is known to have it.
    Seeking,
}

/// A wanted block.
pub(super) struct Want {
    pub(super) cid: Cid,
    pub(super) priority: i32,
    pub(super) waiters: SmallVec<[Waiter; 1]>,
    /// The session that asks for it: that of a waiter.
    pub(super) owner: u64,
    pub(super) place: Place,
    /// Whether all connected peers were asked.
    pub(super) broadcast: bool,
    /// Peers with it in their wantlist.
    pub(super) asked: SmallVec<[PeerId; 4]>,
    /// Peers that have it.
    pub(super) haves: SmallVec<[PeerId; 2]>,
    /// Peers that do not have it, or did not answer.
    pub(super) refused: SmallVec<[PeerId; 4]>,
}

/// Blocks that were wanted lately: one that comes again is a duplicate, not unasked for.
#[derive(Default)]
pub(super) struct Recent {
    order: VecDeque<Multihash>,
    counts: Map<Multihash, u32>,
}

/// Blocks that are remembered; the oldest are forgotten.
const RECENT: usize = 16_384;

impl Recent {
    pub(super) fn insert(&mut self, hash: Multihash) {
        *self.counts.entry(hash.clone()).or_default() += 1;
        self.order.push_back(hash);
        if self.order.len() > RECENT
            && let Some(old) = self.order.pop_front()
            && let Some(count) = self.counts.get_mut(&old)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&old);
            }
        }
    }

    pub(super) fn contains(&self, hash: &Multihash) -> bool {
        self.counts.contains_key(hash)
    }
}
