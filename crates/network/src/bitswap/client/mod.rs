//! The client: wants of sessions, and the peers that are asked for them.
//!
//! A want is sent to one peer that has blocks of its session; to the next when that answers that it does not have the block,
//! leaves or does not answer. Wants that no peer of the session has are *sought*: connected peers are asked whether they have
//! one of them, and providers are searched and dialed. Whoever has one joins the session, and is asked for the others.

mod arrive;
mod assign;
mod connect;
mod peer;
mod probe;
mod search;
mod session;
mod tick;
mod want;
mod wantlist;

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cairn_primitives::bitswap::{Entry, Version, WantKind};
use cairn_primitives::{Cid, Multihash};
use cairn_store::exchange::Arrival;
use libp2p::{Multiaddr, PeerId};
use smallvec::SmallVec;
use tokio::sync::mpsc;

use self::peer::ClientPeer;
use self::probe::Probe;
use self::session::{MAX_CANDIDATES, Session};
use self::want::{Place, Recent, Waiter, Want};
use super::settings::Settings;
use super::shared::{Command, Map};

pub(super) use self::arrive::Verdict;
pub(super) use self::search::search;

/// The state of the client. Its size is bounded by the wants of its callers, the connected peers, and [`MAX_WANTS`] of each.
///
/// [`MAX_WANTS`]: super::MAX_WANTS
pub(super) struct Client {
    settings: Settings,
    wants: Map<Multihash, Want>,
    sessions: Map<u64, Session>,
    /// Sessions with wants that wait for a peer with room; they take turns.
    hungry: VecDeque<u64>,
    peers: Map<PeerId, ClientPeer>,
    recent: Recent,
    probes: Vec<Probe>,
    last_id: u64,
    priority: i32,
    /// At which peer the next broadcast begins.
    turn: usize,
    /// What the swarm is asked for by the next caller.
    commands: Vec<Command>,
}

