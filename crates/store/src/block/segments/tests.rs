mod damage;
mod links;
mod recent;
mod recovery;
mod repair;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn_primitives::Block;

use super::super::conformance::{node, raw};
use super::super::disk::Disk;
use super::super::disk::sim::{Fault, SimDisk, SimEvent};
use super::super::holds::Touch as _;
use super::super::traits::{BlockError, Hold, Root};
use super::engine::{Engine, Limits};
use super::handover::{Handover, Progress};
use super::options::{OpenError, OpenReport};
use super::recover::{self, OpenPlan};
use super::{record, scan};

fn plan() -> OpenPlan {
    let limits = Limits {
        segment: 1 << 20,
        buffer: 64 << 10,
        pending: 10_000,
        unsynced: 1 << 20,
        grow: (16 << 10, 64 << 10),
        ahead: 4 << 10,
        margin: 64 << 10,
        sweep: 100,
        moves: 1000,
        shrink_from: 1 << 30,
        cache: 1 << 20,
        recent: 1 << 20,
        files: 4,
        warm_writes: false,
        verify_reads: false,
    };
    OpenPlan {
        limits,
        read_only: false,
        reserve: 0,
        fresh_id: None,
        reindex: false,
    }
}

fn open(disk: &SimDisk) -> (Arc<Engine>, OpenReport) {
    recover::open(Arc::new(disk.clone()), &plan(), &mut |_, _| {}).unwrap()
}

fn hold(engine: &Arc<Engine>) -> Hold {
    engine.holds.give(engine, || engine.upcoming_id())
}

fn hand_over(engine: &Arc<Engine>, hold: &Hold, blocks: &[Block]) -> Result<u64, BlockError> {
    let mut handover = Handover::new(blocks.to_vec())?;
    loop {
        match engine.advance(engine.holds.of(hold)?, &mut handover)? {
            Progress::Done(id) => return Ok(id),
            Progress::Wait(_) => engine.settle(engine.last_id()),
        }
    }
}

fn put(engine: &Arc<Engine>, blocks: &[Block]) -> Result<(), BlockError> {
    let hold = hold(engine);
    let id = hand_over(engine, &hold, blocks)?;
    engine.settle(id);
    engine
        .holds
        .of(&hold)?
        .lost()
        .map_or(Ok(()), |lost| Err(lost.clone()))
}

fn some(from: u32, count: u32) -> Vec<Block> {
    (from..from + count)
        .map(|number| raw(&[&number.to_le_bytes()[..], &[number as u8; 3000]].concat()))
        .collect()
}

fn present(engine: &Engine, blocks: &[Block]) -> usize {
    let whole = |block: &&Block| {
        engine
            .get(block.cid.hash())
            .unwrap()
            .is_some_and(|data| data == block.data)
    };
    blocks.iter().filter(whole).count()
}

/// Ends the process cleanly enough for its disk to be looked at.
fn end(engine: Arc<Engine>, disk: &SimDisk) -> SimDisk {
    engine.rest();
    engine.checkpoint().unwrap();
    drop(engine);
    disk.kill()
}

#[test]
fn an_answer_comes_after_the_sync() {
    let disk = SimDisk::new(1);
    let (engine, _) = open(&disk);
    disk.record();
    for number in 0..20 {
        put(&engine, &some(number, 1)).unwrap();
        let events = disk.events();
        let wrote = events
            .iter()
            .rposition(|event| matches!(event, SimEvent::Write(path) if path.ends_with(".car")))
            .unwrap();
        let synced = events
            .iter()
            .rposition(|event| matches!(event, SimEvent::Sync(path) if path.ends_with(".car")))
            .unwrap();
        assert!(synced > wrote, "answered before the sync");
        assert!(
            events.contains(&SimEvent::SyncDir("segments".to_owned())),
            "the segment's name is not durable"
        );
    }
    // Those who wait together share one sync.
    let before = disk.events().len();
    let hold = hold(&engine);
    let last = hand_over(&engine, &hold, &some(100, 10)).unwrap();
    engine.settle(last);
    let syncs = disk.events()[before..]
        .iter()
        .filter(|event| matches!(event, SimEvent::Sync(_)))
        .count();
    assert_eq!(syncs, 1);
}

#[test]
fn a_failed_sync_ends_the_segment() {
    for fault in [Fault::SyncError, Fault::WriteError] {
        let mut disk = SimDisk::new(2);
        let (engine, _) = open(&disk);
        let (good, bad, later) = (some(0, 3), some(10, 3), some(20, 3));
        put(&engine, &good).unwrap();
        let first = engine.stage.lock().active();
        let holder = hold(&engine);
        let id = hand_over(&engine, &holder, &bad).unwrap();
        disk.plan(1, fault);
        engine.settle(id);
        assert!(engine.holds.of(&holder).unwrap().lost().is_some());
        assert!(
            engine.holds.any_lost().is_some(),
            "a sync that comes later must fail as well"
        );
        assert_eq!(present(&engine, &bad), 0);
        assert!(matches!(
            hand_over(&engine, &holder, &later),
            Err(BlockError::Io { .. })
        ));
        put(&engine, &later).unwrap();
        assert_ne!(
            engine.stage.lock().active(),
            first,
            "a segment that failed is written again"
        );
        drop(holder);
        assert!(engine.holds.any_lost().is_none());
        // What was lost was never there, and can be put again.
        assert_eq!(
            engine.remove(&[bad[0].cid.hash().clone()]).unwrap(),
            [false]
        );
        put(&engine, &bad[1..]).unwrap();
        drop(engine);
        disk = disk.restart();
        let (engine, _) = open(&disk);
        assert_eq!(
            (
                present(&engine, &good),
                present(&engine, &bad[1..]),
                present(&engine, &later)
            ),
            (3, 2, 3)
        );
        assert_eq!(present(&engine, &bad[..1]), 0);
    }
}

