//! The state of one session.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use cairn_primitives::{Cid, Multihash};
use libp2p::PeerId;
use tokio::task::AbortHandle;

/// Answers in a row that a peer does not have a block, after which it is no longer a peer of the session.
const MAX_REFUSALS: u32 = 16;

/// Peers that a session dials or waits for, at most; further providers are ignored.
pub(super) const MAX_CANDIDATES: usize = 64;

/// Wants of which all connected peers are asked at first: the answer to one says who has the others.
pub(super) const FIRST_BROADCAST: usize = 2;

/// Wants of one session of which all connected peers are asked, at most.
pub(super) const MAX_BROADCAST: usize = 64;

/// A peer that has blocks of the session.
pub(super) struct SessionPeer {
    pub(super) id: PeerId,
    refusals: u32,
}

/// The search for providers.
pub(super) struct Search {
    pub(super) next: Instant,
    /// Time from the end of one to the next.
    pub(super) wait: Duration,
    pub(super) running: Option<AbortHandle>,
    /// Searches that were started since a block came.
    pub(super) started: usize,
    /// The last has ended without a provider.
    pub(super) fruitless: bool,
}

impl Drop for Search {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

pub(super) struct Session {
    pub(super) root: Cid,
    pub(super) peers: Vec<SessionPeer>,
    /// Providers and hints: once connected they are peers of the session.
    pub(super) candidates: HashSet<PeerId>,
    /// Those of them that are being dialed.
    pub(super) dialing: HashSet<PeerId>,
    /// Wants that wait for a peer with room. May name wants that are gone.
    pub(super) queue: VecDeque<Multihash>,
    /// Whether it is in the list of sessions with a queue.
    pub(super) is_hungry: bool,
    /// Wants that no peer of the session has.
    pub(super) seeking: HashSet<Multihash, foldhash::fast::RandomState>,
    /// Wants that all connected peers may be asked for.
    pub(super) breadth: usize,
    /// Wants without an answer.
    pub(super) live: usize,
    /// When a block came, or the first want.
    pub(super) progress: Instant,
    pub(super) search: Search,
    /// Hints that are not dialed yet: nothing is sent before the first want.
    pub(super) hints: Vec<(Option<PeerId>, Option<libp2p::Multiaddr>)>,
}

impl Session {
    pub(super) fn new(root: Cid, wait: Duration, now: Instant) -> Self {
        Self {
            root,
            peers: Vec::new(),
            candidates: HashSet::new(),
            dialing: HashSet::new(),
            queue: VecDeque::new(),
            is_hungry: false,
            seeking: HashSet::default(),
            breadth: FIRST_BROADCAST,
            live: 0,
            progress: now,
            search: Search {
                next: now,
                wait,
                running: None,
                started: 0,
                fruitless: false,
            },
            hints: Vec::new(),
        }
    }

    /// Adds a peer that has blocks of the session, or notes that it has one more; `true` if it is new.
    pub(super) fn note_useful(&mut self, id: PeerId) -> bool {
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.id == id) {
            peer.refusals = 0;
            return false;
        }
        self.peers.push(SessionPeer { id, refusals: 0 });
        true
    }

    /// Notes that a peer does not have a block.
    pub(super) fn note_refusal(&mut self, id: PeerId) {
        if let Some(at) = self.peers.iter().position(|peer| peer.id == id)
            && let Some(peer) = self.peers.get_mut(at)
        {
            peer.refusals += 1;
            if peer.refusals >= MAX_REFUSALS {
                self.peers.swap_remove(at);
            }
        }
    }

    /// Notes that a peer has left.
    pub(super) fn lose(&mut self, id: PeerId) {
        self.peers.retain(|peer| peer.id != id);
        self.dialing.remove(&id);
    }

    /// Notes that a block came.
    pub(super) fn note_progress(&mut self, now: Instant, delay: Duration, wait: Duration) {
        self.progress = now;
        self.breadth = FIRST_BROADCAST;
        self.search.next = now + delay;
        self.search.wait = wait;
        self.search.started = 0;
        self.search.fruitless = false;
    }
}
