//! Writing, reading, removing and listing of blocks.

use std::collections::BTreeSet;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};

use super::super::traits::{BlockError, BlockStore, MAX_BLOCK, StoreStat};
use super::{Store, has, node, put, raw, wait};

pub(super) fn put_and_get(store: &dyn BlockStore) {
    let (a, b) = (raw(b"one"), raw(&vec![7; 300_000]));
    assert_eq!(store.get_blocking(a.cid.hash()).unwrap(), None);
    assert_eq!(store.size_blocking(a.cid.hash()).unwrap(), None);
    put(store, &[&a, &b, &a]);
    put(store, &[&b]);
    for block in [&a, &b] {
        assert_eq!(
            store.get_blocking(block.cid.hash()).unwrap().as_ref(),
            Some(&block.data)
        );
        assert_eq!(
            store.size_blocking(block.cid.hash()).unwrap(),
            Some(block.data.len() as u32)
        );
        assert!(has(store, block));
    }
    assert_eq!(store.stat().unwrap().blocks, 2);
    assert!(!store.id().is_empty());
}

/// What is read by futures and by threads is the same.
pub(super) fn futures_agree(store: &dyn BlockStore) {
    let absent = raw(b"absent");
    let inline = Block::new(
        Cid::v1(Codec::RAW, Multihash::wrap(0, b"inline").unwrap()),
        Bytes::from_static(b"inline"),
    );
    let small: Vec<Block> = (0u32..40).map(|n| raw(&n.to_le_bytes())).collect();
    let large = raw(&vec![3; 700_000]);
    let parent = super::parent(&small);
    put(store, &small.iter().collect::<Vec<_>>());
    put(store, &[&large, &parent]);
    let all = [small, vec![large, parent, absent, inline]].concat();
    let hold = store.hold();
    for block in &all {
        let key = block.cid.hash();
        assert_eq!(
            wait(store.get(key)).unwrap(),
            store.get_blocking(key).unwrap()
        );
        assert_eq!(
            wait(store.has(key)).unwrap(),
            store.has_blocking(key).unwrap()
        );
        assert_eq!(
            wait(store.size(key)).unwrap(),
            store.size_blocking(key).unwrap()
        );
        assert_eq!(
            wait(hold.touch(key)).unwrap(),
            hold.touch_blocking(key).unwrap()
        );
        assert_eq!(
            wait(store.links(&block.cid)).unwrap(),
            store.links_blocking(&block.cid).unwrap()
        );
    }
    let keys: Vec<_> = all.iter().map(|block| block.cid.hash().clone()).collect();
    // With an identity hash and without, one alone, and none.
    for keys in [&keys[..], &keys[..keys.len() - 1], &keys[..1], &[]] {
        let many = store.get_many_blocking(keys).unwrap();
        assert_eq!(wait(store.get_many(keys)).unwrap(), many);
        let each = keys.iter().map(|key| store.get_blocking(key).unwrap());
        assert_eq!(each.collect::<Vec<_>>(), many);
    }
}

/// The same on a runtime of one thread, where what waits has to leave it.
pub(super) fn futures_agree_on_a_runtime(store: &Store) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (hold, block) = (store.hold(), raw(&vec![9; 300_000]));
        let key = block.cid.hash();
        store.write(&hold, vec![block.clone()]).await.unwrap();
        // Handed over and not durable yet: a touch waits for it.
        assert!(store.hold().touch(key).await.unwrap());
        assert_eq!(store.get(key).await.unwrap().as_ref(), Some(&block.data));
        store.sync().await.unwrap();
        assert_eq!(store.get(key).await.unwrap().as_ref(), Some(&block.data));
        store.close().await.unwrap();
        assert!(matches!(store.get(key).await, Err(BlockError::Closed)));
        assert!(matches!(hold.touch(key).await, Err(BlockError::Closed)));
    });
}

pub(super) fn empty_and_identity(store: &dyn BlockStore) {
    let empty = raw(b"");
    let inline = Block::new(
        Cid::v1(Codec::RAW, Multihash::wrap(0, b"inline").unwrap()),
        Bytes::from_static(b"inline"),
    );
    put(store, &[&empty, &inline]);
    assert_eq!(
        store.get_blocking(empty.cid.hash()).unwrap().unwrap().len(),
        0
    );
    assert_eq!(
        store.get_blocking(inline.cid.hash()).unwrap().unwrap(),
        "inline"
    );
    assert_eq!(store.size_blocking(inline.cid.hash()).unwrap(), Some(6));
    assert!(store.hold().touch_blocking(inline.cid.hash()).unwrap());
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
        store
            .get_blocking(block.cid.to_raw().hash())
            .unwrap()
            .unwrap(),
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
        blocks.iter().all(
            |block| store.get_blocking(block.cid.hash()).unwrap().as_ref() == Some(&block.data)
        )
    );
    store.write_blocking(&hold, blocks.clone()).unwrap();
    wait(store.sync()).unwrap();
    assert!(
        blocks.iter().all(
            |block| store.get_blocking(block.cid.hash()).unwrap().as_ref() == Some(&block.data)
        )
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
    assert_eq!(
        store.get_blocking(large.cid.hash()).unwrap().unwrap(),
        large.data
    );
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
    assert!(!store.hold().touch_blocking(a.cid.hash()).unwrap());
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
    let read = store.get_many_blocking(&[good.cid.hash().clone(), right.cid.hash().clone()]);
    assert_eq!(read.unwrap(), [Some(good.data), Some(right.data.clone())]);
    assert!(has(store, &right) && store.hold().touch_blocking(right.cid.hash()).unwrap());
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
    assert_eq!(
        store.get_blocking(right.cid.hash()).unwrap(),
        Some(right.data)
    );
}

pub(super) fn closes(store: &dyn BlockStore) {
    let a = raw(b"a");
    put(store, &[&a]);
    let hold = store.hold();
    wait(store.close()).unwrap();
    wait(store.close()).unwrap();
    assert!(matches!(
        store.get_blocking(a.cid.hash()),
        Err(BlockError::Closed)
    ));
    assert!(matches!(
        wait(store.put(&hold, vec![a.clone()])),
        Err(BlockError::Closed)
    ));
    assert!(matches!(
        hold.touch_blocking(a.cid.hash()),
        Err(BlockError::Closed)
    ));
    assert!(matches!(store.stat(), Err(BlockError::Closed)));
}
