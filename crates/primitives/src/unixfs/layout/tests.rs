use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::cid::Version;
use crate::multihash::HashFunction;
use crate::unixfs::file::FileNode;

fn params(shape: FileLayout, max_links: usize, raw_leaves: bool) -> LayoutParams {
    let sha2 = HashFunction::from_code(crate::multihash::SHA2_256).unwrap();
    LayoutParams {
        shape,
        max_links,
        ..LayoutParams::new(CidMaker::new(Version::V1, sha2).unwrap(), raw_leaves)
    }
}

type Blocks = HashMap<Cid, Bytes>;

fn build(params: &LayoutParams, chunks: &[Vec<u8>]) -> (Built, Blocks, u64) {
    let mut builder = FileBuilder::new(params.clone()).unwrap();
    let mut blocks = Blocks::new();
    let mut written = 0;
    let mut sink = |block: Block| {
        written += block.data.len() as u64;
        blocks.insert(block.cid, block.data);
    };
    for chunk in chunks {
        let leaf = make_leaf(params, chunk.clone().into()).unwrap();
        builder.push(leaf, &mut sink).unwrap();
    }
    let built = builder.finish(&mut sink).unwrap();
    (built, blocks, written)
}

fn read(blocks: &Blocks, cid: &Cid, out: &mut Vec<u8>) -> usize {
    let node = FileNode::decode(cid.codec(), &blocks[cid]).unwrap();
    let start = out.len();
    out.extend_from_slice(&node.data);
    let mut depth = 0;
    for child in &node.children {
        assert_eq!((out.len() - start) as u64, child.range.start);
        depth = depth.max(read(blocks, &child.cid, out));
        assert_eq!((out.len() - start) as u64, child.range.end);
    }
    assert!(node.children.is_empty() || node.data.is_empty());
    depth + 1
}

/// Chunks that all differ, so that no two blocks are one.
fn chunks(count: usize) -> Vec<Vec<u8>> {
    (0..count as u32)
        .map(|index| index.to_le_bytes().repeat(1 + index as usize % 3))
        .collect()
}

#[test]
fn a_balanced_file_is_as_low_as_it_can_be() {
    let params = params(FileLayout::Balanced, 3, true);
    for (count, depth) in [
        (0, 1),
        (1, 1),
        (2, 2),
        (3, 2),
        (4, 3),
        (9, 3),
        (10, 4),
        (27, 4),
        (28, 5),
    ] {
        let (built, blocks, _) = build(&params, &chunks(count));
        assert_eq!(read(&blocks, &built.cid, &mut Vec::new()), depth, "{count}");
    }
}

#[test]
fn too_few_links_are_refused() {
    for (shape, max_links, fine) in [
        (FileLayout::Balanced, 0, false),
        (FileLayout::Balanced, 1, false),
        (FileLayout::Balanced, 2, true),
        (FileLayout::Trickle, 0, false),
        (FileLayout::Trickle, 1, true),
    ] {
        let builder = FileBuilder::new(params(shape, max_links, true));
        assert_eq!(builder.is_ok(), fine);
    }
    let huge = Bytes::from(vec![0; MAX_BLOCK + 1]);
    assert_eq!(
        make_leaf(&params(FileLayout::Balanced, 2, true), huge),
        Err(BuildError::TooLarge)
    );
}

#[test]
fn only_the_root_has_attributes() {
    for shape in [FileLayout::Balanced, FileLayout::Trickle] {
        for count in [0, 1, 2, 30] {
            let mut params = params(shape, 3, false);
            let (plain, ..) = build(&params, &chunks(count));
            params.mode = Some(0);
            assert_eq!(build(&params, &chunks(count)).0, plain);
            params.mode = Some(0o600);
            params.mtime = Some(Mtime::from_seconds(7));
            let (built, blocks, _) = build(&params, &chunks(count));
            assert_ne!(built.cid, plain.cid);
            for (cid, data) in &blocks {
                let node = FileNode::decode(cid.codec(), data).unwrap();
                let is_root = *cid == built.cid;
                assert_eq!(node.mode, is_root.then_some(0o600));
                assert_eq!(node.mtime.is_some(), is_root);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reads_back_what_was_laid_out(
        count in 0usize..400,
        max_links in 2usize..7,
        trickle in any::<bool>(),
        raw_leaves in any::<bool>(),
    ) {
        let shape = if trickle { FileLayout::Trickle } else { FileLayout::Balanced };
        let params = params(shape, max_links, raw_leaves);
        let chunks = chunks(count);
        let (built, blocks, written) = build(&params, &chunks);
        let mut out = Vec::new();
        read(&blocks, &built.cid, &mut out);
        prop_assert_eq!(&out, &chunks.concat());
        prop_assert_eq!(built.file_size, out.len() as u64);
        prop_assert_eq!(built.tree_size, written);
        for (cid, data) in blocks {
            prop_assert!(Block::new(cid.clone(), data.clone()).verify().unwrap());
            prop_assert!(FileNode::decode(cid.codec(), &data).unwrap().children.len() <= max_links + 400);
        }
    }
}
