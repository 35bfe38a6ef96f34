//! What a client remembers of what it was answered.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

use crate::fixture;
use crate::rpc::Rpc;

/// How an item came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind {
    /// `add`.
    File,
    /// `block/put`.
    Block,
}

/// Something that was put into the node; the answer came.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) cid: String,
    pub(super) kind: ItemKind,
    pub(super) seed: String,
    pub(super) len: usize,
    /// What was answered last; `None` where the kill cut the answer.
    pub(super) pinned: Option<bool>,
    /// Other clients have put it too: nobody unpins it.
    pub(super) shared: bool,
    /// No collection ran when the item was known to be there, and this many had run before.
    pub(super) seen_after: Option<u64>,
    /// Its bytes were compared since it last changed.
    pub(super) checked: bool,
}

impl Item {
    pub(super) fn data(&self) -> Vec<u8> {
        fixture::stream(&self.seed, self.len)
    }

    pub(super) fn read(&self, rpc: &Rpc) -> Result<Vec<u8>> {
        match self.kind {
            ItemKind::File => rpc.cat(&self.cid),
            ItemKind::Block => rpc.block_get(&self.cid),
        }
    }

    /// No collection can have taken it.
    pub(super) fn present_since(&self, collections: &Collections) -> bool {
        self.seen_after.is_some() && self.seen_after == collections.quiet()
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ItemKind::File => "file",
            ItemKind::Block => "block",
        };
        let pinned = match self.pinned {
            Some(true) => "pinned",
            Some(false) => "not pinned",
            None => "perhaps pinned",
        };
        write!(
            f,
            "{kind} {} ({} bytes of stream {:?}, {pinned})",
            self.cid, self.len, self.seed
        )
    }
}

/// Something to put, or whose answer the kill cut: its CID is not known yet.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    pub(super) kind: ItemKind,
    pub(super) seed: String,
    pub(super) len: usize,
    pub(super) pin: bool,
    pub(super) shared: bool,
}

/// How many garbage collections have been asked for and answered, by all clients together.
#[derive(Debug, Default)]
pub(super) struct Collections {
    started: AtomicU64,
    ended: AtomicU64,
}

impl Collections {
    pub(super) fn start(&self) {
        self.started.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn end(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// How many have run, where none runs now.
    pub(super) fn quiet(&self) -> Option<u64> {
        // Ended first: one that starts in between is then seen as running.
        let ended = self.ended.load(Ordering::SeqCst);
        (self.started.load(Ordering::SeqCst) == ended).then_some(ended)
    }

    /// The node was killed, and its collections with it.
    pub(super) fn none_running(&self) {
        self.ended
            .store(self.started.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}