impl Client {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            wants: Map::default(),
            sessions: Map::default(),
            hungry: VecDeque::new(),
            peers: Map::default(),
            recent: Recent::default(),
            probes: Vec::new(),
            last_id: 0,
            priority: i32::MAX,
            turn: 0,
            commands: Vec::new(),
        }
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// What is to be asked of the swarm now.
    pub(super) fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// Whether anything is wanted.
    pub(super) fn is_active(&self) -> bool {
        !self.wants.is_empty()
    }

    /// The wanted blocks.
    pub(super) fn wants(&self) -> Vec<Cid> {
        self.wants.values().map(|want| want.cid.clone()).collect()
    }

    /// Opens a session.
    pub(super) fn open_session(
        &mut self,
        root: Cid,
        mut hints: Vec<(Option<PeerId>, Option<Multiaddr>)>,
    ) -> u64 {
        let id = self.next_id();
        hints.truncate(MAX_CANDIDATES);
        let mut session = Session::new(root, self.settings.search_again, Instant::now());
        session.hints = hints;
        self.sessions.insert(id, session);
        id
    }

    /// Ends a session, whose batches have ended.
    pub(super) fn close_session(&mut self, id: u64) {
        self.sessions.remove(&id);
        self.hungry.retain(|hungry| *hungry != id);
    }

    /// Wants blocks; returns the batch's number.
    pub(super) fn want(
        &mut self,
        session_id: u64,
        cids: Vec<Cid>,
        answers: &mpsc::UnboundedSender<Arrival>,
    ) -> u64 {
        let now = Instant::now();
        let batch = self.next_id();
        self.start_session(session_id, now);
        let Some(session) = self.sessions.get_mut(&session_id) else {
            return batch;
        };
        session.live += cids.len();
        for cid in cids {
            let waiter = Waiter {
                session: session_id,
                batch,
                cid: cid.clone(),
                answers: answers.clone(),
            };
            if let Some(want) = self.wants.get_mut(cid.hash()) {
                want.waiters.push(waiter);
                // The peers of this session may have it.
                if want.place == Place::Seeking
                    && let Some(owner) = self.sessions.get_mut(&want.owner)
                {
                    want.place = Place::Queued;
                    owner.seeking.remove(cid.hash());
                    owner.queue.push_back(cid.hash().clone());
                    push_hungry(&mut self.hungry, want.owner, owner);
                }
                continue;
            }
            self.priority = self
                .priority
                .checked_sub(1)
                .filter(|left| *left > 0)
                .unwrap_or(i32::MAX);
            session_queue(&mut self.sessions, &mut self.hungry, session_id, cid.hash());
            let want = Want {
                priority: self.priority,
                waiters: SmallVec::from_iter([waiter]),
                owner: session_id,
                place: Place::Queued,
                broadcast: false,
                asked: SmallVec::new(),
                haves: SmallVec::new(),
                refused: SmallVec::new(),
                cid,
            };
            self.wants.insert(want.cid.hash().clone(), want);
        }
        self.pump(now);
        batch
    }

    /// Begins to count a session's time, and dials its hints at the first want.
    fn start_session(&mut self, id: u64, now: Instant) {
        let connected = !self.peers.is_empty();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.live == 0 {
            session.progress = now;
            let hinted = !session.hints.is_empty();
            session.search.next = if connected || hinted {
                now + self.settings.search_delay
            } else {
                now
            };
        }
        for (peer, address) in std::mem::take(&mut session.hints) {
            match (peer, address) {
                (Some(peer), address) => {
                    self.add_candidate(id, peer, address.into_iter().collect());
                }
                (None, Some(address)) => self.commands.push(Command::DialAddress(address)),
                (None, None) => {}
            }
        }
    }

    /// Adds a peer that probably has the blocks of a session, and dials it unless it is connected.
    pub(super) fn add_candidate(&mut self, id: u64, peer: PeerId, addresses: Vec<Multiaddr>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.candidates.len() >= MAX_CANDIDATES && !session.candidates.contains(&peer) {
            // The dialing ones stay: those that are not were connected or failed.
            let dialing = &session.dialing;
            session.candidates.retain(|old| dialing.contains(old));
            if session.candidates.len() >= MAX_CANDIDATES {
                return;
            }
        }
        session.candidates.insert(peer);
        if self.peers.contains_key(&peer) {
            self.join(id, peer);
        } else if session.dialing.insert(peer) {
            self.commands.push(Command::Dial(peer, addresses));
        }
    }

    /// A batch is not waited for any longer: ends its wants that were not answered.
    pub(super) fn cancel(&mut self, session: u64, batch: u64, hashes: &[Multihash]) {
        for hash in hashes {
            let Some(want) = self.wants.get_mut(hash) else {
                continue;
            };
            let before = want.waiters.len();
            want.waiters.retain(|waiter| waiter.batch != batch);
            let ended = before - want.waiters.len();
            if ended == 0 {
                continue;
            }
            if let Some(session) = self.sessions.get_mut(&session) {
                session.live = session.live.saturating_sub(ended);
            }
            match want.waiters.first().map(|waiter| waiter.session) {
                None => {
                    self.end_want(hash, None);
                    self.recent.insert(hash.clone());
                }
                Some(owner) if want.owner == session && owner != session => {
                    want.owner = owner;
                    if let Some(old) = self.sessions.get_mut(&session) {
                        old.seeking.remove(hash);
                    }
                    if !matches!(want.place, Place::Asked { .. }) {
                        want.place = Place::Queued;
                        session_queue(&mut self.sessions, &mut self.hungry, owner, hash);
                    }
                }
                Some(_) => {}
            }
        }
        self.pump(Instant::now());
    }

    /// Removes a want everywhere. The peer that has sent the block needs no cancel.
    fn end_want(&mut self, hash: &Multihash, sender: Option<PeerId>) -> Option<Want> {
        let want = self.wants.remove(hash)?;
        if let Some(owner) = self.sessions.get_mut(&want.owner) {
            owner.seeking.remove(hash);
        }
        if let Place::Asked { peer, .. } = want.place
            && let Some(peer) = self.peers.get_mut(&peer)
        {
            peer.unask();
        }
        for id in &want.asked {
            self.unlist(*id, hash, sender != Some(*id));
        }
        Some(want)
    }

    /// Removes an entry of a peer's wantlist.
    fn unlist(&mut self, id: PeerId, hash: &Multihash, cancel: bool) {
        if let Some(peer) = self.peers.get_mut(&id)
            && peer.list.remove(hash, cancel).is_some()
        {
            peer.peer.asked.store(peer.list.len(), Ordering::Relaxed);
            if cancel {
                peer.peer.wake();
            }
        }
    }

    /// Adds an entry to a peer's wantlist; `false` where there is no room.
    fn list(&mut self, id: PeerId, hash: &Multihash, kind: WantKind, now: Instant) -> bool {
        let (Some(peer), Some(want)) = (self.peers.get_mut(&id), self.wants.get_mut(hash)) else {
            return false;
        };
        if !peer.list.add(&want.cid, kind, want.priority, now) {
            return false;
        }
        if !want.asked.contains(&id) {
            want.asked.push(id);
        }
        peer.list_changed();
        true
    }

    /// A stream to a peer was opened: it is sent all wants.
    pub(super) fn stream_opened(&mut self, id: PeerId, version: Version) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.presences = version.has_presences();
            if peer.list.len() > 0 {
                peer.list.resend();
            }
        }
    }

    /// Drops all wants: whoever waits is told by the loss of its sender.
    pub(super) fn close(&mut self) {
        self.wants.clear();
        self.sessions.clear();
        self.hungry.clear();
        self.peers.clear();
        self.probes.clear();
    }

    /// The next changes of a peer's wantlist: the entries, and whether they are all.
    pub(super) fn next_wantlist(&mut self, id: PeerId) -> Option<(Vec<Entry>, bool)> {
        let peer = self.peers.get_mut(&id)?;
        let (mut entries, full) = peer.list.next()?;
        peer.note_sent(entries.iter().filter(|entry| !entry.cancel).count());
        if !peer.presences {
            // It would take the question for one after the block, and know no other answer.
            for entry in &mut entries {
                entry.kind = WantKind::Block;
                entry.send_dont_have = false;
            }
        }
        Some((entries, full))
    }
}

/// Queues a want of a session.
fn session_queue(
    sessions: &mut Map<u64, Session>,
    hungry: &mut VecDeque<u64>,
    id: u64,
    hash: &Multihash,
) {
    if let Some(session) = sessions.get_mut(&id) {
        session.queue.push_back(hash.clone());
        push_hungry(hungry, id, session);
    }
}

/// Notes that a session has a queue.
fn push_hungry(hungry: &mut VecDeque<u64>, id: u64, session: &mut Session) {
    if !session.is_hungry {
        session.is_hungry = true;
        hungry.push_back(id);
    }
}
