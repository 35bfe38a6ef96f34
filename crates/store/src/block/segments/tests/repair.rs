//! Writes that meet a damaged block replace it.

use super::*;

/// Where the record of a block is.
fn place(engine: &Engine, block: &Block) -> super::super::entry::Entry {
    engine.find(block.cid.hash()).unwrap().unwrap().entry
}

/// As a put does it: durable, and found after a crash.
fn answer(engine: &Arc<Engine>, blocks: &[Block]) {
    put(engine, blocks).unwrap();
    engine.switch_repaired().unwrap();
}

fn verified(engine: &Engine, blocks: &[Block]) -> usize {
    let whole = |block: &&Block| {
        let read = engine.get_by(block.cid.hash(), true);
        read.is_ok_and(|data| data.as_ref() == Some(&block.data))
    };
    blocks.iter().filter(whole).count()
}

/// Damages the segment of some blocks in a store that runs, writes them again, and looks before and after a crash.
fn repairs(what: &str, damage: impl Fn(&mut Vec<u8>, &super::super::entry::Entry)) {
    for indexed in [true, false] {
        let disk = SimDisk::new(21);
        let (engine, _) = open(&disk);
        let large = raw(&vec![9; 400_000]);
        let mut blocks = some(0, 40);
        blocks.push(large.clone());
        put(&engine, &blocks).unwrap();
        engine.seal_active();
        if indexed {
            engine.checkpoint().unwrap();
        }
        let path = record::path(1);
        let mut bytes = disk.contents(&path).unwrap();
        damage(&mut bytes, &place(&engine, &blocks[3]));
        damage(&mut bytes, &place(&engine, &large));
        disk.tamper(&path, (!bytes.is_empty()).then_some(&bytes));
        let before = engine.stat().unwrap();
        answer(&engine, &blocks);
        assert_eq!(verified(&engine, &blocks), 41, "{what}, indexed {indexed}");
        let after = engine.stat().unwrap();
        assert_eq!(
            (after.blocks, after.live_bytes, after.damaged),
            (before.blocks, before.live_bytes, 0),
            "{what}"
        );
        // Nothing more is written again.
        let last = engine.last_id();
        answer(&engine, &blocks);
        assert_eq!(engine.last_id(), last, "{what}");
        if bytes.is_empty() {
            // What opening makes of a lost segment is not looked at here.
            continue;
        }
        drop(engine);
        let disk = disk.restart();
        let (engine, _) = open(&disk);
        assert_eq!(verified(&engine, &blocks), 41, "{what}, indexed {indexed}");
        assert_eq!(engine.stat().unwrap().blocks, 41);
        engine.check_space_of_damage();
    }
}

impl Engine {
    /// The bad copies are dead: their segment has fewer blocks than records.
    fn check_space_of_damage(&self) {
        let rows = self.rows.lock();
        assert!(rows.get(&1).is_none_or(|row| row.blocks < 41));
    }
}

#[test]
fn damage_of_any_kind() {
    repairs("bytes", |bytes, entry| {
        bytes[entry.end() as usize - 10] ^= 1;
    });
    repairs("first byte", |bytes, entry| {
        bytes[entry.offset as usize + usize::from(entry.head)] ^= 0x80;
    });
    repairs("length", |bytes, entry| bytes[entry.offset as usize] ^= 3);
    repairs("name", |bytes, entry| {
        bytes[entry.offset as usize + 12] ^= 3;
    });
    repairs("zeros", |bytes, entry| {
        bytes[entry.offset as usize..entry.end() as usize].fill(0);
    });
}

#[test]
fn a_segment_that_is_gone_or_cut() {
    repairs("gone", |bytes, _| bytes.clear());
    let disk = SimDisk::new(22);
    let (engine, _) = open(&disk);
    let blocks = some(0, 40);
    put(&engine, &blocks).unwrap();
    engine.seal_active();
    engine.checkpoint().unwrap();
    let path = record::path(1);
    let bytes = disk.contents(&path).unwrap();
    disk.tamper(&path, Some(&bytes[..bytes.len() / 2]));
    answer(&engine, &blocks);
    assert_eq!(verified(&engine, &blocks), 40);
}

