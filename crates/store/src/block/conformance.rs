//! What every block store must do; each backend runs all of it.
//!
//! `make` is called once for each case and gives an empty store. The cases panic on failure, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};

use super::traits::{BlockError, BlockStore, Collected, Collector, MAX_BLOCK, Root, StoreStat};

pub use super::wait::wait;

/// A store under test.
pub type Store = Arc<dyn BlockStore>;

/// Runs all cases.
pub fn all(make: &dyn Fn() -> Store) {
    put_and_get(&*make());
    empty_and_identity(&*make());
    many_codecs_are_one_block(&*make());
    write_then_sync(&*make());
    too_big(&*make());
    removes(&*make());
    keys_and_stat(&*make());
    links_and_walk(&*make());
    collects(&*make());
    collects_with_holds(&make());
    collects_through_identity(&*make());
    keeps_either_codec(&*make());
    collection_aborts_on_undecodable(&*make());
    rows_of_links_do_not_outlive_ids(&*make());
    deep_chain(&*make(), 3000);
    foreign_holds(&*make(), &*make());
    races(&make());
    verifies(&*make());
    closes(&*make());
}

/// A raw block.
#[must_use]
pub fn raw(data: &[u8]) -> Block {
    Block::new(
        Cid::v1(Codec::RAW, Multihash::sha2_256(data)),
        Bytes::copy_from_slice(data),
    )
}

/// A dag-pb node with links, and data that makes it differ from others.
#[must_use]
pub fn node(links: &[Cid], data: &[u8]) -> Block {
    let mut out = Vec::new();
    let field = |number: u8, bytes: &[u8], out: &mut Vec<u8>| {
        out.push(number << 3 | 2);
        cairn_primitives::varint::encode(bytes.len() as u64, out);
        out.extend_from_slice(bytes);
    };
    for link in links {
        let mut body = Vec::new();
        field(1, &link.to_bytes(), &mut body);
        field(2, b"", &mut body);
        body.extend_from_slice(&[0x18, 0x00]);
        field(2, &body, &mut out);
    }
    field(1, data, &mut out);
    Block::new(
        Cid::v1(Codec::DAG_PB, Multihash::sha2_256(&out)),
        Bytes::from(out),
    )
}

/// Keeps everything below some CIDs.
#[must_use]
pub fn deep(cids: &[&Cid]) -> Vec<Root> {
    cids.iter()
        .map(|cid| Root {
            cid: (*cid).clone(),
            recursive: true,
        })
        .collect()
}

/// A collector with fixed roots.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The roots.
    pub roots: Vec<Root>,
    /// What was removed.
    pub removed: Vec<Multihash>,
}

impl Collector for Fixed {
    fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
        Ok(self.roots.clone())
    }

    fn removed(&mut self, key: &Multihash) {
        self.removed.push(key.clone());
    }
}

fn put(store: &dyn BlockStore, blocks: &[&Block]) {
    let hold = store.hold();
    wait(store.put(&hold, blocks.iter().map(|block| (*block).clone()).collect())).unwrap();
}

fn has(store: &dyn BlockStore, block: &Block) -> bool {
    store.has(block.cid.hash()).unwrap()
}

fn collect(store: &dyn BlockStore, roots: Vec<Root>) -> (Collected, Vec<Multihash>) {
    let mut collector = Fixed {
        roots,
        removed: Vec::new(),
    };
    let done = store.collect(&mut collector).unwrap();
    (done, collector.removed)
}

fn put_and_get(store: &dyn BlockStore) {
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
        assert_eq!(
            wait(store.fetch(&block.cid)).unwrap().as_ref(),
            Some(&block.data)
        );
        assert!(has(store, block));
    }
    assert_eq!(store.stat().unwrap().blocks, 2);
    assert!(!store.id().is_empty());
}

