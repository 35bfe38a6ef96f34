//! Which peer is asked for which block.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use cairn_primitives::Multihash;
use libp2p::PeerId;

use super::peer::ClientPeer;
use super::want::Place;
use super::{Client, WantKind};
use crate::bitswap::shared::Map;

/// Wants that a session assigns before it is another's turn.
const QUANTUM: usize = 64;

/// Blocks are moved from a peer that needs longer than this for what it was asked for, and much longer than the other.
const SLOW: Duration = Duration::from_millis(500);

/// Blocks are moved from a peer that has sent none for this time.
const STUCK: Duration = Duration::from_secs(1);

/// Who is asked for a block.
enum Choice {
    Peer(PeerId),
    /// Peers that may have it have no room.
    Wait,
    /// No peer of the session may have it.
    Nobody,
}

impl Client {
    /// Assigns queued wants to peers with room, sessions taking turns.
    pub(super) fn pump(&mut self, now: Instant) {
        let mut idle = 0;
        while idle < self.hungry.len()
            && let Some(id) = self.hungry.pop_front()
        {
            let assigned = self.assign(id, now);
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            if session.queue.is_empty() {
                session.is_hungry = false;
            } else {
                self.hungry.push_back(id);
                idle = if assigned == 0 { idle + 1 } else { 0 };
            }
        }
    }

