//! What time brings: peers that do not answer, broadcasts, searches.

use std::time::Instant;

use cairn_primitives::{Cid, Multihash};
use cairn_store::exchange::Arrival;
use libp2p::PeerId;
use tokio::task::AbortHandle;

use super::session::MAX_BROADCAST;
use super::want::{Place, Want};
use super::{Client, WantKind};
use crate::bitswap::shared::Peer;

impl Client {
    /// Called a few times a second while anything is wanted. `heard` tells when bytes of a peer last arrived. Returns searches
    /// to be started: the session and the block whose providers are searched.
    pub(crate) fn tick(&mut self, heard: impl Fn(&Peer) -> Instant) -> Vec<(u64, Cid)> {
        let now = Instant::now();
        self.expire(heard, now);
        self.rebalance(now);
        let searches = self.widen(now);
        if self.settings.report_missing {
            self.report_missing();
        }
        self.pump(now);
        searches
    }

    /// Stops waiting for peers that do not answer.
    fn expire(&mut self, heard: impl Fn(&Peer) -> Instant, now: Instant) {
        let mut late = Vec::new();
        for (id, peer) in &mut self.peers {
            if peer.expected == 0 || peer.silent {
                continue;
            }
            let active = peer.active.max(heard(&peer.peer));
            let patience = peer.patience(self.settings.answer_timeout);
            // One that sends others in the meantime has lost this want, or cannot say that it does not have the block.
            let limit = if peer.presences {
                self.settings.answer_timeout * 6
            } else {
                self.settings.answer_timeout
            };
            let lost = peer.list.iter().filter(|(_, asked)| {
                asked.kind == WantKind::Block
                    && !asked.refused
                    && now.saturating_duration_since(asked.at) > limit
            });
            late.extend(lost.map(|(hash, _)| (*id, hash.clone())));
            if now.saturating_duration_since(active) > patience {
                peer.give_up();
                let asked = peer.list.iter();
                let asked = asked.filter(|(_, asked)| {
                    asked.kind == WantKind::Block
                        && !asked.refused
                        && now.saturating_duration_since(asked.at) > patience
                });
                late.extend(asked.map(|(hash, _)| (*id, hash.clone())));
            }
        }
        for (id, hash) in late {
            self.give_up(id, &hash);
        }
    }

    /// Asks others for a block too. The peer that was asked keeps the want: the block may still come.
    fn give_up(&mut self, id: PeerId, hash: &Multihash) {
        let Some(want) = self.wants.get_mut(hash) else {
            return;
        };
        if !matches!(want.place, Place::Asked { peer, .. } if peer == id) {
            return;
        }
        if !want.refused.contains(&id) {
            want.refused.push(id);
        }
        // Sought, and queued at once: another peer of the session, or else all.
        want.place = Place::Seeking;
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.unask();
        }
        self.requeue(std::slice::from_ref(hash), None);
    }

    /// Sessions without progress ask more peers, and search for providers.
    fn widen(&mut self, now: Instant) -> Vec<(u64, Cid)> {
        let mut searches = Vec::new();
        let sessions: Vec<u64> = self.sessions.keys().copied().collect();
        for id in sessions {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            if session.live == 0 {
                continue;
            }
            let idle = now.saturating_duration_since(session.progress);
            let due = now >= session.search.next && session.search.running.is_none();
            let stuck = !session.seeking.is_empty() || idle > self.settings.answer_timeout;
            let first = session.search.started == 0;
            let hopeless =
                first && stuck && session.search.running.is_none() && self.is_refused(id);
            if !(hopeless || due && stuck) {
                continue;
            }
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            session.breadth = (session.breadth * 4).min(MAX_BROADCAST);
            session.search.next = now + session.search.wait;
            session.search.wait = (session.search.wait * 2).min(self.settings.search_again_max);
            let sought = session.seeking.iter().min_by_key(|hash| {
                let want = self.wants.get(*hash);
                std::cmp::Reverse(want.map(|want| want.priority))
            });
            let sought = sought.and_then(|hash| self.wants.get(hash));
            let sought = sought.map_or_else(|| session.root.clone(), |want| want.cid.clone());
            // Providers of the root probably have the rest; those of what is missing certainly have that.
            let cid = if session.search.started.is_multiple_of(2) {
                session.root.clone()
            } else {
                sought
            };
            session.search.started += 1;
            session.search.fruitless = false;
            searches.push((id, cid));
            self.ask_again(id, first, now);
        }
        searches
    }

    /// Whether a sought block was refused by every connected peer.
    fn is_refused(&self, session: u64) -> bool {
        let Some(session) = self.sessions.get(&session) else {
            return false;
        };
        session.dialing.is_empty()
            && session.seeking.iter().any(|hash| {
                let want = self.wants.get(hash);
                want.is_some_and(|want| self.refused_by_all(want))
            })
    }

    /// Whether a block was refused by every connected peer.
    fn refused_by_all(&self, want: &Want) -> bool {
        want.broadcast && self.peers.keys().all(|id| want.refused.contains(id))
    }

    /// Asks again for what a session seeks: peers may have received it, and answers may be lost.
    fn ask_again(&mut self, id: u64, first: bool, now: Instant) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let breadth = session.breadth;
        let mut seeking: Vec<_> = session.seeking.iter().cloned().collect();
        seeking
            .sort_by_key(|hash| std::cmp::Reverse(self.wants.get(hash).map(|want| want.priority)));
        for hash in seeking.iter().take(breadth) {
            if !first && let Some(want) = self.wants.get_mut(hash) {
                let asked: Vec<PeerId> = want.asked.drain(..).collect();
                want.refused.clear();
                for id in asked {
                    self.unlist(id, hash, true);
                }
            }
            self.broadcast(hash, now);
        }
    }

    /// Answers wants that nobody has, once a search has found no provider.
    fn report_missing(&mut self) {
        let mut missing = Vec::new();
        for (id, session) in &self.sessions {
            if !session.search.fruitless || !session.dialing.is_empty() {
                continue;
            }
            for hash in &session.seeking {
                if let Some(want) = self.wants.get(hash)
                    && want.waiters.iter().all(|waiter| waiter.session == *id)
                    && self.refused_by_all(want)
                {
                    missing.push(hash.clone());
                }
            }
        }
        for hash in missing {
            let Some(want) = self.end_want(&hash, None) else {
                continue;
            };
            self.recent.insert(hash);
            for waiter in want.waiters {
                if let Some(session) = self.sessions.get_mut(&waiter.session) {
                    session.live = session.live.saturating_sub(1);
                }
                let _ = waiter.answers.send(Arrival::Missing(waiter.cid));
            }
        }
    }

    /// A search was started; it ends with its session.
    pub(crate) fn search_started(&mut self, id: u64, search: AbortHandle) {
        match self.sessions.get_mut(&id) {
            Some(session) => session.search.running = Some(search),
            None => search.abort(),
        }
    }

    /// A search has ended, with so many providers.
    pub(crate) fn search_ended(&mut self, id: u64, found: usize) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.search.running = None;
            session.search.fruitless = found == 0;
            session.search.next = Instant::now() + session.search.wait;
        }
    }
}
