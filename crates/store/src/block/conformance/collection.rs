//! What a collection removes and what it keeps.

use std::collections::BTreeSet;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};

use super::super::traits::{BlockError, BlockStore, Collector, Root, StoreStat};
use super::{FixedRoots, Store, collect, deep, has, node, put, raw, wait};

pub(super) fn collects(store: &dyn BlockStore) {
    let (a, b, c, d) = (raw(b"a"), raw(b"b"), raw(b"c"), raw(b"d"));
    let kept = node(std::slice::from_ref(&a.cid), b"kept");
    let alone = node(std::slice::from_ref(&b.cid), b"alone");
    let dead = node(std::slice::from_ref(&c.cid), b"dead");
    put(store, &[&a, &b, &c, &d, &kept, &alone, &dead]);
    let roots = vec![
        Root {
            cid: kept.cid.clone(),
            recursive: true,
        },
        Root {
            cid: alone.cid.clone(),
            recursive: false,
        },
        Root {
            cid: raw(b"missing").cid,
            recursive: false,
        },
    ];
    for turn in 0..3 {
        let (done, removed) = collect(store, roots.clone());
        let expected: BTreeSet<Multihash> = if turn == 0 {
            [&b, &c, &d, &dead]
                .map(|block| block.cid.hash().clone())
                .into()
        } else {
            BTreeSet::new()
        };
        assert_eq!(done.blocks, expected.len() as u64);
        assert_eq!(done.missing, 1);
        assert_eq!(removed.into_iter().collect::<BTreeSet<_>>(), expected);
        assert!(has(store, &a) && has(store, &kept) && has(store, &alone));
        assert!(!has(store, &b) && !has(store, &c) && !has(store, &d) && !has(store, &dead));
        assert_eq!(store.get_blocking(a.cid.hash()).unwrap().unwrap(), a.data);
    }
    let (done, _) = collect(store, Vec::new());
    assert_eq!(done.blocks, 3);
    assert_eq!(
        store.stat().unwrap(),
        StoreStat {
            blocks: 0,
            live_bytes: 0,
            ..store.stat().unwrap()
        }
    );
}

/// What cannot be seen below a recursive root stops a collection, whatever it is.
pub(super) fn refuses_what_it_cannot_see(store: &dyn BlockStore) {
    let (a, b, loose) = (raw(b"a"), raw(b"b"), raw(b"loose"));
    let absent = node(std::slice::from_ref(&b.cid), b"absent");
    let holey = node(&[a.cid.clone(), absent.cid.clone()], b"holey");
    let short = node(&[raw(b"absent leaf").cid], b"short");
    let nonsense = Block {
        cid: Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(b"\x9f")),
        data: Bytes::from_static(b"\x9f"),
    };
    let above = node(std::slice::from_ref(&nonsense.cid), b"above");
    put(store, &[&a, &b, &loose, &holey, &short, &nonsense, &above]);
    for (roots, unseen) in [
        (vec![&holey.cid], &absent.cid),
        (vec![&absent.cid], &absent.cid),
        (vec![&short.cid], &raw(b"absent leaf").cid),
        (vec![&above.cid], &nonsense.cid),
    ] {
        let pin = roots[0].clone();
        let mut roots = deep(&roots);
        roots.push(Root {
            cid: unseen.clone(),
            recursive: false,
        });
        let mut collector = FixedRoots {
            roots,
            removed: Vec::new(),
        };
        match store.collect(&mut collector) {
            Err(BlockError::Unreadable(told)) => {
                assert_eq!(told.count, 1);
                assert_eq!(told.roots, [pin]);
                assert_eq!(&told.blocks[0].cid, unseen);
            }
            // A store that walks gives up at the first block that it cannot decode.
            Err(BlockError::Undecodable { .. }) => assert_eq!(unseen, &nonsense.cid),
            other => panic!("{other:?}"),
        }
        assert!(collector.removed.is_empty());
        assert!(has(store, &a) && has(store, &b) && has(store, &loose));
    }
    // Without such a root it continues.
    let (done, _) = collect(store, deep(&[&a.cid]));
    assert_eq!(done.blocks, 6);
}

/// Runs a step of an operation in the middle of a collection.
struct DuringCollection<'a> {
    roots: Vec<Root>,
    act: Box<dyn FnMut() + Send + 'a>,
}

impl Collector for DuringCollection<'_> {
    fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
        (self.act)();
        Ok(self.roots.clone())
    }

    fn removed(&mut self, _key: &Multihash) {}
}

