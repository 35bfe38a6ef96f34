use super::*;
use crate::cid::Version;
use crate::multihash::HashFunction;

fn params() -> DirectoryParams {
    let sha2 = HashFunction::from_code(crate::multihash::SHA2_256).unwrap();
    DirectoryParams::new(CidMaker::new(Version::V1, sha2).unwrap())
}

fn sharded_by(sharding: Sharding) -> DirectoryParams {
    DirectoryParams {
        sharding,
        ..params()
    }
}

fn entry(name: &str, tree_size: u64) -> Entry {
    Entry {
        name: name.into(),
        cid: params().cid.make(Codec::RAW, name.as_bytes()).unwrap(),
        tree_size,
    }
}

fn build(params: DirectoryParams, entries: &[Entry]) -> (Built, Vec<Block>) {
    let mut builder = DirectoryBuilder::new(params).unwrap();
    for entry in entries {
        builder.add(entry.clone()).unwrap();
    }
    let mut blocks = Vec::new();
    let built = builder.finish(&mut |block| blocks.push(block)).unwrap();
    (built, blocks)
}

#[test]
fn order_does_not_matter_and_the_last_of_a_name_counts() {
    let (a, b) = (entry("a", 1), entry("b", 2));
    let other = Entry {
        name: "a".into(),
        ..entry("c", 9)
    };
    let (want, blocks) = build(params(), &[other.clone(), b.clone()]);
    for order in [
        &[b.clone(), a.clone(), other.clone()][..],
        &[a.clone(), b.clone(), other.clone()],
        &[a.clone(), other.clone(), b.clone()],
        &[a.clone(), a, other.clone(), b.clone()],
    ] {
        assert_eq!(build(params(), order).0, want);
    }
    let node = dag_pb::Node::decode(&blocks[0].data).unwrap();
    assert_eq!(read(&node).unwrap(), [other, b]);
    assert_eq!(lookup(&node, "b").and_then(|link| link.size), Some(2));
    assert!(lookup(&node, "c").is_none());
}

#[test]
fn shards_above_the_threshold_only() {
    let entries = [entry("aa", 300), entry("b", 70_000)];
    let is_hamt = |params: DirectoryParams| {
        let (_, blocks) = build(params, &entries);
        let node = dag_pb::Node::decode(&blocks.last().unwrap().data).unwrap();
        UnixFs::of(&node).unwrap().kind == NodeKind::HamtShard
    };
    let links = 2 + 1 + 2 * 36;
    for (threshold, sharded) in [(links, false), (links - 1, true), (0, false)] {
        let params = sharded_by(Sharding {
            threshold,
            ..Sharding::default()
        });
        assert_eq!(is_hamt(params), sharded);
    }
    let timed = |threshold, estimation| DirectoryParams {
        sharding: Sharding {
            threshold,
            estimation,
            ..Sharding::default()
        },
        mode: Some(0o755),
        mtime: Some(Mtime {
            seconds: -5,
            nanos: Some(7),
        }),
        ..params()
    };
    let block = build(timed(1 << 20, SizeEstimation::Block), &entries).1[0]
        .data
        .len() as u64;
    assert!(!is_hamt(timed(block, SizeEstimation::Block)));
    assert!(is_hamt(timed(block - 1, SizeEstimation::Block)));
    assert!(!is_hamt(timed(1, SizeEstimation::Disabled)));
    for (max_links, sharded) in [(0, false), (2, false), (1, true)] {
        for estimation in [SizeEstimation::Links, SizeEstimation::Disabled] {
            let params = sharded_by(Sharding {
                max_links,
                estimation,
                ..Sharding::default()
            });
            assert_eq!(is_hamt(params), sharded);
        }
    }
}

#[test]
fn refuses() {
    for fanout in [0, 7, 12, 4, 100] {
        let params = sharded_by(Sharding {
            fanout,
            ..Sharding::default()
        });
        assert_eq!(
            DirectoryBuilder::new(params).err(),
            Some(BuildError::Fanout(fanout))
        );
    }
    let mut builder = DirectoryBuilder::new(params()).unwrap();
    assert_eq!(builder.add(entry("", 0)), Err(BuildError::NoName));
    let mut builder = DirectoryBuilder::new(sharded_by(Sharding {
        threshold: 0,
        max_links: 1,
        ..Sharding::default()
    }))
    .unwrap();
    builder.add(entry("a", 0)).unwrap();
    builder.add(entry("b", 0)).unwrap();
    assert_eq!(builder.finish(&mut |_| ()), Err(BuildError::TooManyLinks));
}
