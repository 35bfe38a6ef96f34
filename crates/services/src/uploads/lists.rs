//! Lists of the blocks of parts.
//!
//! The DAG of a part is incomplete, so it cannot be pinned. What is pinned instead is a list: a dag-cbor array of links to
//! the part's blocks as raw blocks, which are not followed. A long one is an array of links to such lists.

use bytes::Bytes;
use cairn_primitives::codec::{CodecError, dag_cbor};
use cairn_primitives::{Block, Cid, CidList, Codec, Ipld, Multihash};

/// Maximum number of blocks of a part.
pub(super) const MAX_BLOCKS: usize = 1_000_000;

/// Links of one block: it has about 1 MB then.
const LINKS: usize = 20_000;

/// The blocks of a list; its root is the last.
pub(super) fn build(blocks: &CidList) -> Result<Vec<Block>, CodecError> {
    let mut level: Vec<Cid> = blocks
        .iter()
        .filter(|cid| cid.hash().identity_data().is_none())
        .map(|cid| cid.to_raw())
        .collect();
    let mut built = Vec::new();
    loop {
        let mut above = Vec::new();
        let chunks = level.chunks(LINKS);
        // A list of nothing is one block as well.
        let empty: &[Cid] = &[];
        for links in chunks.chain(level.is_empty().then_some(empty)) {
            let block = node(links)?;
            above.push(block.cid.clone());
            built.push(block);
        }
        if above.len() == 1 {
            return Ok(built);
        }
        level = above;
    }
}

fn node(links: &[Cid]) -> Result<Block, CodecError> {
    let list = Ipld::List(links.iter().cloned().map(Ipld::Link).collect());
    let data = Bytes::from(dag_cbor::encode(&list)?);
    let cid = Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&data));
    Ok(Block::new(cid, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_reach_every_block_and_nothing_below() {
        for (count, nodes) in [(0, 1), (1, 1), (LINKS, 1), (LINKS + 1, 3)] {
            let cids: CidList = (0..count)
                .map(|at| Cid::v1(Codec::DAG_PB, Multihash::sha2_256(&at.to_le_bytes())))
                .collect();
            let built = build(&cids).unwrap();
            assert_eq!(built.len(), nodes);
            let mut leaves = 0;
            for block in &built {
                assert!(block.data.len() < 1 << 20);
                assert!(block.cid.hash().matches(&block.data).unwrap());
                let links = dag_cbor::links(&block.data).unwrap();
                leaves += links.iter().filter(|cid| cid.codec() == Codec::RAW).count();
            }
            assert_eq!(leaves, count);
            let root = built.last().unwrap();
            let below = dag_cbor::links(&root.data).unwrap();
            assert_eq!(below.len(), if nodes == 1 { count } else { nodes - 1 });
        }
    }
}