pub(super) fn collects_with_holds(store: &Store) {
    let (a, b, c, d, e) = (raw(b"a"), raw(b"b"), raw(b"c"), raw(b"d"), raw(b"e"));
    put(&**store, &[&a, &b, &c]);
    let early = store.hold();
    assert!(early.touch_blocking(a.cid.hash()).unwrap());
    wait(store.write(&early, vec![d.clone()])).unwrap();
    let mut ended = Some(early);
    let later = parking_lot::Mutex::new(None);
    let mut midway = DuringCollection {
        roots: Vec::new(),
        act: Box::new(|| {
            // A hold that ends while the collection runs still counts, and so does one that begins.
            let hold = store.hold();
            wait(store.put(&hold, vec![b.clone(), e.clone()])).unwrap();
            *later.lock() = Some(hold);
            drop(ended.take());
        }),
    };
    let done = store.collect(&mut midway).unwrap();
    drop(midway);
    assert_eq!(done.blocks, 1);
    for block in [&a, &b, &d, &e] {
        assert!(has(&**store, block));
        assert_eq!(
            store.get_blocking(block.cid.hash()).unwrap().unwrap(),
            block.data
        );
    }
    assert!(!has(&**store, &c));
    // `a` and `d` were kept by a hold that has ended.
    assert_eq!(collect(&**store, Vec::new()).0.blocks, 2);
    *later.lock() = None;
    assert_eq!(collect(&**store, Vec::new()).0.blocks, 2);
}

pub(super) fn collects_through_identity(store: &dyn BlockStore) {
    let leaf = raw(b"leaf");
    let inline = node(std::slice::from_ref(&leaf.cid), b"");
    let inline = Cid::v1(Codec::DAG_PB, Multihash::wrap(0, &inline.data).unwrap());
    let root = node(std::slice::from_ref(&inline), b"root");
    put(store, &[&leaf, &root]);
    for _ in 0..2 {
        assert_eq!(collect(store, deep(&[&root.cid])).0.blocks, 0);
    }
    assert_eq!(collect(store, deep(&[&inline])).0.blocks, 1);
    assert!(has(store, &leaf));
}

pub(super) fn keeps_either_codec(store: &dyn BlockStore) {
    let leaf = raw(b"leaf");
    let inner = node(std::slice::from_ref(&leaf.cid), b"inner");
    put(store, &[&leaf, &inner]);
    let raw_first = vec![
        Root {
            cid: inner.cid.to_raw(),
            recursive: true,
        },
        Root {
            cid: inner.cid.clone(),
            recursive: false,
        },
        Root {
            cid: inner.cid.clone(),
            recursive: true,
        },
    ];
    assert_eq!(collect(store, raw_first).0.blocks, 0);
    assert_eq!(collect(store, deep(&[&inner.cid.to_raw()])).0.blocks, 1);
    assert!(has(store, &inner) && !has(store, &leaf));
}

pub(super) fn aborts_on_undecodable(store: &dyn BlockStore) {
    let (bad, other) = (raw(&[0xff; 40]), raw(b"other"));
    put(store, &[&bad, &other]);
    let bad_pb = Cid::v1(Codec::DAG_PB, bad.cid.hash().clone());
    let mut collector = FixedRoots {
        roots: deep(&[&bad_pb]),
        removed: Vec::new(),
    };
    assert!(matches!(
        store.collect(&mut collector),
        Err(BlockError::Unreadable(_) | BlockError::Undecodable { .. })
    ));
    assert!(has(store, &bad) && has(store, &other) && collector.removed.is_empty());
    // Of a codec that nobody knows, it is a leaf.
    let unknown = Cid::v1(Codec(0x30_0000), bad.cid.hash().clone());
    assert_eq!(collect(store, deep(&[&unknown])).0.blocks, 1);
    assert!(has(store, &bad));
}

pub(super) fn rows_of_links_do_not_outlive_ids(store: &dyn BlockStore) {
    let leaf = raw(b"leaf");
    let inner = node(std::slice::from_ref(&leaf.cid), b"inner");
    let root = node(std::slice::from_ref(&inner.cid), b"root");
    put(store, &[&leaf, &inner, &root]);
    for block in [&leaf, &inner, &leaf] {
        assert_eq!(collect(store, deep(&[&root.cid])).0.blocks, 0);
        wait(store.remove(std::slice::from_ref(block.cid.hash()))).unwrap();
        put(store, &[block]);
    }
    let done = collect(store, deep(&[&root.cid])).0;
    assert_eq!((done.blocks, done.bytes, done.missing), (0, 0, 0));
    assert!(has(store, &leaf));
}