#[test]
fn a_touch_of_what_is_not_durable_waits_for_it() {
    let disk = SimDisk::new(3);
    let (engine, _) = open(&disk);
    let (writer, other) = (hold(&engine), hold(&engine));
    let blocks = some(0, 1);
    hand_over(&engine, &writer, &blocks).unwrap();
    let key = blocks[0].cid.hash();
    assert!(engine.touch(engine.holds.of(&other).unwrap(), key).unwrap());
    assert!(engine.settled.load(Ordering::Acquire) >= 1);
    drop(engine);
    let (engine, _) = open(&disk.restart());
    assert_eq!(present(&engine, &blocks), 1);
}

#[test]
fn a_full_disk_refuses_writes_and_collects() {
    let disk = SimDisk::new(9);
    disk.set_capacity(Some(8 << 20));
    let (engine, _) = open(&disk);
    let blocks = some(0, 3000);
    let refused = blocks
        .chunks(20)
        .find_map(|part| put(&engine, part).and_then(|()| engine.checkpoint()).err());
    assert!(
        matches!(refused, Some(BlockError::Full { free, needed }) if free < needed),
        "{refused:?}"
    );
    let there = present(&engine, &blocks);
    assert!(there > 500);
    assert!(matches!(
        put(&engine, &some(9000, 1)),
        Err(BlockError::Full { .. })
    ));
    let kept = blocks[..20].to_vec();
    let roots: Vec<Root> = kept
        .iter()
        .map(|block| Root {
            cid: block.cid.clone(),
            recursive: true,
        })
        .collect();
    let done = engine
        .collect_by(&mut || Ok(roots.clone()), &mut |_| {}, &|| false)
        .unwrap();
    assert!(done.blocks as usize >= there - 20 - 20);
    put(&engine, &some(9000, 100)).unwrap();
    assert_eq!(present(&engine, &kept), 20);
}

#[test]
fn the_reserve_is_free_while_another_program_fills_the_disk() {
    let disk = SimDisk::new(9);
    let mut plan = plan();
    plan.reserve = 256 << 10;
    let (engine, _) = recover::open(Arc::new(disk.clone()), &plan, &mut |_, _| {}).unwrap();
    put(&engine, &some(0, 10)).unwrap();
    assert!(!engine.update_reserve());
    let used = disk.used();
    disk.set_capacity(Some(used));
    assert!(engine.update_reserve() && disk.used() < used);
    assert!(!engine.update_reserve());
    disk.set_capacity(None);
    {
        let _collecting = engine.collecting.lock();
        assert!(!engine.update_reserve() && disk.used() < used);
    }
    assert!(!engine.update_reserve());
    assert_eq!(disk.used(), used);
}

#[test]
fn segments_at_rest_are_cars() {
    let disk = SimDisk::new(10);
    let (engine, _) = open(&disk);
    put(&engine, &some(0, 800)).unwrap();
    put(&engine, &[node(&[], b"x")]).unwrap();
    let disk = end(engine, &disk);
    let names: Vec<String> = disk
        .list("segments")
        .unwrap()
        .into_iter()
        .filter(|name| record::number(name).is_some())
        .collect();
    assert!(names.len() >= 3);
    let mut records = 0;
    for name in names {
        let bytes = disk.contents(&format!("segments/{name}")).unwrap();
        let header = record::header_len(&bytes).unwrap();
        let file = disk
            .open(
                &format!("segments/{name}"),
                super::super::disk::Access::Read,
                false,
            )
            .unwrap();
        let end = scan::scan(&*file, header, &mut |found| match found {
            scan::ScanItem::Record { .. } => {
                records += 1;
                Ok(())
            }
            scan::ScanItem::Bad(_) => Err(io::ErrorKind::InvalidData.into()),
        })
        .unwrap();
        assert_eq!((end.end, end.torn), (bytes.len() as u64, false));
    }
    assert_eq!(records, 801);
}

#[test]
fn read_only_changes_nothing() {
    let disk = SimDisk::new(13);
    let (engine, _) = open(&disk);
    let blocks = some(0, 10);
    put(&engine, &blocks).unwrap();
    drop(engine);
    let disk = disk.kill();
    let before: Vec<_> = ["index.redb", "store.json", "segments/00000001.car"]
        .map(|path| disk.contents(path))
        .to_vec();
    let operations = disk.operations();
    let mut read_only = plan();
    read_only.read_only = true;
    let (engine, report) =
        recover::open(Arc::new(disk.clone()), &read_only, &mut |_, _| {}).unwrap();
    assert_eq!(report.replayed, 10);
    assert_eq!(present(&engine, &blocks), 10);
    assert!(matches!(
        put(&engine, &some(20, 1)),
        Err(BlockError::ReadOnly)
    ));
    assert!(matches!(
        engine.remove(&[blocks[0].cid.hash().clone()]),
        Err(BlockError::ReadOnly)
    ));
    drop(engine);
    assert_eq!(disk.operations(), operations);
    assert_eq!(
        before,
        ["index.redb", "store.json", "segments/00000001.car"].map(|path| disk.contents(path))
    );
}
