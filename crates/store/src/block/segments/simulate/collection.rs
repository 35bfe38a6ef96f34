//! Collections of a run, with operations in the middle of them.

use std::cell::RefCell;
use std::sync::Arc;

use cairn_primitives::Multihash;

use super::super::super::disk::sim::SimDisk;
use super::super::super::traits::Root;
use super::super::engine::Engine;
use super::Outcome;
use super::model::{BLOCKS, BlockState, Model};

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
            model.known[at] = BlockState::Absent;
            model.note(|| format!("  collected {at}"));
        }
    }
}

pub(super) fn collect(model: &RefCell<Model>, engine: &Arc<Engine>, disk: &SimDisk) -> Outcome {
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
    let before: Vec<BlockState> = model.borrow().known.clone();
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
                    before[*at] == BlockState::Present
                        && !pinned.contains(at)
                        && !model.since.contains(at)
                });
                for at in gone {
                    if model.known[at] != BlockState::Absent {
                        return Err(format!("a collection left block {at}"));
                    }
                }
            }
        }
        Err(_) => {
            for at in 0..BLOCKS {
                if !pinned.contains(&at) && !model.since.contains(&at) {
                    model.known[at] = BlockState::Unknown;
                }
            }
        }
    }
    Ok(())
}
