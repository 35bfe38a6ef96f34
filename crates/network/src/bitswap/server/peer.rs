//! The wants of one peer and the queue of its answers.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn_primitives::Cid;
use cairn_primitives::bitswap::WantKind;
use cairn_store::network::Ledger;

use crate::bitswap::MAX_WANTS;
use crate::bitswap::shared::{Map, Peer};

/// Bytes that a block of unknown size is taken to have.
const GUESS: usize = 256 << 10;

/// What a peer wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerWant {
    pub(super) priority: i32,
    pub(super) kind: WantKind,
    pub(super) send_dont_have: bool,
}

/// An answer to a want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The block; its size where it is known.
    Block(Option<u32>),
    Have,
    DontHave,
}

impl Answer {
    /// Bytes that it takes of a message.
    pub(super) fn cost(self) -> usize {
        match self {
            Self::Block(Some(size)) => size as usize + 64,
            Self::Block(None) => GUESS,
            Self::Have | Self::DontHave => 64,
        }
    }
}

/// The place of an answer in the queue: by priority, then by age.
type Turn = (Reverse<i32>, u64);

pub(super) struct ServerPeer {
    pub(super) peer: Arc<Peer>,
    pub(super) wants: Map<Cid, PeerWant>,
    queue: BTreeMap<Turn, (Cid, Answer)>,
    turns: Map<Cid, Turn>,
    last: u64,
    /// Answers that are being written.
    sending: usize,
    pub(super) ledger: Ledger,
}

impl ServerPeer {
    pub(super) fn new(peer: Arc<Peer>) -> Self {
        Self {
            peer,
            wants: Map::default(),
            queue: BTreeMap::new(),
            turns: Map::default(),
            last: 0,
            sending: 0,
            ledger: Ledger::default(),
        }
    }

    /// Queues an answer, in place of an earlier one. Past [`MAX_WANTS`] it is dropped, which only answers without a want meet.
    pub(super) fn push(&mut self, cid: Cid, priority: i32, answer: Answer) {
        self.unqueue(&cid);
        if self.queue.len() >= MAX_WANTS {
            return;
        }
        self.last += 1;
        let turn = (Reverse(priority), self.last);
        self.turns.insert(cid.clone(), turn);
        self.queue.insert(turn, (cid, answer));
    }

    /// Removes an answer from the queue.
    pub(super) fn unqueue(&mut self, cid: &Cid) {
        if let Some(turn) = self.turns.remove(cid) {
            self.queue.remove(&turn);
        }
    }

    pub(super) fn clear_queue(&mut self) {
        self.queue.clear();
        self.turns.clear();
    }

    /// Whether an answer waits for being sent.
    pub(super) fn is_queued(&self, cid: &Cid) -> bool {
        self.turns.contains_key(cid)
    }

    /// Notes that so many answers were written, or failed.
    pub(super) fn note_sent(&mut self, answers: usize) {
        self.sending = self.sending.saturating_sub(answers);
        self.note_answers();
    }

    /// Keeps the connection while there are answers.
    pub(super) fn note_answers(&self) {
        let answers = self.queue.len() + self.sending;
        self.peer.answers.store(answers, Ordering::Relaxed);
    }

    /// Bytes of the queued answers.
    pub(super) fn pending(&self) -> usize {
        self.queue.values().map(|(_, answer)| answer.cost()).sum()
    }

    /// Takes the next answers, until they would take more than so many bytes; at least one.
    pub(super) fn pop(&mut self, bytes: usize) -> Vec<(Cid, Answer)> {
        let mut taken = Vec::new();
        let mut left = bytes;
        while let Some(first) = self.queue.first_entry() {
            let cost = first.get().1.cost();
            if cost > left && !taken.is_empty() {
                break;
            }
            left = left.saturating_sub(cost);
            let (cid, answer) = first.remove();
            self.turns.remove(&cid);
            taken.push((cid, answer));
        }
        self.sending += taken.len();
        self.note_answers();
        taken
    }
}