#[test]
fn what_a_read_found_is_remembered_and_repaired() {
    let disk = SimDisk::new(23);
    let (engine, _) = open(&disk);
    let blocks = some(0, 10);
    put(&engine, &blocks).unwrap();
    let disk = end(engine, &disk);
    // Every read looks at the disk.
    let mut forgetful = plan();
    forgetful.limits.recent = 0;
    let (engine, _) = recover::open(Arc::new(disk.clone()), &forgetful, &mut |_, _| {}).unwrap();
    // Its file is replaced below: nothing more is to be written to it.
    engine.seal_active();
    engine.checkpoint().unwrap();
    let entry = place(&engine, &blocks[4]);
    assert!(entry.check.is_some());
    let path = record::path(1);
    let mut bytes = disk.contents(&path).unwrap();
    bytes[entry.end() as usize - 1] ^= 1;
    disk.tamper(&path, Some(&bytes));
    let keys: Vec<_> = blocks
        .iter()
        .map(|block| block.cid.hash().clone())
        .collect();
    assert!(matches!(
        engine.get_many(&keys),
        Err(BlockError::Damaged { .. })
    ));
    // Its neighbours are not affected.
    let others: Vec<Block> = blocks
        .iter()
        .filter(|block| **block != blocks[4])
        .cloned()
        .collect();
    assert_eq!(verified(&engine, &others), 9);
    assert_eq!(engine.stat().unwrap().damaged, 1);
    let hold = hold(&engine);
    assert!(!hold.touch_blocking(&keys[4]).unwrap() && hold.touch_blocking(&keys[5]).unwrap());
    // A copy that was restored is taken for good again.
    bytes[entry.end() as usize - 1] ^= 1;
    disk.tamper(&path, Some(&bytes));
    engine.files.forget(1);
    assert_eq!(verified(&engine, &blocks), 10);
    assert_eq!(engine.stat().unwrap().damaged, 0);
    assert!(hold.touch_blocking(&keys[4]).unwrap());
    // A pin that relies on a copy which is being made waits until it is found after a crash.
    bytes[entry.end() as usize - 1] ^= 1;
    disk.tamper(&path, Some(&bytes));
    engine.files.forget(1);
    assert!(engine.get(&keys[4]).is_err());
    hand_over(&engine, &hold, &blocks).unwrap();
    assert!(hold.touch_blocking(&keys[4]).unwrap());
    drop((hold, engine));
    let disk = disk.restart();
    let (engine, _) = open(&disk);
    assert_eq!(verified(&engine, &blocks), 10);
}

#[test]
fn an_index_without_checksums_is_used_and_its_blocks_are_hashed() {
    use super::super::index::{BLOCKS, META};
    let disk = SimDisk::new(24);
    let (engine, _) = open(&disk);
    let blocks = some(0, 10);
    put(&engine, &blocks).unwrap();
    engine.rest();
    engine.checkpoint().unwrap();
    let entries: Vec<_> = blocks.iter().map(|block| place(&engine, block)).collect();
    let first = format!("{} {}", engine.owner.store, engine.owner.generation);
    engine
        .index
        .write("test", |transaction| {
            let mut value = Vec::new();
            for (block, entry) in blocks.iter().zip(&entries) {
                let old = super::super::entry::Entry {
                    check: None,
                    ..*entry
                };
                old.encode(&mut value);
                let key = block.cid.hash().as_bytes();
                transaction
                    .open_table(BLOCKS)?
                    .insert(key, value.as_slice())?;
            }
            transaction
                .open_table(META)?
                .insert("store", first.as_bytes())?;
            Ok(())
        })
        .unwrap();
    drop(engine);
    let disk = disk.kill();
    let path = record::path(1);
    let mut bytes = disk.contents(&path).unwrap();
    bytes[entries[2].end() as usize - 1] ^= 1;
    disk.tamper(&path, Some(&bytes));
    let (engine, report) = open(&disk);
    assert_eq!(report, OpenReport::default());
    assert!(engine.get(blocks[2].cid.hash()).is_err());
    answer(&engine, &blocks);
    assert_eq!(verified(&engine, &blocks), 10);
    assert!(place(&engine, &blocks[2]).check.is_some());
    let disk = end(engine, &disk);
    let (engine, report) = open(&disk);
    assert_eq!(report, OpenReport::default());
    assert_eq!(verified(&engine, &blocks), 10);
}
