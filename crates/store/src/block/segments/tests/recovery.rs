//! What a store finds after its process or its machine ended.

use super::super::options::LostSegment;
use super::*;

#[test]
fn a_torn_record_is_cut() {
    let disk = SimDisk::new(4);
    let (engine, _) = open(&disk);
    let blocks = some(0, 5);
    put(&engine, &blocks).unwrap();
    engine.rest();
    drop(engine);
    let disk = disk.kill();
    // Nothing reached the index: everything is replayed.
    let path = record::path(1);
    let mut bytes = disk.contents(&path).unwrap();
    bytes.truncate(bytes.len() - 100);
    disk.tamper(&path, Some(&bytes));
    let (engine, report) = open(&disk);
    assert_eq!(
        (report.replayed, report.cut.len(), report.damaged.len()),
        (4, 1, 0)
    );
    assert_eq!(present(&engine, &blocks), 4);
    put(&engine, &blocks).unwrap();
    let disk = end(engine, &disk);
    let (engine, report) = open(&disk);
    assert_eq!(report, OpenReport::default());
    assert_eq!(present(&engine, &blocks), 5);
}

#[test]
fn damage_before_good_records_is_set_aside() {
    // In the header, in a record's length, in its CID, in its bytes, in the bytes of a later one.
    let header = record::header(&"0".repeat(32), 1).len();
    for at in [0, header, header + 6, header + 60, header + 10_000] {
        let disk = SimDisk::new(5);
        let (engine, _) = open(&disk);
        let blocks = some(0, 8);
        put(&engine, &blocks).unwrap();
        let disk = end(engine, &disk);
        let path = record::path(1);
        let mut bytes = disk.contents(&path).unwrap();
        bytes[at] ^= 0x55;
        disk.tamper(&path, Some(&bytes));
        disk.tamper("index.redb", None);
        let (engine, report) = open(&disk);
        assert!(report.reindexed.is_some());
        assert_eq!(report.damaged.len(), 1, "byte {at}");
        let damage = &report.damaged[0];
        assert_eq!(
            disk.contents(&damage.copy).unwrap(),
            bytes[damage.bytes.start as usize..damage.bytes.end as usize]
        );
        let expected = if at == 0 { 8 } else { 7 };
        assert_eq!(present(&engine, &blocks), expected, "byte {at}");
        // New blocks go to a segment of their own.
        put(&engine, &some(50, 2)).unwrap();
        assert_eq!(engine.stage.lock().active(), Some(2));
    }
}

#[test]
fn a_zeroed_stretch_does_not_hide_what_follows() {
    let disk = SimDisk::new(6);
    let (engine, _) = open(&disk);
    let blocks = some(0, 8);
    put(&engine, &blocks).unwrap();
    drop(engine);
    let disk = disk.kill();
    let path = record::path(1);
    let mut bytes = disk.contents(&path).unwrap();
    bytes[5000..8192].fill(0);
    disk.tamper(&path, Some(&bytes));
    let (engine, report) = open(&disk);
    assert_eq!(report.damaged.len(), 1);
    assert_eq!(present(&engine, &blocks), 6);
}

#[test]
fn an_index_that_does_not_fit_is_made_anew() {
    let disk = SimDisk::new(7);
    let (engine, report) = open(&disk);
    assert!(report.created && report.reindexed.is_none());
    let (first, second) = (some(0, 4), some(10, 4));
    put(&engine, &first).unwrap();
    let disk = end(engine, &disk);
    let behind = disk.contents("index.redb").unwrap();
    let short = disk.contents(&record::path(1)).unwrap();
    let (engine, _) = open(&disk);
    put(&engine, &second).unwrap();
    let disk = end(engine, &disk);

    // After the segments: the rest is replayed.
    disk.tamper("index.redb", Some(&behind));
    let (engine, report) = open(&disk);
    assert_eq!((report.reindexed, report.replayed), (None, 4));
    assert_eq!(present(&engine, &first) + present(&engine, &second), 8);
    let disk = end(engine, &disk);

    // Ahead of them.
    disk.tamper(&record::path(1), Some(&short));
    let (engine, report) = open(&disk);
    assert_eq!(report.reindexed, None);
    assert_eq!(
        report.lost,
        [LostSegment {
            segment: 1,
            partly: true,
            blocks: 4,
            bytes: 4 * 3004,
        }]
    );
    assert_eq!(
        (present(&engine, &first), present(&engine, &second)),
        (4, 0)
    );
    let disk = end(engine, &disk);

    // Of an older generation, not a database at all, a damaged one, none.
    let current = disk.contents("index.redb").unwrap();
    for index in [
        Some(b"hello".to_vec()),
        Some(behind.clone()),
        Some(vec![7; 1 << 20]),
        Some(current[..current.len() / 2].to_vec()),
        None,
    ] {
        disk.tamper("index.redb", index.as_deref());
        let (engine, report) = open(&disk);
        assert!(
            report.reindexed.is_some(),
            "{:?}",
            index.map(|index| index.len())
        );
        assert_eq!(present(&engine, &first), 4);
        drop(engine);
    }
}

