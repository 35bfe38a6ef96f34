//! Lives of a store on a simulated disk, from a seed.
//!
//! Each run drives the engine on one thread through random operations, cuts the power at a random operation of the disk
//! (also inside recovery, collection and compaction), opens the store again and holds it against a model: what was
//! answered is there, what was removed stays away, what is pinned is whole. The same seed gives the same run.
#![allow(clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};

use super::super::disk::Disk;
use super::super::disk::sim::{Fault, Rng, SimDisk};
use super::super::traits::{BlockError, Hold, Root};
use super::engine::{Engine, Limits};
use super::handover::{Handover, Progress};
use super::recover::{self, Plan};

/// Blocks that a run knows; the first ones are leaves.
const BLOCKS: usize = 44;
const LEAVES: usize = 30;

/// What the model knows of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Present,
    Absent,
    /// Asked for and not answered.
    Unknown,
}

#[derive(Debug)]
struct Model {
    rng: Rng,
    blocks: Vec<Block>,
    children: Vec<Vec<usize>>,
    known: Vec<Known>,
    /// Roots that are pinned: rows in a database that does not crash.
    pins: BTreeSet<usize>,
    /// Blocks written and not synced.
    unsynced: BTreeSet<usize>,
    /// Live holds, with the blocks that they keep.
    holds: Vec<(Hold, BTreeSet<usize>)>,
    /// Blocks that operations relied on since the running collection began.
    since: BTreeSet<usize>,
    log: Vec<String>,
}

type Outcome<T = ()> = Result<T, String>;

