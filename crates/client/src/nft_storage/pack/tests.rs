//! What is packed, cut into parts, and read again.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_primitives::car::{self, Decoder, Event, v1};
use cairn_primitives::codec;
use proptest::prelude::*;

use super::{Counter, Packed, Packer, Splitter, index_car};
use crate::nft_storage::StorageError;
use crate::upload::{Content, Part};

async fn pack(parts: Vec<Part>, wrap: bool) -> Packed {
    let mut packer = Packer::new(Counter::new(|_| {}), 1 << 20).unwrap();
    for part in parts {
        packer = packer.add(part).await.unwrap();
    }
    packer.finish(wrap).await.unwrap()
}

/// Blocks of an archive, which are verified.
fn read(archive: &Bytes) -> (Vec<Cid>, Vec<(Cid, Bytes)>) {
    let mut decoder = Decoder::default();
    decoder.push(archive.clone());
    let mut found = (Vec::new(), Vec::new());
    while let Some(event) = decoder.next().unwrap() {
        match event {
            Event::Header { roots, .. } => found.0 = roots,
            Event::Block(block) => {
                car::verify(&block).unwrap();
                found.1.push((block.cid, block.data));
            }
        }
    }
    decoder.finish().unwrap();
    found
}

fn split(packed: Packed, limit: usize) -> Vec<Bytes> {
    let mut splitter = Splitter::new(packed, limit);
    let mut parts = Vec::new();
    while let Some(part) = splitter.next_part().unwrap() {
        parts.push(part);
    }
    parts
}

/// All blocks below a root.
fn reachable(root: &Cid, blocks: &HashMap<Cid, Bytes>) -> HashSet<Cid> {
    let mut found = HashSet::new();
    let mut left = vec![root.clone()];
    while let Some(cid) = left.pop() {
        let Some(data) = blocks.get(&cid) else {
            continue;
        };
        if found.insert(cid.clone()) {
            left.extend(&codec::links(cid.codec(), data).unwrap());
        }
    }
    found
}

/// Bytes that do not repeat within a file.
fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let words = std::iter::repeat_with(&mut next).flatten();
    words.take(length).collect()
}

#[tokio::test]
async fn cids_are_those_of_nft_storage() {
    // Computed with `ipfs add --cid-version=1 --raw-leaves` of Kubo.
    let one = pack(vec![Part::bytes("", "hello\n")], false).await;
    assert_eq!(
        one.root.to_string(),
        "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
    );
    let empty = pack(Vec::new(), true).await;
    assert_eq!(
        empty.root.to_string(),
        "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
    );
    let nothing = pack(vec![Part::bytes("", "")], false).await;
    assert_eq!(
        nothing.root.to_string(),
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    );
    assert_eq!(split(nothing, 1 << 20).len(), 1);
}

#[tokio::test]
async fn a_directory_is_the_same_however_it_is_named() {
    let files = |prefix: &str| {
        vec![
            Part::new(prefix.trim_end_matches('/'), Content::Directory),
            Part::bytes(format!("{prefix}a"), "1"),
            Part::bytes(format!("{prefix}b/c"), "2"),
        ]
    };
    let inner = pack(files("photos/"), false).await;
    let other = pack(files("x/"), false).await;
    assert_eq!(inner.root, other.root);
    let wrapped = pack(files("photos/"), true).await;
    assert_ne!(inner.root, wrapped.root);
}

#[tokio::test]
async fn names_that_no_directory_can_have_are_refused() {
    for name in ["a/../b", "a//b", "./a", ".."] {
        let packer = Packer::new(Counter::new(|_| {}), 10).unwrap();
        let added = packer.add(Part::bytes(name, "1")).await;
        assert!(
            matches!(added, Err(StorageError::Name { .. })),
            "{name} was accepted"
        );
    }
    let packer = Packer::new(Counter::new(|_| {}), 10).unwrap();
    let packer = packer.add(Part::bytes("a", "1")).await.unwrap();
    let below_a_file = packer.add(Part::bytes("a/b", "1")).await;
    assert!(matches!(below_a_file, Err(StorageError::Name { .. })));
}

#[tokio::test]
async fn a_stream_that_does_not_fit_the_memory_is_refused() {
    let stream = || {
        let pieces = (0..4).map(|_| Ok(Bytes::from_static(b"12345")));
        Content::Stream(Box::pin(futures_util::stream::iter(
            pieces.collect::<Vec<_>>(),
        )))
    };
    let packer = Packer::new(Counter::new(|_| {}), 19).unwrap();
    let added = packer.add(Part::new("a", stream())).await;
    assert!(matches!(
        added,
        Err(StorageError::TooLargeForMemory { limit: 19 })
    ));
    let packer = Packer::new(Counter::new(|_| {}), 20).unwrap();
    assert!(packer.add(Part::new("a", stream())).await.is_ok());
}