fn empty_and_identity(store: &dyn BlockStore) {
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

fn many_codecs_are_one_block(store: &dyn BlockStore) {
    let block = node(&[], b"x");
    put(store, &[&block]);
    put(
        store,
        &[&Block::new(block.cid.to_raw(), block.data.clone())],
    );
    assert_eq!(store.stat().unwrap().blocks, 1);
    assert_eq!(
        wait(store.fetch(&block.cid.to_raw())).unwrap().unwrap(),
        block.data
    );
}

fn write_then_sync(store: &dyn BlockStore) {
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

fn too_big(store: &dyn BlockStore) {
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

fn removes(store: &dyn BlockStore) {
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

fn keys_and_stat(store: &dyn BlockStore) {
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

fn links_and_walk(store: &dyn BlockStore) {
    let (a, b, absent) = (raw(b"a"), raw(b"b"), raw(b"absent"));
    let inner = node(&[b.cid.clone(), absent.cid.clone()], b"inner");
    let root = node(&[a.cid.clone(), inner.cid.clone(), a.cid.clone()], b"root");
    put(store, &[&a, &b, &inner, &root]);
    assert_eq!(
        &*store.links(&root.cid).unwrap().unwrap(),
        &[a.cid.clone(), inner.cid.clone(), a.cid.clone()]
    );
    assert_eq!(store.links(&absent.cid).unwrap(), None);
    assert_eq!(store.links(&root.cid.to_raw()).unwrap().unwrap().len(), 0);
    let mut seen = Vec::new();
    let roots = [
        Root {
            cid: root.cid.clone(),
            recursive: false,
        },
        Root {
            cid: root.cid.clone(),
            recursive: true,
        },
    ];
    store
        .walk(&roots, &mut |cid, present| {
            seen.push((cid.clone(), present));
            true
        })
        .unwrap();
    let expected = [
        (&root, true),
        (&a, true),
        (&inner, true),
        (&b, true),
        (&absent, false),
    ];
    assert_eq!(
        seen,
        expected.map(|(block, present)| (block.cid.clone(), present))
    );
    let mut seen = 0;
    store
        .walk(&deep(&[&root.cid]), &mut |_, _| {
            seen += 1;
            false
        })
        .unwrap();
    assert_eq!(seen, 1);
}

fn collects(store: &dyn BlockStore) {
    let (a, b, c, d) = (raw(b"a"), raw(b"b"), raw(b"c"), raw(b"d"));
    let kept = node(&[a.cid.clone(), raw(b"missing").cid], b"kept");
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
            cid: raw(b"also missing").cid,
            recursive: true,
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
        assert_eq!(done.missing, 2);
        assert_eq!(removed.into_iter().collect::<BTreeSet<_>>(), expected);
        assert!(has(store, &a) && has(store, &kept) && has(store, &alone));
        assert!(!has(store, &b) && !has(store, &c) && !has(store, &d) && !has(store, &dead));
        assert_eq!(store.get(a.cid.hash()).unwrap().unwrap(), a.data);
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

/// Runs a step of an operation in the middle of a collection.
struct Midway<'a> {
    roots: Vec<Root>,
    act: Box<dyn FnMut() + Send + 'a>,
}

impl Collector for Midway<'_> {
    fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
        (self.act)();
        Ok(self.roots.clone())
    }

    fn removed(&mut self, _key: &Multihash) {}
}

fn collects_with_holds(store: &Store) {
    let (a, b, c, d, e) = (raw(b"a"), raw(b"b"), raw(b"c"), raw(b"d"), raw(b"e"));
    put(&**store, &[&a, &b, &c]);
    let early = store.hold();
    assert!(early.touch(a.cid.hash()).unwrap());
    wait(store.write(&early, vec![d.clone()])).unwrap();
    let mut ended = Some(early);
    let later = parking_lot::Mutex::new(None);
    let mut midway = Midway {
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
        assert_eq!(store.get(block.cid.hash()).unwrap().unwrap(), block.data);
    }
    assert!(!has(&**store, &c));
    // `a` and `d` were kept by a hold that has ended.
    assert_eq!(collect(&**store, Vec::new()).0.blocks, 2);
    *later.lock() = None;
    assert_eq!(collect(&**store, Vec::new()).0.blocks, 2);
}

fn collects_through_identity(store: &dyn BlockStore) {
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

fn keeps_either_codec(store: &dyn BlockStore) {
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

fn collection_aborts_on_undecodable(store: &dyn BlockStore) {
    let (bad, other) = (raw(&[0xff; 40]), raw(b"other"));
    put(store, &[&bad, &other]);
    let bad_pb = Cid::v1(Codec::DAG_PB, bad.cid.hash().clone());
    let mut collector = Fixed {
        roots: deep(&[&bad_pb]),
        removed: Vec::new(),
    };
    assert!(matches!(
        store.collect(&mut collector),
        Err(BlockError::Undecodable { .. })
    ));
    assert!(has(store, &bad) && has(store, &other) && collector.removed.is_empty());
    // Of a codec that nobody knows, it is a leaf.
    let unknown = Cid::v1(Codec(0x30_0000), bad.cid.hash().clone());
    assert_eq!(collect(store, deep(&[&unknown])).0.blocks, 1);
    assert!(has(store, &bad));
}

fn rows_of_links_do_not_outlive_ids(store: &dyn BlockStore) {
    let leaf = raw(b"leaf");
    let inner = node(std::slice::from_ref(&leaf.cid), b"inner");
    let root = node(std::slice::from_ref(&inner.cid), b"root");
    put(store, &[&leaf, &inner, &root]);
    for block in [&leaf, &inner, &leaf] {
        assert_eq!(collect(store, deep(&[&root.cid])).0.blocks, 0);
        wait(store.remove(std::slice::from_ref(block.cid.hash()))).unwrap();
        put(store, &[block]);
    }
    assert_eq!(collect(store, deep(&[&root.cid])).0, Collected::default());
    assert!(has(store, &leaf));
}

/// A chain of nodes, each linking to the next.
pub fn deep_chain(store: &dyn BlockStore, length: u32) {
    let hold = store.hold();
    let mut below: Vec<Cid> = Vec::new();
    for number in 0..length {
        let block = node(&below, &number.to_le_bytes());
        below = vec![block.cid.clone()];
        store.write_blocking(&hold, vec![block]).unwrap();
    }
    wait(store.sync()).unwrap();
    drop(hold);
    for _ in 0..2 {
        let (done, _) = collect(store, deep(&below.iter().collect::<Vec<_>>()));
        assert_eq!((done.blocks, done.missing), (0, 0));
    }
    let mut seen = 0;
    store
        .walk(
            &deep(&below.iter().collect::<Vec<_>>()),
            &mut |_, present| {
                seen += u32::from(present);
                true
            },
        )
        .unwrap();
    assert_eq!(seen, length);
}

fn foreign_holds(store: &dyn BlockStore, other: &dyn BlockStore) {
    let hold = other.hold();
    assert!(matches!(
        wait(store.put(&hold, vec![raw(b"x")])),
        Err(BlockError::OtherHold)
    ));
}

/// Writers pin under holds while collections run: nothing that was pinned may go.
fn races(store: &Store) {
    let stop = Arc::new(AtomicBool::new(false));
    let pins: Arc<parking_lot::Mutex<Vec<Root>>> = Arc::default();
    let rounds = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..3u64)
        .map(|writer| {
            let (store, stop, pins) = (Arc::clone(store), Arc::clone(&stop), Arc::clone(&pins));
            thread::spawn(move || {
                let mut made = Vec::new();
                let mut number = 0u64;
                while !stop.load(Ordering::Relaxed) || number < 20 {
                    // Leaves come again and again, so that many puts find a block that is about to be collected.
                    let leaf = raw(&[b"leaf", &(number % 7).to_le_bytes()[..]].concat());
                    let root = node(
                        std::slice::from_ref(&leaf.cid),
                        &(writer << 32 | number).to_le_bytes(),
                    );
                    let hold = store.hold();
                    wait(store.put(&hold, vec![leaf.clone(), root.clone()])).unwrap();
                    assert!(
                        hold.touch(leaf.cid.hash()).unwrap(),
                        "a block vanished under its hold"
                    );
                    pins.lock().push(Root {
                        cid: root.cid.clone(),
                        recursive: true,
                    });
                    drop(hold);
                    assert!(
                        store.has(leaf.cid.hash()).unwrap() && store.has(root.cid.hash()).unwrap()
                    );
                    made.push((leaf, root));
                    if number.is_multiple_of(3) {
                        pins.lock()
                            .retain(|pin| pin.cid != made.last().unwrap().1.cid);
                        made.pop();
                    }
                    number += 1;
                }
                made
            })
        })
        .collect();
    struct Live(Arc<parking_lot::Mutex<Vec<Root>>>);
    impl Collector for Live {
        fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
            Ok(self.0.lock().clone())
        }
        fn removed(&mut self, _key: &Multihash) {}
    }
    while rounds.fetch_add(1, Ordering::Relaxed) < 12 {
        let done = store.collect(&mut Live(Arc::clone(&pins))).unwrap();
        assert_eq!(done.missing, 0, "a pinned block was lost");
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        for (leaf, root) in writer.join().unwrap() {
            assert_eq!(store.get(leaf.cid.hash()).unwrap().unwrap(), leaf.data);
            assert_eq!(store.get(root.cid.hash()).unwrap().unwrap(), root.data);
        }
    }
}

fn verifies(store: &dyn BlockStore) {
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
}

fn closes(store: &dyn BlockStore) {
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
