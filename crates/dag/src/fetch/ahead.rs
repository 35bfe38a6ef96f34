//! Blocks that are requested in advance.

use std::collections::VecDeque;

use cairn_primitives::Cid;

use super::{Blocks, WantGuard};
use crate::walk::WalkStack;

/// Blocks that are asked for ahead, at most, and at which number more are asked: whole batches, and never few in flight.
const MOST: usize = 128;
const REFILL: usize = 64;

/// A window over a list of blocks that are read in order.
#[derive(Default)]
pub(super) struct Window {
    /// Blocks from the one that is next to be read that were looked at.
    looked: usize,
    /// The blocks among them that are asked for, each with how many stand before it from where the window was when it was
    /// asked.
    interests: VecDeque<(usize, WantGuard)>,
    passed: usize,
}

impl Window {
    /// Asks for the first of these, which begin with the block that is next to be read.
    pub(super) fn request<'a>(&mut self, blocks: &Blocks, next: impl Iterator<Item = &'a Cid>) {
        if self.looked > REFILL {
            return;
        }
        let first = self.passed + self.looked;
        let new: Vec<&Cid> = next.skip(self.looked).take(MOST - self.looked).collect();
        self.looked += new.len();
        let last = self.passed + self.looked;
        // Identity CIDs are not asked for: an interest may be kept a little longer than its block needs it.
        let interests = blocks.prefetch(new);
        let begin = last.saturating_sub(interests.len()).max(first);
        self.interests
            .extend(interests.into_iter().zip(begin..).map(|(i, at)| (at, i)));
    }

    /// Goes on to the next block.
    pub(super) fn advance(&mut self) {
        self.passed += 1;
        self.looked = self.looked.saturating_sub(1);
        while self
            .interests
            .front()
            .is_some_and(|(at, _)| *at < self.passed)
        {
            self.interests.pop_front();
        }
    }
}

/// The prefetching of a depth-first walk.
#[derive(Default)]
pub(crate) struct WalkAhead {
    interests: Vec<WantGuard>,
    /// Links until more is asked for.
    until: usize,
}

impl WalkAhead {
    /// Called before each step of a walk. `wanted` tells which of the links to come will be read.
    pub(crate) fn step(
        &mut self,
        blocks: &Blocks,
        open: &WalkStack,
        wanted: impl Fn(&Cid) -> bool,
    ) {
        if !blocks.is_fetching() {
            return;
        }
        if let Some(until) = self.until.checked_sub(1) {
            self.until = until;
            return;
        }
        self.until = MOST - REFILL;
        let next: Vec<Cid> = open
            .upcoming()
            .filter(|cid| wanted(cid))
            .take(MOST)
            .collect();
        // The new before the old: what is in both stays asked for.
        self.interests = blocks.prefetch(&next);
    }

    /// Called when the walk goes into a node: its links are next.
    pub(crate) fn enter(&mut self) {
        self.until = 0;
    }
}