#[tokio::test]
async fn a_file_that_changes_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for change in [&b"other content"[..], b"short"] {
        std::fs::write(&path, "first content").unwrap();
        let packed = pack(vec![Part::file("file", &path)], false).await;
        std::fs::write(&path, change).unwrap();
        let sent = Splitter::new(packed, 1 << 20).next_part();
        assert!(
            matches!(sent, Err(StorageError::Changed { .. })),
            "{sent:?}"
        );
    }
}

#[tokio::test]
async fn archives_are_split_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.car");
    let packed = pack(vec![Part::bytes("a", noise(3 << 20, 1))], true).await;
    let root = packed.root.clone();
    let size = packed.size;
    let whole = split(packed, usize::MAX);
    assert_eq!(whole.len(), 1);
    std::fs::write(&path, &whole[0]).unwrap();
    let indexed = index_car(path.clone(), Counter::new(|_| {})).await.unwrap();
    assert_eq!((&indexed.root, indexed.size), (&root, size));
    let parts = split(indexed, 1 << 20);
    assert!(parts.len() > 2);
    let blocks: HashMap<Cid, Bytes> = parts.iter().flat_map(|part| read(part).1).collect();
    let expected: HashMap<Cid, Bytes> = read(&whole[0]).1.into_iter().collect();
    assert_eq!(blocks, expected);

    // A bad block, a missing block, and no root.
    let mut bad = whole[0].to_vec();
    *bad.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bad).unwrap();
    let indexed = index_car(path.clone(), Counter::new(|_| {})).await;
    assert!(matches!(indexed, Err(StorageError::Car(_))), "{indexed:?}");
    let (roots, blocks) = read(&whole[0]);
    let mut partial = Vec::new();
    v1::write_header(&roots, &mut partial);
    let (cid, data) = &blocks[0];
    v1::write_block_prefix(cid, data.len(), &mut partial);
    partial.extend_from_slice(data);
    std::fs::write(&path, &partial).unwrap();
    let indexed = index_car(path.clone(), Counter::new(|_| {})).await.unwrap();
    let sent = Splitter::new(indexed, 1 << 20).next_part();
    assert!(
        matches!(sent, Err(StorageError::Missing { .. })),
        "{sent:?}"
    );
    let mut rootless = Vec::new();
    v1::write_header(&[], &mut rootless);
    std::fs::write(&path, &rootless).unwrap();
    let indexed = index_car(path, Counter::new(|_| {})).await;
    assert!(matches!(indexed, Err(StorageError::Roots { count: 0 })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The parts together are the DAG, each is one without gaps below the same root, and none is larger than the limit.
    #[test]
    fn parts_are_the_dag(
        lengths in prop::collection::vec(prop_oneof![0_usize..2_000, 0_usize..1_500_000], 0..12),
        repeated in any::<bool>(),
        limit in 600_000_usize..2_000_000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let files = lengths.iter().enumerate().map(|(index, length)| {
            let seed = if repeated { 1 } else { u32::try_from(index).unwrap() + 1 };
            Part::bytes(format!("folder-{}/file-{index}", index % 3), noise(*length, seed))
        });
        let packed = runtime.block_on(pack(files.collect(), true));
        let root = packed.root.clone();
        let size = packed.size;
        let mut all = HashMap::new();
        for part in split(packed, limit) {
            prop_assert!(part.len() <= limit, "{} > {limit}", part.len());
            let (roots, blocks) = read(&part);
            prop_assert_eq!(&roots, std::slice::from_ref(&root));
            prop_assert_eq!(&blocks.first().unwrap().0, &root);
            let count = blocks.len();
            let blocks: HashMap<Cid, Bytes> = blocks.into_iter().collect();
            prop_assert_eq!(blocks.len(), count, "a block is there twice");
            prop_assert_eq!(reachable(&root, &blocks).len(), count);
            all.extend(blocks);
        }
        let found: usize = all.values().map(Bytes::len).sum();
        prop_assert_eq!(found as u64, size);
        prop_assert_eq!(reachable(&root, &all).len(), all.len());
        for (cid, data) in &all {
            for link in &codec::links(cid.codec(), data).unwrap() {
                prop_assert!(all.contains_key(&link));
            }
        }
    }
}
