//! Writing, reading, removing and listing of blocks.

use std::collections::BTreeSet;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};

use super::super::traits::{BlockError, BlockStore, MAX_BLOCK, StoreStat};
use super::{has, node, put, raw, wait};

pub(super) fn put_and_get(store: &dyn BlockStore) {
    let (a, b) = (raw(b"one"), raw(&vec![7; 300_000]));
    assert_eq!(store.get(a.cid.hash()).unwrap(), None);
    assert_eq!(store.size(a.cid.hash()).unwrap(), None);
    put(store, &[&a, &b, &a]);
    put(store, &[&b]);
    for block in [&a, &b] {
        assert_eq!(
            store.get(block.cid.hash()).unwrap().as_ref(),
            Some(&block.data)
        );
        assert_eq!(
            store.size(block.cid.hash()).unwrap(),
            Some(block.data.len() as u32)
        );
        assert!(has(store, block));
    }
    assert_eq!(store.stat().unwrap().blocks, 2);
    assert!(!store.id().is_empty());
}

pub(super) fn empty_and_identity(store: &dyn BlockStore) {
    let empty = raw(b"");
    let inline = Block::new(
        Cid::v1(Codec::RAW, Multihash::wrap(0, b"inline").unwrap()),
        Bytes::from_static(b"inline"),
    );
    put(store, &[&empty, &inline]);
    assert_eq!(store.get(empty.cid.hash()).unwrap().unwrap().len(), 0);
    assert_eq!(store.get(inline.cid.hash()).unwrap().unwrap(), "inline");
    assert_eq!(store.size(inline.cid.hash()).unwrap(), Some(6));
    assert!(store.hold().touch(inline.cid.hash()).unwrap());
    // What names itself is not stored.
    assert_eq!(
        store.stat().unwrap(),
        StoreStat {
            blocks: 1,
            live_bytes: 0,
            ..store.stat().unwrap()
        }
    );
}

pub(super) fn many_codecs_are_one_block(store: &dyn BlockStore) {
    let block = node(&[], b"x");
    put(store, &[&block]);
    put(
        store,
        &[&Block::new(block.cid.to_raw(), block.data.clone())],
    );
    assert_eq!(store.stat().unwrap().blocks, 1);
    assert_eq!(
        store.get(block.cid.to_raw().hash()).unwrap().unwrap(),
        block.data
    );
}

pub(super) fn write_then_sync(store: &dyn BlockStore) {
    let hold = store.hold();
    let blocks: Vec<Block> = (0u32..500)
        .map(|number| raw(&[&number.to_le_bytes()[..], &[0; 5000]].concat()))
        .collect();
    for part in blocks.chunks(100) {
        wait(store.write(&hold, part.to_vec())).unwrap();
    }
    // What was handed over can be read at once.
    assert!(
        blocks
            .iter()
            .all(|block| store.get(block.cid.hash()).unwrap().as_ref() == Some(&block.data))
    );
    store.write_blocking(&hold, blocks.clone()).unwrap();
    wait(store.sync()).unwrap();
    assert!(
        blocks
            .iter()
            .all(|block| store.get(block.cid.hash()).unwrap().as_ref() == Some(&block.data))
    );
    assert_eq!(store.stat().unwrap().blocks, 500);
}

pub(super) fn too_big(store: &dyn BlockStore) {
    let hold = store.hold();
    let block = Block::new(raw(b"").cid, Bytes::from(vec![0; MAX_BLOCK + 1]));
    assert!(matches!(
        wait(store.put(&hold, vec![block])),
        Err(BlockError::TooBig { .. })
    ));
    let large = raw(&vec![3; 9 << 20]);
    put(store, &[&large]);
    assert_eq!(store.get(large.cid.hash()).unwrap().unwrap(), large.data);
}

