//! Bytes that changed on the disk.

use super::super::super::traits::Collected;
use super::*;

#[test]
fn a_damaged_block_is_reported_and_its_segment_kept() {
    let disk = SimDisk::new(11);
    let (engine, _) = open(&disk);
    let blocks = some(0, 100);
    put(&engine, &blocks).unwrap();
    let disk = end(engine, &disk);
    let path = record::path(1);
    let mut bytes = disk.contents(&path).unwrap();
    // The name of one block, the content of another: the one is told by its front, the other by its checksum.
    let header = record::header(&"0".repeat(32), 1).len();
    bytes[header + 20] ^= 1;
    bytes[header + 3042 + 200] ^= 1;
    disk.tamper(&path, Some(&bytes));
    let (engine, _) = open(&disk);
    let damaged = blocks
        .iter()
        .filter(|block| {
            matches!(
                engine.get(block.cid.hash()),
                Err(BlockError::Damaged { .. })
            )
        })
        .count();
    assert_eq!(damaged, 2);
    let roots: Vec<Root> = blocks[..10]
        .iter()
        .map(|block| Root {
            cid: block.cid.clone(),
            recursive: true,
        })
        .collect();
    let done = engine
        .collect_by(&mut || Ok(roots.clone()), &mut |_| {}, &|| false)
        .unwrap();
    assert_eq!(done.blocks, 90);
    assert!(
        disk.contents(&path).is_some(),
        "a segment with a damaged block that is still wanted was thrown away"
    );
    assert_eq!(
        blocks[2..10]
            .iter()
            .filter(|block| engine.get(block.cid.hash()).unwrap().is_some())
            .count(),
        8
    );
}

/// A store with a node whose bytes were damaged, a leaf below it and a block that nothing reaches; and the node.
fn with_a_damaged_node(replayed: bool) -> (Arc<Engine>, Block, [Block; 2]) {
    let mut disk = SimDisk::new(12);
    let (engine, _) = open(&disk);
    let leaf = raw(b"leaf");
    let root = node(std::slice::from_ref(&leaf.cid), &[7; 50]);
    put(&engine, &[leaf.clone(), root.clone(), raw(b"dead")]).unwrap();
    if replayed {
        drop(engine);
        disk = disk.restart();
    } else {
        disk = end(engine, &disk);
    }
    let (engine, report) = open(&disk);
    assert_eq!(report.replayed > 0, replayed);
    let disk = end(engine, &disk);
    let path = record::path(1);
    let mut bytes = disk.contents(&path).unwrap();
    let at = bytes
        .windows(50)
        .position(|window| window == [7; 50])
        .unwrap();
    bytes[at] = 8;
    disk.tamper(&path, Some(&bytes));
    (open(&disk).0, root, [leaf, raw(b"dead")])
}

fn collect_from(engine: &Engine, root: &Block) -> Result<Collected, BlockError> {
    let roots = vec![Root {
        cid: root.cid.clone(),
        recursive: true,
    }];
    engine.collect_by(&mut || Ok(roots.clone()), &mut |_| (), &|| false)
}

#[test]
fn a_damaged_inner_node_stops_the_collection() {
    let (engine, root, others) = with_a_damaged_node(true);
    let done = collect_from(&engine, &root);
    assert!(matches!(done, Err(BlockError::Unreadable(_))), "{done:?}");
    assert_eq!(present(&engine, &others), 2);
}

#[test]
fn links_that_were_kept_outlive_the_bytes_of_their_node() {
    let (engine, root, [leaf, dead]) = with_a_damaged_node(false);
    assert_eq!(collect_from(&engine, &root).unwrap().blocks, 1);
    assert_eq!(present(&engine, &[leaf]), 1);
    assert_eq!(present(&engine, &[dead]), 0);
}

/// Pseudo-random numbers, the same each time.
fn noise(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(
        Some(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        |state| {
            let state = state ^ (state << 13);
            let state = state ^ (state >> 7);
            Some(state ^ (state << 17))
        },
    )
    .skip(4)
}

#[test]
fn whatever_part_of_the_index_is_damaged_no_block_is_lost() {
    let blocks = some(0, 300);
    let roots: Vec<Root> = blocks[..50]
        .iter()
        .map(|block| Root {
            cid: block.cid.clone(),
            recursive: true,
        })
        .collect();
    for seed in 0..120 {
        let disk = SimDisk::new(seed);
        let (engine, _) = open(&disk);
        put(&engine, &blocks).unwrap();
        let disk = end(engine, &disk);
        let mut numbers = noise(seed);
        let mut next = |below: usize| (numbers.next().unwrap() % below as u64) as usize;
        let mut bytes = disk.contents("index.redb").unwrap();
        let from = next(bytes.len());
        let len = (1 + next([16, 600, 8192][seed as usize % 3])).min(bytes.len() - from);
        bytes[from..from + len].fill_with(|| next(256) as u8);
        disk.tamper("index.redb", Some(&bytes));
        let (engine, _) = open(&disk);
        for block in &blocks {
            if let Ok(Some(data)) = engine.get(block.cid.hash()) {
                assert_eq!(data, block.data, "seed {seed}");
            }
        }
        // It may refuse; what is pinned stays in either case.
        let _ = engine.collect_by(&mut || Ok(roots.clone()), &mut |_| {}, &|| false);
        let _ = engine.checkpoint();
        drop(engine);
        let reindex = OpenPlan {
            reindex: true,
            ..plan()
        };
        let disk = disk.kill();
        let (engine, _) = recover::open(Arc::new(disk), &reindex, &mut |_, _| {}).unwrap();
        assert_eq!(present(&engine, &blocks[..50]), 50, "seed {seed}");
    }
}

#[test]
fn a_verification_finds_what_damage_of_the_index_hides() {
    let blocks = some(0, 300);
    let mut hidden = 0;
    for seed in 0..120 {
        let disk = SimDisk::new(seed);
        let (engine, _) = open(&disk);
        put(&engine, &blocks).unwrap();
        let disk = end(engine, &disk);
        let mut numbers = noise(seed);
        let mut next = |below: usize| (numbers.next().unwrap() % below as u64) as usize;
        let mut bytes = disk.contents("index.redb").unwrap();
        let from = next(bytes.len());
        let len = (1 + next([16, 600, 8192][seed as usize % 3])).min(bytes.len() - from);
        bytes[from..from + len].fill_with(|| next(256) as u8);
        disk.tamper("index.redb", Some(&bytes));
        let (engine, _) = open(&disk);
        let gone = blocks
            .iter()
            .filter(|block| matches!(engine.get(block.cid.hash()), Ok(None)))
            .count();
        let mut damaged = 0;
        let verified = super::super::keys::verify(
            &engine,
            super::super::keys::Keys::new(&engine),
            &mut |_, whole| {
                damaged += usize::from(whole.is_err());
                true
            },
        );
        if gone > 0 {
            hidden += 1;
            assert!(verified.is_err(), "seed {seed}: {gone} blocks are hidden");
        }
        if verified.is_err() {
            drop(engine);
            let (engine, report) = open(&disk.kill());
            assert!(report.reindexed.is_some(), "seed {seed}");
            assert_eq!(present(&engine, &blocks), 300, "seed {seed}");
        } else if damaged == 0 {
            assert_eq!(present(&engine, &blocks), 300, "seed {seed}");
        }
    }
    assert!(hidden > 0, "the damage hides nothing");
}
