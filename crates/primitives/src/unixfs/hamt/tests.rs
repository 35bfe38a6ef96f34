use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::cid::{Cid, Codec, Version};
use crate::codec::dag_pb::{self, Link};
use crate::multihash::HashFunction;
use crate::unixfs::directory::Entry;
use crate::unixfs::{CidMaker, Mtime, NodeKind, ReadError, UnixFs};

type Blocks = HashMap<Cid, Bytes>;

fn maker() -> CidMaker {
    let sha2 = HashFunction::from_code(crate::multihash::SHA2_256).unwrap();
    CidMaker::new(Version::V1, sha2).unwrap()
}

fn entry(name: &str) -> Entry {
    Entry {
        name: name.into(),
        cid: maker().make(Codec::RAW, name.as_bytes()).unwrap(),
        tree_size: name.len() as u64,
    }
}

fn build(fanout: usize, names: &[String]) -> (Cid, Blocks) {
    let mut builder = HamtBuilder::new(maker(), fanout).unwrap();
    for name in names {
        builder.add(entry(name)).unwrap();
    }
    let mut blocks = Blocks::new();
    let built = builder
        .finish(UnixFs::new(NodeKind::HamtShard), &mut |block| {
            blocks.insert(block.cid, block.data);
        })
        .unwrap();
    (built.cid, blocks)
}

fn load(blocks: &Blocks, cid: &Cid) -> ShardNode {
    ShardNode::decode(&dag_pb::Node::decode(&blocks[cid]).unwrap()).unwrap()
}

fn find(blocks: &Blocks, root: &Cid, name: &str) -> Option<Entry> {
    let mut lookup = Lookup::new(name);
    let mut at = root.clone();
    loop {
        match lookup.step(&load(blocks, &at)).unwrap() {
            Step::Found(entry) => return Some(entry),
            Step::Absent => return None,
            Step::Descend(cid) => at = cid,
        }
    }
}

fn list(blocks: &Blocks, root: &Cid) -> Vec<Entry> {
    let mut walk = Walk::new(load(blocks, root));
    let mut out = Vec::new();
    while let Some(visit) = walk.step().unwrap() {
        match visit {
            Visit::Entry(entry) => out.push(entry),
            Visit::Shard(cid) => walk.enter(load(blocks, &cid)).unwrap(),
        }
    }
    out
}

#[test]
fn prefixes_are_as_wide_as_the_last_slot() {
    for (fanout, digits) in [(8, 1), (16, 1), (32, 2), (256, 2), (512, 3), (1024, 3)] {
        assert_eq!(prefix_len(fanout), digits);
    }
}

#[test]
fn holds_many_entries() {
    let names: Vec<String> = (0..20_000).map(|index| format!("entry {index}")).collect();
    let (root, blocks) = build(256, &names);
    assert_eq!(list(&blocks, &root).len(), names.len());
    for name in names.iter().step_by(97) {
        assert_eq!(find(&blocks, &root, name), Some(entry(name)));
    }
    assert_eq!(find(&blocks, &root, "entry"), None);
}

#[test]
fn an_empty_hamt_has_no_bitfield() {
    let (root, blocks) = build(256, &[]);
    let node = dag_pb::Node::decode(&blocks[&root]).unwrap();
    assert_eq!(UnixFs::of(&node).unwrap().data, None);
    assert!(list(&blocks, &root).is_empty());
}

fn shard(fanout: u64, bitfield: &[u8], names: &[&str]) -> Result<ShardNode, ReadError> {
    let unixfs = UnixFs {
        data: Some(Bytes::copy_from_slice(bitfield)),
        hash_type: Some(MURMUR3),
        fanout: Some(fanout),
        ..UnixFs::new(NodeKind::HamtShard)
    };
    let links = names
        .iter()
        .map(|&name| Link {
            name: Some(name.into()),
            size: None,
            cid: entry("x").cid,
        })
        .collect();
    ShardNode::new(&unixfs, links)
}

#[test]
fn refuses_hostile_shards() {
    for fanout in [0, 1, 4, 7, 12, 24, 2048, 1 << 31, 1 << 32, u64::MAX] {
        assert_eq!(shard(fanout, &[], &[]), Err(ReadError::Fanout(fanout)));
        assert!(!(is_fanout(fanout as usize) && fanout <= 1024));
    }
    assert!(matches!(
        shard(8, &[0, 1], &["0a"]),
        Err(ReadError::Bitfield { .. })
    ));
    assert!(matches!(
        shard(256, &[3], &["00a"]),
        Err(ReadError::Bitfield { bits: 2, links: 1 })
    ));
    assert!(matches!(
        shard(256, &[1], &["0"]),
        Err(ReadError::LinkName(_))
    ));
    let other_hash = UnixFs {
        hash_type: Some(0x12),
        fanout: Some(8),
        ..UnixFs::new(NodeKind::HamtShard)
    };
    assert_eq!(
        ShardNode::new(&other_hash, Vec::new()),
        Err(ReadError::HashType)
    );
}

