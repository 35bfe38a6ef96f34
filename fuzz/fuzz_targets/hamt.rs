//! HAMT directories: hostile shards end, and what is built is found.
#![no_main]

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use cairn_primitives::codec::dag_pb::Node;
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::unixfs::directory::Entry;
use cairn_primitives::unixfs::hamt::{HamtBuilder, Lookup, ShardNode, Step, Visit, Walk};
use cairn_primitives::unixfs::{CidMaker, NodeKind, UnixFs};
use cairn_primitives::{Cid, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    hostile(data);
    built(data);
});

/// A shard all of whose children are the shard itself.
fn hostile(data: &[u8]) {
    let Ok(node) = Node::decode(&Bytes::copy_from_slice(data)) else {
        return;
    };
    let Ok(shard) = ShardNode::decode(&node) else {
        return;
    };
    assert_eq!(shard.slots().count(), shard.len());
    let mut walk = Walk::new(shard.clone());
    for _ in 0..1000 {
        match walk.step() {
            Ok(Some(Visit::Shard(_))) => {
                let _ = walk.enter(shard.clone());
            }
            Ok(Some(Visit::Entry(_))) => {}
            Ok(None) | Err(_) => break,
        }
    }
    let mut lookup = Lookup::new("name");
    let steps = (0..)
        .take_while(|_| matches!(lookup.step(&shard), Ok(Step::Descend(_))))
        .take(100)
        .count();
    assert!(steps < 64);
}

/// A directory whose names are the lines of the input.
fn built(data: &[u8]) {
    let Some((fanout, data)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let names: BTreeSet<&str> = text
        .lines()
        .filter(|name| !name.is_empty())
        .take(200)
        .collect();
    let sha2_256 = HashFunction::from_name("sha2-256").expect("is built in");
    let maker = CidMaker::new(Version::V1, sha2_256).expect("is a function for CIDv1");
    let mut builder = HamtBuilder::new(maker, 8 << (fanout % 6)).expect("is a fanout");
    let leaf: Cid = "bafkqaaa".parse().expect("is a CID");
    for name in &names {
        builder
            .add(Entry {
                name: (*name).into(),
                cid: leaf.clone(),
                tree_size: 0,
            })
            .expect("has a name");
    }
    let mut shards = HashMap::new();
    let mut keep = |block: cairn_primitives::Block| {
        let node = Node::decode(&block.data).expect("is dag-pb");
        shards.insert(block.cid, ShardNode::decode(&node).expect("is a shard"));
    };
    // Names may collide in all 64 bits of the hash.
    let Ok(root) = builder.finish(UnixFs::new(NodeKind::HamtShard), &mut keep) else {
        return;
    };
    let mut walk = Walk::new(shards[&root.cid].clone());
    let mut found = BTreeSet::new();
    while let Some(visit) = walk.step().expect("is whole") {
        match visit {
            Visit::Entry(entry) => assert!(found.insert(entry.name)),
            Visit::Shard(cid) => walk
                .enter(shards[&cid].clone())
                .expect("is where it belongs"),
        }
    }
    assert!(
        found
            .iter()
            .map(|name| name.as_bytes())
            .eq(names.iter().map(|name| name.as_bytes()))
    );
    for name in &names {
        let mut lookup = Lookup::new(name);
        let mut shard = &shards[&root.cid];
        loop {
            match lookup.step(shard).expect("is whole") {
                Step::Found(entry) => break assert_eq!(entry.name, *name),
                Step::Descend(cid) => shard = &shards[&cid],
                Step::Absent => panic!("{name:?} is lost"),
            }
        }
    }
}
