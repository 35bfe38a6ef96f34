//! What a store finds after its process or its machine ended.

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

    // Behind the segments: the rest is replayed.
    disk.tamper("index.redb", Some(&behind));
    let (engine, report) = open(&disk);
    assert_eq!((report.reindexed, report.replayed), (None, 4));
    assert_eq!(present(&engine, &first) + present(&engine, &second), 8);
    let disk = end(engine, &disk);

    // Ahead of them.
    disk.tamper(&record::path(1), Some(&short));
    let (engine, report) = open(&disk);
    assert!(report.reindexed.is_some());
    assert_eq!(
        (present(&engine, &first), present(&engine, &second)),
        (4, 0)
    );
    let disk = end(engine, &disk);

    // Of an older generation, not a database at all, a damaged one, none.
    let current = disk.contents("index.redb").unwrap();
    for index in [
        Some(behind.clone()),
        Some(b"hello".to_vec()),
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
