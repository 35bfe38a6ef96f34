//! Small blocks that were read recently.

use super::*;

/// An engine whose only segment is damaged in all blocks after they were read.
fn read_and_damaged(blocks: &[Block]) -> (Arc<Engine>, SimDisk) {
    let disk = SimDisk::new(21);
    let (engine, _) = open(&disk);
    put(&engine, blocks).unwrap();
    let disk = end(engine, &disk);
    let (engine, _) = open(&disk);
    // Its file is replaced below: nothing more is to be written to it.
    engine.seal_active();
    engine.checkpoint().unwrap();
    assert_eq!(present(&engine, blocks), blocks.len());
    let path = record::path(1);
    let mut bytes = disk.contents(&path).unwrap();
    for block in blocks {
        let at = bytes
            .windows(block.data.len())
            .position(|window| window == block.data)
            .unwrap();
        bytes[at] ^= 1;
    }
    disk.tamper(&path, Some(&bytes));
    engine.files.forget(1);
    (engine, disk)
}

#[test]
fn a_block_that_was_read_is_in_memory_until_its_record_is_known_to_be_damaged() {
    let blocks = some(0, 2);
    let (engine, _disk) = read_and_damaged(&blocks);
    assert_eq!(present(&engine, &blocks), 2);
    let key = blocks[0].cid.hash();
    // A verification reads the disk.
    assert!(matches!(
        engine.get_by(key, true),
        Err(BlockError::Damaged { .. })
    ));
    assert!(matches!(engine.get(key), Err(BlockError::Damaged { .. })));
    assert!(matches!(
        engine.get_cached(key),
        None | Some(Err(BlockError::Damaged { .. }))
    ));
    assert_eq!(present(&engine, &blocks[1..]), 1);
    // Storing it again repairs it.
    put(&engine, &blocks[..1]).unwrap();
    engine.rest();
    assert_eq!(present(&engine, &blocks), 2);
}

#[test]
fn a_removed_block_is_gone_from_memory_as_well() {
    let disk = SimDisk::new(22);
    let (engine, _) = open(&disk);
    let blocks = some(0, 3);
    put(&engine, &blocks).unwrap();
    engine.rest();
    assert_eq!(present(&engine, &blocks), 3);
    let keys = [blocks[1].cid.hash().clone()];
    assert_eq!(engine.remove(&keys).unwrap(), [true]);
    assert_eq!(present(&engine, &blocks), 2);
    assert!(matches!(engine.get_cached(&keys[0]), None | Some(Ok(None))));
}
