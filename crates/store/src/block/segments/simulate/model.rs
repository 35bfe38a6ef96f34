//! The model of a store: the operations of a run, and what each may answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};

use super::super::super::conformance::node;
use super::super::super::disk::sim::Rng;
use super::super::super::traits::{BlockError, Hold};
use super::super::engine::Engine;
use super::super::handover::{Handover, Progress};
use super::Outcome;

/// Blocks that a run knows; the first ones are leaves.
pub(super) const BLOCKS: usize = 44;

const LEAVES: usize = 30;

/// What the model knows of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockState {
    Present,
    Absent,
    /// Asked for and not answered.
    Unknown,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) rng: Rng,
    pub(super) blocks: Vec<Block>,
    children: Vec<Vec<usize>>,
    pub(super) known: Vec<BlockState>,
    /// Roots that are pinned: rows in a database that does not crash.
    pub(super) pins: BTreeSet<usize>,
    /// Blocks written and not synced.
    pub(super) unsynced: BTreeSet<usize>,
    /// Live holds, with the blocks that they keep.
    pub(super) holds: Vec<(Hold, BTreeSet<usize>)>,
    /// Blocks that operations relied on since the running collection began.
    pub(super) since: BTreeSet<usize>,
    pub(super) log: Vec<String>,
}

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut blocks: Vec<Block> = Vec::new();
        let mut children = Vec::new();
        for number in 0..BLOCKS {
            let mut links = Vec::new();
            let block = if number < LEAVES {
                let size = if rng.one_in(8) {
                    4000 + rng.index(9000)
                } else {
                    1 + rng.index(700)
                };
                let mut data: Vec<u8> = (0..size).map(|_| rng.next_u64() as u8).collect();
                data[0] = number as u8;
                let data = Bytes::from(data);
                Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
            } else {
                for _ in 0..1 + rng.index(5) {
                    links.push(rng.index(number));
                }
                let cids: Vec<Cid> = links.iter().map(|link| blocks[*link].cid.clone()).collect();
                node(&cids, &[number as u8])
            };
            blocks.push(block);
            children.push(links);
        }
        Self {
            rng,
            blocks,
            children,
            known: vec![BlockState::Absent; BLOCKS],
            pins: BTreeSet::new(),
            unsynced: BTreeSet::new(),
            holds: Vec::new(),
            since: BTreeSet::new(),
            log: Vec::new(),
        }
    }

    fn below(&self, roots: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut stack: Vec<usize> = roots.collect();
        while let Some(at) = stack.pop() {
            if seen.insert(at) {
                stack.extend(&self.children[at]);
            }
        }
        seen
    }

    pub(super) fn pinned(&self) -> BTreeSet<usize> {
        self.below(self.pins.iter().copied())
    }

    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        self.log.push(what());
    }

    /// Hands blocks over, pumping by hand.
    fn write(
        &mut self,
        engine: &Arc<Engine>,
        hold: &Hold,
        which: &[usize],
    ) -> Result<u64, BlockError> {
        let blocks = which.iter().map(|at| self.blocks[*at].clone()).collect();
        let state = engine.holds.of(hold)?;
        let mut handover = Handover::new(blocks)?;
        loop {
            match engine.advance(state, &mut handover)? {
                Progress::Done(id) => return Ok(id),
                Progress::Wait(_) => {
                    engine.settle(engine.last_id());
                    engine.checkpoint()?;
                }
            }
        }
    }

    fn hold(engine: &Arc<Engine>) -> Hold {
        engine.holds.give(engine, || engine.upcoming_id())
    }

    fn sync(&mut self, engine: &Arc<Engine>) -> Result<(), BlockError> {
        engine.settle(engine.last_id());
        if let Some(lost) = engine.holds.any_lost() {
            return Err(lost);
        }
        Ok(())
    }

    fn mark_uncertain(&mut self, which: impl IntoIterator<Item = usize>) {
        for at in which {
            if self.known[at] == BlockState::Absent {
                self.known[at] = BlockState::Unknown;
            }
        }
    }

    /// What was removed may be back: the index was rebuilt.
    pub(super) fn mark_removals_uncertain(&mut self) {
        self.mark_uncertain(0..BLOCKS);
    }

    /// Puts a DAG, answers, and perhaps pins it.
    fn put(&mut self, engine: &Arc<Engine>, pin: bool) {
        let root = self.rng.index(BLOCKS);
        let which: Vec<usize> = self.below(std::iter::once(root)).into_iter().collect();
        let hold = Self::hold(engine);
        self.note(|| format!("put {which:?} pin {pin}"));
        self.since.extend(&which);
        let done = self.write(engine, &hold, &which).and_then(|id| {
            engine.settle(id);
            engine
                .holds
                .of(&hold)?
                .lost()
                .map_or(Ok(()), |lost| Err(lost.clone()))
        });
        match done {
            Ok(()) => {
                for at in &which {
                    self.known[*at] = BlockState::Present;
                }
                if pin {
                    self.pins.insert(root);
                }
                if self.rng.one_in(6) {
                    self.holds.push((hold, which.into_iter().collect()));
                }
            }
            Err(error) => {
                self.note(|| format!("  failed: {error}"));
                self.mark_uncertain(which);
            }
        }
    }

    /// Writes without waiting.
    fn stage(&mut self, engine: &Arc<Engine>) {
        let which: Vec<usize> = (0..1 + self.rng.index(6))
            .map(|_| self.rng.index(LEAVES))
            .collect();
        let hold = Self::hold(engine);
        self.note(|| format!("stage {which:?}"));
        self.since.extend(&which);
        let done = self.write(engine, &hold, &which);
        self.mark_uncertain(which.iter().copied());
        if done.is_ok() {
            let keep: BTreeSet<usize> = which.iter().copied().collect();
            self.unsynced.extend(&keep);
            if self.rng.one_in(2) {
                // Otherwise the hold ends, and a failure before the sync may go unseen: nobody is told they are durable.
                self.holds.push((hold, keep));
            } else {
                for at in keep {
                    self.unsynced.remove(&at);
                }
            }
        }
    }

    fn sync_all(&mut self, engine: &Arc<Engine>) {
        self.note(|| "sync".to_owned());
        let unsynced = std::mem::take(&mut self.unsynced);
        match self.sync(engine) {
            Ok(()) => {
                let live: BTreeSet<usize> = self
                    .holds
                    .iter()
                    .flat_map(|(_, kept)| kept.iter().copied())
                    .collect();
                for at in unsynced.intersection(&live) {
                    self.known[*at] = BlockState::Present;
                }
            }
            Err(error) => self.note(|| format!("  failed: {error}")),
        }
    }

    fn touch(&mut self, engine: &Arc<Engine>) -> Outcome {
        let at = self.rng.index(BLOCKS);
        let hold = Self::hold(engine);
        let found = hold.touch_blocking(self.blocks[at].cid.hash());
        self.note(|| format!("touch {at}: {found:?}"));
        match (found, self.known[at]) {
            (Ok(false), BlockState::Present) => {
                return Err(format!("block {at} is present, and touch does not find it"));
            }
            (Ok(true), BlockState::Absent) => {
                return Err(format!("block {at} is absent, and touch finds it"));
            }
            (Ok(true), _) => {
                self.known[at] = BlockState::Present;
                self.since.insert(at);
                self.holds.push((hold, BTreeSet::from([at])));
            }
            _ => {}
        }
        Ok(())
    }

    fn remove(&mut self, engine: &Arc<Engine>) -> Outcome {
        let pinned = self.pinned();
        let count = 1 + self.rng.index(4);
        let mut which = BTreeSet::new();
        for _ in 0..count {
            let at = self.rng.index(BLOCKS);
            if !pinned.contains(&at) {
                which.insert(at);
            }
        }
        for at in &which {
            for (_, kept) in &mut self.holds {
                kept.remove(at);
            }
            self.since.remove(at);
            self.unsynced.remove(at);
        }
        let which: Vec<usize> = which.into_iter().collect();
        let keys: Vec<Multihash> = which
            .iter()
            .map(|at| self.blocks[*at].cid.hash().clone())
            .collect();
        let done = engine.remove(&keys);
        self.note(|| format!("remove {which:?}: {done:?}"));
        for (index, at) in which.iter().enumerate() {
            match &done {
                Ok(answers) => {
                    if self.known[*at] == BlockState::Present && !answers[index]
                        || self.known[*at] == BlockState::Absent && answers[index]
                    {
                        return Err(format!(
                            "remove of {at}, which is {:?}, answered {}",
                            self.known[*at], answers[index]
                        ));
                    }
                    self.known[*at] = BlockState::Absent;
                }
                Err(_) => self.known[*at] = BlockState::Unknown,
            }
        }
        Ok(())
    }

    pub(super) fn step(&mut self, engine: &Arc<Engine>) -> Outcome {
        match self.rng.below(20) {
            0..=5 => self.put(engine, false),
            6..=7 => self.put(engine, true),
            8..=9 => self.stage(engine),
            10 => self.sync_all(engine),
            11 => return self.touch(engine),
            12..=13 => return self.remove(engine),
            14 => {
                let done = engine.checkpoint();
                self.note(|| format!("checkpoint {done:?}"));
            }
            15 => {
                let nth = self.rng.index(self.pins.len().max(1));
                if let Some(root) = self.pins.iter().nth(nth).copied() {
                    self.pins.remove(&root);
                    self.note(|| format!("unpin {root}"));
                }
            }
            16 if !self.holds.is_empty() => {
                let at = self.rng.index(self.holds.len());
                let (_, kept) = self.holds.swap_remove(at);
                self.note(|| format!("drop a hold on {kept:?}"));
                // The collection inherits it.
                self.since.extend(&kept);
            }
            _ => return self.look(engine),
        }
        Ok(())
    }
}