pub(super) fn removes(store: &dyn BlockStore) {
    let (a, b, c) = (raw(b"a"), raw(b"b"), raw(b"c"));
    put(store, &[&a, &b]);
    let keys: Vec<Multihash> = [&a, &c, &a]
        .iter()
        .map(|block| block.cid.hash().clone())
        .collect();
    assert_eq!(wait(store.remove(&keys)).unwrap(), [true, false, false]);
    assert!(!has(store, &a) && has(store, &b));
    assert!(!store.hold().touch(a.cid.hash()).unwrap());
    put(store, &[&a]);
    assert!(has(store, &a));
    // One that is not even durable.
    let hold = store.hold();
    wait(store.write(&hold, vec![c.clone()])).unwrap();
    assert_eq!(wait(store.remove(&[c.cid.hash().clone()])).unwrap(), [true]);
    assert!(!has(store, &c));
    assert_eq!(store.stat().unwrap().blocks, 2);
}

pub(super) fn keys_and_stat(store: &dyn BlockStore) {
    let blocks: Vec<Block> = (0u32..200)
        .map(|number| raw(&number.to_le_bytes()))
        .collect();
    put(store, &blocks.iter().collect::<Vec<_>>());
    let keys: Vec<_> = store.keys().map(Result::unwrap).collect();
    assert_eq!(keys.len(), 200);
    let keys: BTreeSet<Multihash> = keys.into_iter().map(|entry| entry.key).collect();
    assert!(blocks.iter().all(|block| keys.contains(block.cid.hash())));
    let stat = store.stat().unwrap();
    assert_eq!((stat.blocks, stat.live_bytes), (200, 800));
    assert!(stat.disk_bytes >= 800);
}

pub(super) fn foreign_holds(store: &dyn BlockStore, other: &dyn BlockStore) {
    let hold = other.hold();
    assert!(matches!(
        wait(store.put(&hold, vec![raw(b"x")])),
        Err(BlockError::OtherHold)
    ));
}

pub(super) fn verifies(store: &dyn BlockStore) {
    let good = raw(b"good");
    let bad = Block::new(raw(b"right").cid, Bytes::from_static(b"wrong"));
    put(store, &[&good, &bad]);
    let mut seen = Vec::new();
    store
        .verify(&mut |key, whole| {
            seen.push((key.clone(), whole.is_ok()));
            true
        })
        .unwrap();
    seen.sort();
    let mut expected = vec![
        (good.cid.hash().clone(), true),
        (bad.cid.hash().clone(), false),
    ];
    expected.sort();
    assert_eq!(seen, expected);
    // The right bytes take the place of the wrong ones, once they are written.
    let right = raw(b"right");
    put(store, &[&good, &right, &good, &right]);
    let read = store.get_many(&[good.cid.hash().clone(), right.cid.hash().clone()]);
    assert_eq!(read.unwrap(), [Some(good.data), Some(right.data.clone())]);
    assert!(has(store, &right) && store.hold().touch(right.cid.hash()).unwrap());
    let stat = store.stat().unwrap();
    assert_eq!((stat.blocks, stat.live_bytes, stat.damaged), (2, 9, 0));
    let mut whole = 0;
    let mut count = |_: &Multihash, seen: Result<(), BlockError>| {
        whole += u32::from(seen.is_ok());
        true
    };
    store.verify(&mut count).unwrap();
    assert_eq!(whole, 2);
    // Wrong bytes do not take the place of right ones.
    put(store, &[&bad]);
    assert_eq!(store.get(right.cid.hash()).unwrap(), Some(right.data));
}

pub(super) fn closes(store: &dyn BlockStore) {
    let a = raw(b"a");
    put(store, &[&a]);
    let hold = store.hold();
    wait(store.close()).unwrap();
    wait(store.close()).unwrap();
    assert!(matches!(store.get(a.cid.hash()), Err(BlockError::Closed)));
    assert!(matches!(
        wait(store.put(&hold, vec![a.clone()])),
        Err(BlockError::Closed)
    ));
    assert!(matches!(hold.touch(a.cid.hash()), Err(BlockError::Closed)));
    assert!(matches!(store.stat(), Err(BlockError::Closed)));
}