#[test]
fn ends_in_shards_that_lead_on_forever() {
    let every_slot: Vec<String> = (0..8).map(|slot| format!("{slot:X}")).collect();
    let names: Vec<&str> = every_slot.iter().map(String::as_str).collect();
    let endless = shard(8, &[0xff], &names).unwrap();
    let mut lookup = Lookup::new("name");
    for _ in 0..MAX_DEPTH {
        assert!(matches!(lookup.step(&endless), Ok(Step::Descend(_))));
    }
    assert_eq!(lookup.step(&endless), Err(ReadError::TooDeep));

    let mut walk = Walk::new(endless.clone());
    for _ in 0..MAX_DEPTH {
        assert!(matches!(walk.step(), Ok(Some(Visit::Shard(_)))));
        walk.enter(endless.clone()).unwrap();
    }
    assert_eq!(walk.step(), Err(ReadError::TooDeep));

    let mut walk = Walk::new(endless);
    walk.step().unwrap();
    assert!(walk.enter(shard(8, &[], &[]).unwrap()).is_err());
}

#[test]
fn finds_entries_out_of_place() {
    let slot = |name: &str| HashBits::new(name.as_bytes()).next(1024).unwrap();
    let mut slots: BTreeMap<usize, String> = (0..24)
        .map(|index| format!("name {index}"))
        .map(|name| (slot(&name), name))
        .collect();
    let walk = |slots: &BTreeMap<usize, String>| {
        let mut bitfield = vec![0; 128];
        for at in slots.keys() {
            bitfield[127 - at / 8] |= 1 << (at % 8);
        }
        let names: Vec<String> = slots
            .iter()
            .map(|(at, name)| format!("{at:03X}{name}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut walk = Walk::new(shard(1024, &bitfield, &names).unwrap());
        std::iter::from_fn(|| walk.step().transpose()).find_map(Result::err)
    };
    assert_eq!(walk(&slots), None);
    let (at, name) = slots.pop_last().unwrap();
    let free = (0..at).rev().find(|at| !slots.contains_key(at)).unwrap();
    slots.insert(free, name);
    assert!(matches!(walk(&slots), Some(ReadError::Misplaced(_))));
}

#[test]
fn a_shard_within_a_hamt_can_be_walked_by_itself() {
    let names: Vec<String> = (0..3000).map(|index| format!("entry {index}")).collect();
    for fanout in [8, 256] {
        let (root, blocks) = build(fanout, &names);
        let mut walk = Walk::new(load(&blocks, &root));
        let mut shards = Vec::new();
        while let Some(visit) = walk.step().unwrap() {
            if let Visit::Shard(cid) = visit {
                shards.push(cid.clone());
                walk.enter(load(&blocks, &cid)).unwrap();
            }
        }
        assert!(!shards.is_empty());
        for shard in shards {
            assert!(!list(&blocks, &shard).is_empty());
        }
    }
}

#[test]
fn attributes_are_the_roots() {
    let mut root = UnixFs::new(NodeKind::HamtShard);
    root.set_attributes(Some(0o755), Some(Mtime::from_seconds(9)));
    let mut builder = HamtBuilder::new(maker(), 8).unwrap();
    for index in 0..50 {
        builder.add(entry(&index.to_string())).unwrap();
    }
    let mut modes = Vec::new();
    builder
        .finish(root, &mut |block| {
            let node = dag_pb::Node::decode(&block.data).unwrap();
            let shard = ShardNode::decode(&node).unwrap();
            modes.push((shard.mode(), shard.mtime()));
        })
        .unwrap();
    let last = modes.pop().unwrap();
    assert_eq!(last, (Some(0o755), Some(Mtime::from_seconds(9))));
    assert!(!modes.is_empty() && modes.iter().all(|mode| *mode == (None, None)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn finds_what_was_added(
        names in prop::collection::vec("[a-zé☃]{1,3}|\\PC{1,40}", 0..300),
        others in prop::collection::vec("[a-z]{1,3}", 0..50),
        fanout in prop::sample::select(vec![8usize, 16, 64, 256, 1024]),
        seed in any::<u64>(),
    ) {
        let (root, blocks) = build(fanout, &names);
        let mut shuffled = names.clone();
        let length = shuffled.len();
        if length > 0 {
            shuffled.rotate_left((seed % length as u64) as usize);
            shuffled.reverse();
        }
        prop_assert_eq!(&build(fanout, &shuffled).0, &root);
        let want: BTreeMap<&String, Entry> = names.iter().map(|name| (name, entry(name))).collect();
        for (name, entry) in &want {
            prop_assert_eq!(find(&blocks, &root, name), Some(entry.clone()));
        }
        for name in &others {
            prop_assert_eq!(find(&blocks, &root, name).is_some(), want.contains_key(name));
        }
        let mut listed = list(&blocks, &root);
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        prop_assert_eq!(listed, want.into_values().collect::<Vec<_>>());
    }

    #[test]
    fn decoders_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        if let Ok(unixfs) = UnixFs::decode(&bytes) {
            let _ = ShardNode::new(&unixfs, Vec::new());
            let again = UnixFs::decode(&unixfs.encode()).unwrap();
            prop_assert_eq!(again, unixfs);
        }
    }
}