    /// Assigns wants of one session; returns their number.
    fn assign(&mut self, id: u64, now: Instant) -> usize {
        let Some(session) = self.sessions.get_mut(&id) else {
            return 0;
        };
        if session.queue.len() > 2 * session.live + 1024 {
            // Most of it was cancelled.
            let wants = &self.wants;
            session.queue.retain(|hash| {
                let want = wants.get(hash);
                want.is_some_and(|want| want.owner == id && want.place == Place::Queued)
            });
        }
        let peers = session
            .peers
            .iter()
            .filter_map(|peer| self.peers.get(&peer.id));
        let mut usable = peers.filter(|peer| !peer.silent).peekable();
        if usable.peek().is_some() && usable.all(|peer| peer.room() == 0) {
            return 0;
        }
        let mut queue = std::mem::take(&mut session.queue);
        let mut waiting = std::collections::VecDeque::new();
        let mut assigned = 0;
        while assigned < QUANTUM
            && let Some(hash) = queue.pop_front()
        {
            let Some(want) = self.wants.get(&hash) else {
                continue;
            };
            if want.owner != id || want.place != Place::Queued {
                continue;
            }
            match self.choose(&hash) {
                Choice::Peer(peer) if self.ask(peer, &hash, false, now) => assigned += 1,
                Choice::Peer(_) | Choice::Wait => waiting.push_back(hash),
                Choice::Nobody => self.seek(id, &hash, now),
            }
        }
        waiting.extend(queue);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.queue = waiting;
        }
        assigned
    }

    /// The peer of the sessions of a want that would have sent the block first.
    fn choose(&self, hash: &Multihash) -> Choice {
        let Some(want) = self.wants.get(hash) else {
            return Choice::Nobody;
        };
        let mut best: Option<(Duration, PeerId)> = None;
        let mut busy = false;
        let mut last_session = None;
        for waiter in &want.waiters {
            if last_session.replace(waiter.session) == Some(waiter.session) {
                continue;
            }
            let Some(session) = self.sessions.get(&waiter.session) else {
                continue;
            };
            for id in session.peers.iter().map(|peer| peer.id) {
                let Some(peer) = self.peers.get(&id) else {
                    continue;
                };
                if peer.silent || want.refused.contains(&id) {
                    continue;
                }
                if peer.room() == 0 {
                    busy = true;
                    continue;
                }
                let mut wait = peer.wait();
                if want.haves.contains(&id) {
                    wait /= 2;
                }
                if best.is_none_or(|(least, _)| wait < least) {
                    best = Some((wait, id));
                }
            }
        }
        match best {
            Some((_, id)) => Choice::Peer(id),
            None if busy => Choice::Wait,
            None => Choice::Nobody,
        }
    }

    /// Asks a peer for a block; `false` when its wantlist is full.
    fn ask(&mut self, id: PeerId, hash: &Multihash, moved: bool, now: Instant) -> bool {
        if !self.list(id, hash, WantKind::Block, now) {
            return false;
        }
        if let Some(want) = self.wants.get_mut(hash) {
            want.place = Place::Asked {
                peer: id,
                at: now,
                moved,
            };
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.ask(now);
        }
        true
    }

    /// Seeks a block of which no peer of its session is known to have it.
    fn seek(&mut self, session_id: u64, hash: &Multihash, now: Instant) {
        let (Some(want), Some(session)) =
            (self.wants.get_mut(hash), self.sessions.get_mut(&session_id))
        else {
            return;
        };
        want.place = Place::Seeking;
        session.seeking.insert(hash.clone());
        if want.broadcast || session.seeking.len() <= session.breadth {
            self.broadcast(hash, now);
        }
    }

    /// Asks connected peers whether they have a block, each time beginning with others.
    pub(super) fn broadcast(&mut self, hash: &Multihash, now: Instant) {
        let Some(want) = self.wants.get_mut(hash) else {
            return;
        };
        want.broadcast = true;
        let open = |id: &&PeerId| !want.asked.contains(*id) && !want.refused.contains(*id);
        let count = self.peers.len();
        self.turn = self.turn.checked_rem(count).unwrap_or(0);
        let (first, second) = (self.peers.keys().skip(self.turn), self.peers.keys());
        let peers = first.chain(second.take(self.turn)).filter(open);
        let peers: Vec<_> = peers.take(self.settings.broadcast_peers).copied().collect();
        if count > self.settings.broadcast_peers {
            self.turn += self.settings.broadcast_peers;
        }
        for id in peers {
            self.list(id, hash, WantKind::Have, now);
        }
    }

    /// Moves wants from slow peers to fast ones that have nothing to do, once the queue of their session is empty.
    pub(super) fn rebalance(&mut self, now: Instant) {
        let mut moves: Map<u64, Move> = Map::default();
        for (id, session) in &self.sessions {
            if session.live == 0 || !session.queue.is_empty() || session.peers.len() < 2 {
                continue;
            }
            let peers = session.peers.iter();
            let idle = peers.filter_map(|peer| self.peers.get(&peer.id));
            let idle = idle.filter(|peer| !peer.silent && peer.expected == 0);
            if let Some(fast) = idle.min_by_key(|peer| peer.wait()) {
                moves.insert(*id, Move::to(fast));
            }
        }
        if moves.is_empty() {
            return;
        }
        for (hash, want) in &self.wants {
            if let Some(planned) = moves.get_mut(&want.owner)
                && let Place::Asked { peer, at, moved } = want.place
                && !moved
                && !want.refused.contains(&planned.fast)
                && let Some(pace) = self.peers.get(&peer)
            {
                planned.consider(hash, want.priority, at, pace, now);
            }
        }
        for planned in moves.into_values() {
            self.run_move(planned, now);
        }
    }

    fn run_move(&mut self, mut planned: Move, now: Instant) {
        // The last asked first: the slow peer sends those last.
        planned.wants.sort();
        let half = planned.wants.len().div_ceil(2).min(planned.room);
        // What is stuck may arrive all at once: a few are enough to see that the other peer has them.
        let half = if planned.any_slow { half } else { half.min(8) };
        for (_, _, hash, slow) in planned.wants.into_iter().take(half) {
            // Another session may have given the peer something to do.
            if self
                .peers
                .get(&planned.fast)
                .is_none_or(|peer| peer.room() == 0)
            {
                return;
            }
            if self.ask(planned.fast, &hash, true, now) {
                self.unlist(slow, &hash, true);
                if let Some(want) = self.wants.get_mut(&hash) {
                    want.asked.retain(|asked| *asked != slow);
                }
                if let Some(peer) = self.peers.get_mut(&slow) {
                    peer.unask();
                }
            }
        }
    }
}

/// Wants of one session that may be moved to a peer.
struct Move {
    fast: PeerId,
    each: Duration,
    room: usize,
    wants: Vec<(Reverse<Instant>, i32, Multihash, PeerId)>,
    any_slow: bool,
}

impl Move {
    fn to(fast: &ClientPeer) -> Self {
        Self {
            fast: fast.peer.id,
            each: fast.wait(),
            room: fast.room(),
            wants: Vec::new(),
            any_slow: false,
        }
    }

    /// Adds a want, if the peer that was asked for it is slow or stuck.
    fn consider(
        &mut self,
        hash: &Multihash,
        priority: i32,
        at: Instant,
        pace: &ClientPeer,
        now: Instant,
    ) {
        let expected = u32::try_from(pace.expected).unwrap_or(u32::MAX);
        let left = pace.block_time.map(|each| each.saturating_mul(expected));
        let much = SLOW.max(self.each.saturating_mul(expected.saturating_mul(4)));
        let is_slow = left.is_some_and(|left| left > much);
        let is_stuck = now.saturating_duration_since(at.max(pace.active)) > STUCK;
        if is_slow || is_stuck {
            self.any_slow |= is_slow;
            self.wants
                .push((Reverse(at), priority, hash.clone(), pace.peer.id));
        }
    }
}