#[test]
fn what_was_removed_stays_away() {
    let mut disk = SimDisk::new(8);
    let blocks = some(0, 10);
    for round in 0..3 {
        let (engine, _) = open(&disk);
        put(&engine, &blocks).unwrap();
        // Put and removed within one life, and never brought to the index before.
        let keys: Vec<_> = blocks[..5]
            .iter()
            .map(|block| block.cid.hash().clone())
            .collect();
        assert_eq!(engine.remove(&keys).unwrap(), [true; 5]);
        drop(engine);
        disk = if round == 1 {
            disk.restart()
        } else {
            disk.kill()
        };
        let (engine, _) = open(&disk);
        assert_eq!(
            (
                present(&engine, &blocks[..5]),
                present(&engine, &blocks[5..])
            ),
            (0, 5)
        );
        drop(engine);
        disk = disk.kill();
    }
}

#[test]
fn a_lost_segment_is_told_until_its_blocks_are_back() {
    // Deleted and emptied alike.
    for left in [None, Some(&b""[..])] {
        let disk = SimDisk::new(21);
        let (engine, _) = open(&disk);
        let (first, second) = (some(0, 400), some(1000, 5));
        put(&engine, &first).unwrap();
        engine.seal_active();
        put(&engine, &second).unwrap();
        let disk = end(engine, &disk);
        disk.tamper(&record::path(1), left);
        let (engine, report) = open(&disk);
        assert_eq!(report.reindexed, None);
        assert_eq!(report.lost.len(), 1);
        let lost = &report.lost[0];
        assert_eq!((lost.segment, lost.partly), (1, false));
        assert_eq!(report.lost_blocks, lost.blocks);
        assert_eq!(present(&engine, &first), first.len() - lost.blocks as usize);
        let told = std::cell::RefCell::new(0);
        engine
            .each_lost(&mut |_, whole| {
                assert!(matches!(whole, Err(BlockError::Lost { segment: 1, .. })));
                *told.borrow_mut() += 1;
                true
            })
            .unwrap();
        assert_eq!(*told.borrow(), lost.blocks);
        // It is told again, and what comes back is off the list.
        let disk = end(engine, &disk);
        let (engine, report) = open(&disk);
        assert_eq!(report.lost, []);
        assert!(report.lost_blocks > 0);
        put(&engine, &first).unwrap();
        assert_eq!(present(&engine, &first), first.len());
        let disk = end(engine, &disk);
        assert_eq!(open(&disk).1.lost_blocks, 0);
    }
}

#[test]
fn the_number_of_a_lost_segment_is_not_used_again() {
    let disk = SimDisk::new(22);
    let (engine, _) = open(&disk);
    put(&engine, &some(0, 4)).unwrap();
    engine.seal_active();
    put(&engine, &some(10, 4)).unwrap();
    assert_eq!(engine.stage.lock().active(), Some(2));
    let disk = end(engine, &disk);
    disk.tamper(&record::path(2), None);
    disk.tamper("index.redb", None);
    let (engine, _) = open(&disk);
    engine.seal_active();
    put(&engine, &some(20, 4)).unwrap();
    assert_eq!(engine.stage.lock().active(), Some(3));
}

#[test]
fn a_store_without_its_identity_is_not_taken_for_a_new_one() {
    let disk = SimDisk::new(23);
    let (engine, _) = open(&disk);
    let blocks = some(0, 4);
    put(&engine, &blocks).unwrap();
    let id = engine.owner.store.clone();
    let disk = end(engine, &disk);
    for damage in [None, Some(&b""[..]), Some(&b"garbage"[..])] {
        disk.tamper("store.json", damage);
        let opened = recover::open(Arc::new(disk.clone()), &plan(), &mut |_, _| {});
        assert!(
            matches!(
                opened.err(),
                Some(OpenError::IdentityMissing | OpenError::Identity { .. })
            ),
            "{damage:?}"
        );
        super::super::identity::restore(&disk, None).unwrap();
        let (engine, report) = open(&disk);
        assert!(report.reindexed.is_some());
        assert_eq!(engine.owner.store, id);
        assert_eq!(present(&engine, &blocks), 4);
        drop(engine);
    }
}
