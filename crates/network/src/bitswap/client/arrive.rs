//! What peers send.

use std::time::Instant;

use cairn_primitives::Cid;
use cairn_primitives::bitswap::{Presence, PresenceKind};
use cairn_store::exchange::{Arrival, HashedBytes};
use libp2p::PeerId;

use super::want::Place;
use super::{Client, WantKind, push_hungry};
use crate::bitswap::shared::{Counters, count};

/// What becomes of a peer that sent blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    /// It has sent too many wrong ones.
    Ban,
}

impl Client {
    /// How many of so many received blocks a peer may have been asked for: only those are hashed.
    pub(crate) fn allow(&mut self, id: PeerId, blocks: usize) -> usize {
        self.peers.get_mut(&id).map_or(0, |peer| peer.allow(blocks))
    }

    /// Takes received blocks, `wrong` ones among them were refused before. Wanted ones go to those who wait for them.
    pub(crate) fn blocks(
        &mut self,
        id: PeerId,
        blocks: &[HashedBytes],
        wrong: usize,
        counters: &Counters,
    ) -> Verdict {
        let now = Instant::now();
        let mut wrong = wrong;
        let mut expected = 0;
        for block in blocks {
            let bytes = block.data().len() as u64;
            count(&counters.blocks_received, 1);
            count(&counters.bytes_received, bytes);
            let hash = block.hash();
            // Small blocks may come in place of the answer that the peer has them.
            let probed = self.answer_probes(id, hash, true);
            let Some(want) = self.end_want(hash, Some(id)) else {
                if probed {
                    self.recent.insert(hash.clone());
                } else if self.recent.contains(hash) {
                    count(&counters.duplicate_blocks, 1);
                    count(&counters.duplicate_bytes, bytes);
                } else {
                    wrong += 1;
                }
                continue;
            };
            self.recent.insert(hash.clone());
            if let Place::Asked { peer, at, .. } = want.place
                && peer == id
                && let Some(peer) = self.peers.get_mut(&id)
            {
                expected += 1;
                peer.arrived(now.saturating_duration_since(at));
            }
            for waiter in want.waiters {
                if let Some(session) = self.sessions.get_mut(&waiter.session) {
                    session.live = session.live.saturating_sub(1);
                    session.note_progress(
                        now,
                        self.settings.search_delay,
                        self.settings.search_again,
                    );
                    if session.note_useful(id) {
                        let seeking: Vec<_> = session.seeking.iter().cloned().collect();
                        self.requeue(&seeking, Some(id));
                    }
                }
                if let Some(block) = block.named(&waiter.cid) {
                    // One who no longer waits needs no answer.
                    let _ = waiter.answers.send(Arrival::Block(block));
                }
            }
        }
        count(&counters.wrong_blocks, wrong as u64);
        self.note_message(id, expected, now);
        if wrong > 0
            && let Some(peer) = self.peers.get_mut(&id)
            && peer.strike(wrong, now) > self.settings.strikes
        {
            return Verdict::Ban;
        }
        self.pump(now);
        Verdict::Keep
    }

    /// Takes answers about presence.
    pub(crate) fn presences(&mut self, id: PeerId, presences: &[Presence]) {
        let now = Instant::now();
        self.note_message(id, 0, now);
        // The last first: what is queued again at the front keeps its order.
        for presence in presences.iter().rev() {
            match presence.kind {
                PresenceKind::Have => self.have(id, &presence.cid),
                PresenceKind::DontHave => self.dont_have(id, &presence.cid),
            }
            let has = presence.kind == PresenceKind::Have;
            self.answer_probes(id, presence.cid.hash(), has);
        }
        self.pump(now);
    }

    /// Notes a sign of life. A peer that was given up is asked again.
    fn note_message(&mut self, id: PeerId, expected: usize, now: Instant) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let silent = peer.silent;
        peer.note_message(expected, now);
        if silent {
            let sessions = self.sessions.values();
            let sessions = sessions.filter(|session| session.peers.iter().any(|p| p.id == id));
            let seeking: Vec<_> = sessions.flat_map(|s| s.seeking.iter().cloned()).collect();
            self.requeue(&seeking, Some(id));
        }
    }

    fn have(&mut self, id: PeerId, cid: &Cid) {
        let hash = cid.hash();
        let Some(want) = self.wants.get_mut(hash) else {
            return;
        };
        // An answer that nobody asked for says nothing.
        if !want.asked.contains(&id) {
            return;
        }
        want.refused.retain(|refused| *refused != id);
        if !want.haves.contains(&id) {
            want.haves.push(id);
        }
        let mut sessions: Vec<u64> = want.waiters.iter().map(|waiter| waiter.session).collect();
        sessions.dedup();
        if let Some(peer) = self.peers.get_mut(&id)
            && let Some(asked) = peer.list.get_mut(hash)
            && asked.kind == WantKind::Have
        {
            // With its answer the peer has forgotten the want.
            self.unlist(id, hash, false);
            if let Some(want) = self.wants.get_mut(hash) {
                want.asked.retain(|asked| *asked != id);
            }
        }
        self.requeue(std::slice::from_ref(hash), None);
        for session_id in sessions {
            if let Some(session) = self.sessions.get_mut(&session_id)
                && session.note_useful(id)
            {
                let seeking: Vec<_> = session.seeking.iter().cloned().collect();
                self.requeue(&seeking, Some(id));
            }
        }
    }

    fn dont_have(&mut self, id: PeerId, cid: &Cid) {
        let hash = cid.hash();
        let Some(want) = self.wants.get_mut(hash) else {
            return;
        };
        if !want.asked.contains(&id) {
            return;
        }
        if !want.refused.contains(&id) {
            want.refused.push(id);
        }
        want.haves.retain(|have| *have != id);
        if let Some(peer) = self.peers.get_mut(&id)
            && let Some(asked) = peer.list.get_mut(hash)
        {
            asked.refused = true;
        }
        let owner = want.owner;
        if matches!(want.place, Place::Asked { peer, .. } if peer == id) {
            want.place = Place::Queued;
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.unask();
            }
            if let Some(session) = self.sessions.get_mut(&owner) {
                session.note_refusal(id);
                session.queue.push_front(hash.clone());
                push_hungry(&mut self.hungry, owner, session);
            }
        } else if let Some(session) = self.sessions.get_mut(&owner) {
            session.note_refusal(id);
        }
    }
}
