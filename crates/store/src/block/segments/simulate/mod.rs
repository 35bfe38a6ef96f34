//! Simulated lives of a store on a failing disk, from a seed.
//!
//! Each run drives the engine on one thread through random operations, cuts the power at a random disk operation
//! (also inside recovery, collection and compaction), opens the store again and compares it with a model: what was
//! answered is present, what was removed stays away, what is pinned is complete. The same seed gives the same run.
#![allow(clippy::indexing_slicing)]

mod check;
mod collection;
mod model;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::Arc;

use self::collection::collect;
use self::model::Model;
use super::super::disk::Disk;
use super::super::disk::sim::{Fault, SimDisk};
use super::engine::{Engine, Limits};
use super::recover::{self, OpenPlan};

type Outcome<T = ()> = Result<T, String>;

fn plan() -> OpenPlan {
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
        recent: 2 << 10,
        files: 3,
        warm_writes: false,
        verify_reads: false,
    };
    OpenPlan {
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
        disk.clear_faults();
        match opened {
            Ok((engine, report)) if !disk.crashed() => {
                let mut model = model.borrow_mut();
                model.note(|| format!("opened: {report:?}"));
                if report.reindexed.is_some() {
                    model.mark_removals_uncertain();
                }
                return Ok(engine);
            }
            opened => {
                let why = opened.map(drop);
                model.borrow_mut().note(|| format!("not opened: {why:?}"));
                // The index may have been rebuilt before the opening failed, and what was removed be back.
                model.borrow_mut().mark_removals_uncertain();
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
    disk.clear_faults();
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
            disk.clear_faults();
            let opened = recover::open(
                Arc::new(disk.clone()) as Arc<dyn Disk>,
                &plan(),
                &mut |_, _| {},
            );
            let (engine, report) =
                opened.map_err(|error| format!("the store cannot be opened at last: {error:?}"))?;
            let mut model = model.borrow_mut();
            if report.reindexed.is_some() {
                model.mark_removals_uncertain();
            }
            model.check(&engine)
        });
    done.map_err(|what| format!("seed {seed}: {what}\n{}", model.into_inner().log.join("\n")))
}
