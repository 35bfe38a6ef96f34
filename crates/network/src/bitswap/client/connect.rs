//! Peers that connect and leave.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cairn_primitives::Multihash;
use libp2p::PeerId;

use super::peer::ClientPeer;
use super::want::Place;
use super::{Client, WantKind, push_hungry, session_queue};
use crate::bitswap::shared::Peer;

impl Client {
    /// A peer has connected. It is asked for what is sought.
    pub(crate) fn connected(&mut self, peer: &Arc<Peer>) {
        let now = Instant::now();
        let id = peer.id;
        if self.peers.contains_key(&id) {
            return;
        }
        self.peers
            .insert(id, ClientPeer::new(Arc::clone(peer), now));
        let mut joining = Vec::new();
        for (session_id, session) in &mut self.sessions {
            session.dialing.remove(&id);
            if session.live > 0 && session.candidates.contains(&id) {
                joining.push(*session_id);
            }
        }
        let sought = self.wants.iter();
        let sought = sought.filter(|(_, want)| want.place == Place::Seeking && want.broadcast);
        let sought: Vec<_> = sought.map(|(hash, _)| hash.clone()).take(512).collect();
        for session in joining {
            self.join(session, id);
        }
        for hash in sought {
            if self
                .wants
                .get(&hash)
                .is_some_and(|want| want.place == Place::Seeking)
            {
                self.list(id, &hash, WantKind::Have, now);
            }
        }
    }

    /// A peer becomes one of a session: it is asked for what the session seeks.
    pub(super) fn join(&mut self, session_id: u64, id: PeerId) {
        if let Some(session) = self.sessions.get_mut(&session_id) {
            session.note_useful(id);
            let seeking: Vec<_> = session.seeking.iter().cloned().collect();
            self.requeue(&seeking, Some(id));
        }
        self.pump(Instant::now());
    }

    /// Queues wants again that were sought, unless this peer does not have them.
    pub(super) fn requeue(&mut self, hashes: &[Multihash], unless_refused: Option<PeerId>) {
        for hash in hashes {
            if let Some(want) = self.wants.get_mut(hash)
                && want.place == Place::Seeking
                && unless_refused.is_none_or(|id| !want.refused.contains(&id))
            {
                want.place = Place::Queued;
                let owner = want.owner;
                if let Some(session) = self.sessions.get_mut(&owner) {
                    session.seeking.remove(hash);
                }
                session_queue(&mut self.sessions, &mut self.hungry, owner, hash);
            }
        }
    }

    /// A peer has left, or does not speak bitswap. Others are asked for what was expected of it.
    pub(crate) fn disconnected(&mut self, id: PeerId) {
        let Some(peer) = self.peers.remove(&id) else {
            return;
        };
        self.lose_probes(id);
        peer.peer.asked.store(0, Ordering::Relaxed);
        let mut hashes: Vec<_> = peer.list.iter().map(|(hash, _)| hash.clone()).collect();
        hashes.sort_by_key(|hash| self.wants.get(hash).map(|want| want.priority));
        for hash in hashes {
            let Some(want) = self.wants.get_mut(&hash) else {
                continue;
            };
            want.asked.retain(|asked| *asked != id);
            want.haves.retain(|have| *have != id);
            want.refused.retain(|refused| *refused != id);
            if matches!(want.place, Place::Asked { peer, .. } if peer == id) {
                want.place = Place::Queued;
                let owner = want.owner;
                if let Some(session) = self.sessions.get_mut(&owner) {
                    session.queue.push_front(hash);
                    push_hungry(&mut self.hungry, owner, session);
                }
            }
        }
        for session in self.sessions.values_mut() {
            session.lose(id);
        }
        self.pump(Instant::now());
    }

    /// A peer could not be dialed.
    pub(crate) fn dial_failed(&mut self, id: PeerId) {
        for session in self.sessions.values_mut() {
            session.dialing.remove(&id);
            session.candidates.remove(&id);
        }
    }
}