impl Model {
    fn new(seed: u64) -> Self {
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
                super::super::conformance::node(&cids, &[number as u8])
            };
            blocks.push(block);
            children.push(links);
        }
        Self {
            rng,
            blocks,
            children,
            known: vec![Known::Absent; BLOCKS],
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

    fn pinned(&self) -> BTreeSet<usize> {
        self.below(self.pins.iter().copied())
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
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

    fn doubt(&mut self, which: impl IntoIterator<Item = usize>) {
        for at in which {
            if self.known[at] == Known::Absent {
                self.known[at] = Known::Unknown;
            }
        }
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
                    self.known[*at] = Known::Present;
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
                self.doubt(which);
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
        self.doubt(which.iter().copied());
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
                    self.known[*at] = Known::Present;
                }
            }
            Err(error) => self.note(|| format!("  failed: {error}")),
        }
    }

    fn touch(&mut self, engine: &Arc<Engine>) -> Outcome {
        let at = self.rng.index(BLOCKS);
        let hold = Self::hold(engine);
        let found = hold.touch(self.blocks[at].cid.hash());
        self.note(|| format!("touch {at}: {found:?}"));
        match (found, self.known[at]) {
            (Ok(false), Known::Present) => {
                return Err(format!("block {at} is present, and touch does not find it"));
            }
            (Ok(true), Known::Absent) => {
                return Err(format!("block {at} is absent, and touch finds it"));
            }
            (Ok(true), _) => {
                self.known[at] = Known::Present;
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
                    if self.known[*at] == Known::Present && !answers[index]
                        || self.known[*at] == Known::Absent && answers[index]
                    {
                        return Err(format!(
                            "remove of {at}, which is {:?}, answered {}",
                            self.known[*at], answers[index]
                        ));
                    }
                    self.known[*at] = Known::Absent;
                }
                Err(_) => self.known[*at] = Known::Unknown,
            }
        }
        Ok(())
    }

    fn look(&mut self, engine: &Arc<Engine>) -> Outcome {
        let at = self.rng.index(BLOCKS);
        self.check_block(engine, at, false)?;
        self.check_many(engine, at)
    }

    /// Reads a block and those after it at once.
    fn check_many(&self, engine: &Engine, at: usize) -> Outcome {
        let which: Vec<usize> = (at..BLOCKS.min(at + 6)).collect();
        let keys: Vec<Multihash> = which
            .iter()
            .map(|at| self.blocks[*at].cid.hash().clone())
            .collect();
        // What fails alone was looked at alone.
        let Ok(found) = engine.get_many(&keys) else {
            return Ok(());
        };
        for (at, got) in which.into_iter().zip(found) {
            match (self.known[at], got) {
                (Known::Present, None) => return Err(format!("block {at} is lost among many")),
                (Known::Absent, Some(_)) => return Err(format!("block {at} is back among many")),
                (_, Some(got)) if got != self.blocks[at].data => {
                    return Err(format!("block {at} has other bytes among many"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_block(&mut self, engine: &Engine, at: usize, settle: bool) -> Outcome {
        let got = match engine.get(self.blocks[at].cid.hash()) {
            Ok(got) => got,
            Err(error @ BlockError::Damaged { .. }) => {
                return Err(format!("block {at} ({:?}): {error}", self.known[at]));
            }
            Err(error) if settle => {
                return Err(format!(
                    "block {at} cannot be read: {error} {:?}",
                    std::error::Error::source(&error)
                ));
            }
            Err(_) => return Ok(()),
        };
        if got.as_ref().is_some_and(|got| *got != self.blocks[at].data) {
            return Err(format!("block {at} has other bytes"));
        }
        match (self.known[at], got.is_some()) {
            (Known::Present, false) => Err(format!("block {at} is lost")),
            (Known::Absent, true) => Err(format!("block {at} was removed, and is back")),
            (Known::Unknown, found) if settle => {
                self.known[at] = if found { Known::Present } else { Known::Absent };
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn step(&mut self, engine: &Arc<Engine>) -> Outcome {
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

    /// Compares everything with the store, and settles what was unknown.
    fn check(&mut self, engine: &Engine) -> Outcome {
        for at in 0..BLOCKS {
            self.check_block(engine, at, true)?;
        }
        if let Some(lost) = self
            .pinned()
            .into_iter()
            .find(|at| self.known[*at] != Known::Present)
        {
            return Err(format!("pinned block {lost} is lost"));
        }
        let stat = engine.stat().map_err(|error| error.to_string())?;
        let present = self
            .known
            .iter()
            .filter(|known| **known == Known::Present)
            .count() as u64;
        if stat.blocks != present {
            return Err(format!(
                "{} blocks are counted, and {present} are there",
                stat.blocks
            ));
        }
        Ok(())
    }
}

struct Sweeper<'a> {
    model: &'a RefCell<Model>,
    engine: &'a Arc<Engine>,
    disk: &'a SimDisk,
    busy: bool,
    failure: &'a RefCell<Option<String>>,
}

impl Sweeper<'_> {
    fn interleave(&self) {
        if !self.busy {
            return;
        }
        let mut model = self.model.borrow_mut();
        for _ in 0..model.rng.index(4) {
            // Nobody is answered any more once the power is off, not even from memory.
            if self.disk.crashed() {
                return;
            }
            if let Err(error) = model.step(self.engine) {
                self.failure.borrow_mut().get_or_insert(error);
            }
        }
    }

    fn roots(&self) -> Vec<Root> {
        self.interleave();
        let model = self.model.borrow();
        let roots = model
            .pins
            .iter()
            .map(|root| Root {
                cid: model.blocks[*root].cid.clone(),
                recursive: true,
            })
            .collect();
        drop(model);
        self.interleave();
        roots
    }

    fn removed(&self, key: &Multihash) {
        let mut model = self.model.borrow_mut();
        if let Some(at) = model
            .blocks
            .iter()
            .position(|block| block.cid.hash() == key)
        {
            model.known[at] = Known::Absent;
            model.note(|| format!("  collected {at}"));
        }
    }
}

fn collect(model: &RefCell<Model>, engine: &Arc<Engine>, disk: &SimDisk) -> Outcome {
    let failure = RefCell::new(None);
    let (busy, held) = {
        let mut model = model.borrow_mut();
        model.since.clear();
        let held: Vec<usize> = model
            .holds
            .iter()
            .flat_map(|(_, kept)| kept.iter().copied())
            .collect();
        model.since.extend(held);
        let busy = model.rng.one_in(2);
        model.note(|| format!("collect, busy {busy}"));
        // A hold keeps all that was written since it began, by whomever.
        (busy, !model.holds.is_empty())
    };
    let sweeper = Sweeper {
        disk,
        model,
        engine,
        busy,
        failure: &failure,
    };
    let before: Vec<Known> = model.borrow().known.clone();
    let done = engine.collect_by(
        &mut || Ok(sweeper.roots()),
        &mut |key| sweeper.removed(key),
        &|| {
            sweeper.interleave();
            false
        },
    );
    let mut model = model.borrow_mut();
    model.note(|| format!("collect done: {done:?}"));
    if let Some(failure) = failure.into_inner() {
        return Err(failure);
    }
    let pinned = model.pinned();
    match done {
        Ok(done) => {
            // In a busy one, something may have been unpinned and removed since the roots were read.
            if !busy && done.missing > 0 {
                return Err(format!(
                    "a collection missed {} blocks that are pinned",
                    done.missing
                ));
            }
            if !busy && !held {
                let gone = (0..BLOCKS).filter(|at| {
                    before[*at] == Known::Present
                        && !pinned.contains(at)
                        && !model.since.contains(at)
                });
                for at in gone {
                    if model.known[at] != Known::Absent {
                        return Err(format!("a collection left block {at}"));
                    }
                }
            }
        }
        Err(_) => {
            for at in 0..BLOCKS {
                if !pinned.contains(&at) && !model.since.contains(&at) {
                    model.known[at] = Known::Unknown;
                }
            }
        }
    }
    Ok(())
}

fn plan() -> Plan {
    let limits = Limits {
        segment: 48 << 10,
        buffer: 16 << 10,
        pending: 40,
        unsynced: 24 << 10,
        grow: (4 << 10, 16 << 10),
        ahead: 4 << 10,
        margin: 0,
        sweep: 4,
        moves: 12,
        shrink_from: 0,
        cache: 1 << 20,
        files: 3,
        warm_writes: false,
        verify_reads: false,
    };
    Plan {
        limits,
        read_only: false,
        reserve: 0,
        fresh_id: Some("simulated".to_owned()),
        reindex: false,
    }
}

/// Opens the store, with the power going out meanwhile now and then.
fn reopen(disk: &mut SimDisk, model: &RefCell<Model>) -> Outcome<Arc<Engine>> {
    for attempt in 0..6 {
        {
            let mut model = model.borrow_mut();
            if attempt < 4 && model.rng.one_in(2) {
                let after = 1 + model.rng.below(40);
                let fault = if model.rng.one_in(5) {
                    Fault::SyncError
                } else {
                    Fault::Crash
                };
                disk.plan(after, fault);
                model.note(|| format!("{fault:?} in {after} operations of recovery"));
            }
        }
        let opened = recover::open(
            Arc::new(disk.clone()) as Arc<dyn Disk>,
            &plan(),
            &mut |_, _| {},
        );
        disk.calm();
        match opened {
            Ok((engine, report)) if !disk.crashed() => {
                let mut model = model.borrow_mut();
                model.note(|| format!("opened: {report:?}"));
                if report.reindexed.is_some() {
                    for known in model
                        .known
                        .iter_mut()
                        .filter(|known| **known == Known::Absent)
                    {
                        *known = Known::Unknown;
                    }
                }
                return Ok(engine);
            }
            opened => {
                let why = opened.map(drop);
                model.borrow_mut().note(|| format!("not opened: {why:?}"));
                // The index may have been made anew before the opening failed, and what was removed be back.
                for known in model
                    .borrow_mut()
                    .known
                    .iter_mut()
                    .filter(|known| **known == Known::Absent)
                {
                    *known = Known::Unknown;
                }
                *disk = disk.restart();
            }
        }
    }
    Err("the store cannot be opened".to_owned())
}

fn live(disk: &mut SimDisk, model: &RefCell<Model>) -> Outcome {
    let engine = reopen(disk, model)?;
    model.borrow_mut().check(&engine)?;
    {
        let mut model = model.borrow_mut();
        let after = 1 + model.rng.below(400);
        let fault = match model.rng.below(8) {
            0 => Fault::SyncError,
            1 => Fault::WriteError,
            2 => Fault::Full,
            _ => Fault::Crash,
        };
        model.note(|| format!("{fault:?} in {after} operations"));
        disk.plan(after, fault);
    }
    let steps = 10 + model.borrow_mut().rng.index(60);
    for _ in 0..steps {
        if disk.crashed() {
            break;
        }
        let collects = model.borrow_mut().rng.one_in(8);
        if collects {
            collect(model, &engine, disk)?;
        } else {
            model.borrow_mut().step(&engine)?;
        }
    }
    let mut model = model.borrow_mut();
    model.holds.clear();
    model.unsynced.clear();
    let end = model.rng.below(4);
    disk.calm();
    if end == 0 && !disk.crashed() {
        model.note(|| "close".to_owned());
        engine.rest();
        let done = engine.checkpoint();
        model.note(|| format!("{done:?}"));
    }
    drop(engine);
    let power = end > 1;
    model.note(|| format!("power cut {power}"));
    *disk = if power || disk.crashed() {
        disk.restart()
    } else {
        disk.kill()
    };
    if model.rng.one_in(12) {
        model.note(|| "the index is lost".to_owned());
        disk.tamper("index.redb", None);
    }
    Ok(())
}

/// Runs one seed; the error tells what went wrong and what led to it.
pub fn run(seed: u64) -> Result<(), String> {
    let model = RefCell::new(Model::new(seed));
    let mut disk = SimDisk::new(seed);
    let lives = 2 + model.borrow_mut().rng.index(4);
    let done = (0..lives)
        .try_for_each(|_| live(&mut disk, &model))
        .and_then(|()| {
            disk.calm();
            let opened = recover::open(
                Arc::new(disk.clone()) as Arc<dyn Disk>,
                &plan(),
                &mut |_, _| {},
            );
            let (engine, report) =
                opened.map_err(|error| format!("the store cannot be opened at last: {error:?}"))?;
            let mut model = model.borrow_mut();
            if report.reindexed.is_some() {
                for known in model
                    .known
                    .iter_mut()
                    .filter(|known| **known == Known::Absent)
                {
                    *known = Known::Unknown;
                }
            }
            model.check(&engine)
        });
    done.map_err(|what| format!("seed {seed}: {what}\n{}", model.into_inner().log.join("\n")))
}
