//! Which peer is asked for which block.

use std::time::{Duration, Instant};

use cairn_primitives::Multihash;
use libp2p::PeerId;

use super::want::Place;
use super::{Client, WantKind};

/// Wants that a session assigns before it is another's turn.
const QUANTUM: usize = 64;

/// A peer has so much time for a block before it may be asked of a faster one.
const MOVE_AFTER: Duration = Duration::from_millis(200);

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
        let sessions: Vec<u64> = self.sessions.keys().copied().collect();
        for id in sessions {
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            if session.live == 0 || !session.queue.is_empty() || session.peers.len() < 2 {
                continue;
            }
            let peers = session
                .peers
                .iter()
                .filter_map(|peer| self.peers.get(&peer.id));
            let idle = peers.filter(|peer| !peer.silent && peer.expected == 0);
            let idle = idle.min_by_key(|peer| peer.wait());
            if let Some((fast, each, room)) =
                idle.map(|peer| (peer.peer.id, peer.wait(), peer.room()))
            {
                self.move_to(id, fast, each, room, now);
            }
        }
    }

    fn move_to(&mut self, session: u64, fast: PeerId, each: Duration, room: usize, now: Instant) {
        let mut slow: Vec<_> = self
            .wants
            .iter()
            .filter_map(|(hash, want)| match want.place {
                Place::Asked { peer, at, moved } if want.owner == session => {
                    let age = now.saturating_duration_since(at);
                    let pace = self.peers.get(&peer)?;
                    // What it has not sent yet may take even longer than what came.
                    let left = pace.block_time.unwrap_or(age).max(age / 4);
                    let movable = peer != fast
                        && !moved
                        && age > MOVE_AFTER
                        && left * u32::try_from(pace.expected).unwrap_or(u32::MAX) > each * 4
                        && !want.refused.contains(&fast);
                    movable.then(|| (std::cmp::Reverse(at), want.priority, hash.clone(), peer))
                }
                _ => None,
            })
            .collect();
        // The last asked first: the slow peer sends those last.
        slow.sort();
        let half = slow.len().div_ceil(2).min(room);
        for (_, _, hash, peer) in slow.into_iter().take(half) {
            if self.ask(fast, &hash, true, now) {
                self.unlist(peer, &hash, true);
                if let Some(want) = self.wants.get_mut(&hash) {
                    want.asked.retain(|asked| *asked != peer);
                }
                if let Some(peer) = self.peers.get_mut(&peer) {
                    peer.unask();
                }
            }
        }
    }
}
