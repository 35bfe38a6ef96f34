//! Finds the blocks that a DAG lacks.

use cairn_primitives::Cid;
use cairn_store::BlockStore;

use crate::error::NodeError;
use crate::walk::{PackedLinks, Visited, WalkStack, WalkStep, may_link};

/// Blocks that are linked to and absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// The blocks, each once.
    pub cids: Vec<Cid>,
    /// Whether these are all; `false` if the walk stopped at its limit.
    pub is_all: bool,
}

/// Finds the blocks that are reachable from `from` through local blocks and are absent. Stops when `limit` are found.
///
/// When some of them arrive, a walk from only the blocks found before finds what is missing then.
///
/// # Errors
/// When a block cannot be read or decoded.
pub async fn missing(
    store: &dyn BlockStore,
    from: &[Cid],
    limit: usize,
) -> Result<Missing, NodeError> {
    let mut found = Vec::new();
    let mut visited = Visited::default();
    let mut open = WalkStack::default();
    let mut starts = from.iter();
    loop {
        let cid = match open.step() {
            WalkStep::Link(cid, _) => cid,
            WalkStep::Again(node) => {
                // A block that was removed meanwhile counts as missing when its part of the DAG is looked at again.
                let links = store.links(&node).await?.unwrap_or_default();
                open.again(PackedLinks::of(links));
                continue;
            }
            WalkStep::Left(..) => continue,
            WalkStep::End => match starts.next() {
                Some(start) => start.clone(),
                None => {
                    return Ok(Missing {
                        cids: found,
                        is_all: true,
                    });
                }
            },
        };
        tokio::task::consume_budget().await;
        if !visited.enter(&cid) {
            continue;
        }
        let is_here = if may_link(cid.codec()) {
            match store.links(&cid).await? {
                Some(links) => {
                    open.push_last(cid.clone(), PackedLinks::of(links));
                    true
                }
                None => false,
            }
        } else {
            cid.hash().identity_data().is_some() || store.has(cid.hash()).await?
        };
        if !is_here {
            found.push(cid);
            if found.len() >= limit {
                return Ok(Missing {
                    cids: found,
                    is_all: false,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cairn_primitives::codec::dag_cbor;
    use cairn_primitives::{Block, Codec, Ipld, Multihash};
    use cairn_store::BlockWriter as _;
    use cairn_store::block::MemoryStore;

    use super::*;

    fn node(name: &str, links: &[&Block]) -> Block {
        let links = links.iter().map(|block| Ipld::Link(block.cid.clone()));
        let value = Ipld::List(links.chain([Ipld::from(name)]).collect());
        let data = Bytes::from(dag_cbor::encode(&value).unwrap());
        Block::new(Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&data)), data)
    }

    #[tokio::test]
    async fn finds_what_is_absent_below_what_is_here() {
        let leaves: Vec<Block> = ["a", "b", "c"].iter().map(|name| node(name, &[])).collect();
        let left = node("left", &[&leaves[0], &leaves[1]]);
        let right = node("right", &[&leaves[1], &leaves[2]]);
        let root = node("root", &[&left, &right]);
        let store = MemoryStore::new();
        let hold = store.hold();
        let find = async |from: &[&Block], limit| {
            let from: Vec<Cid> = from.iter().map(|block| block.cid.clone()).collect();
            let found = missing(&store, &from, limit).await.unwrap();
            let mut cids = found.cids;
            cids.sort_unstable();
            (cids, found.is_all)
        };
        let sorted = |blocks: &[&Block]| {
            let mut cids: Vec<Cid> = blocks.iter().map(|block| block.cid.clone()).collect();
            cids.sort_unstable();
            cids
        };
        assert_eq!(find(&[&root], 9).await, (sorted(&[&root]), true));
        store
            .put(&hold, vec![root.clone(), right.clone()])
            .await
            .unwrap();
        let expected = sorted(&[&left, &leaves[1], &leaves[2]]);
        assert_eq!(find(&[&root], 9).await, (expected, true));
        let (some, is_all) = find(&[&root], 2).await;
        assert_eq!((some.len(), is_all), (2, false));
        let rest = vec![left.clone(), leaves[1].clone(), leaves[2].clone()];
        store.put(&hold, rest).await.unwrap();
        // From what was missing before.
        let from = [&left, &leaves[1], &leaves[2]];
        assert_eq!(find(&from, 9).await, (sorted(&[&leaves[0]]), true));
        store.put(&hold, vec![leaves[0].clone()]).await.unwrap();
        assert_eq!(find(&[&root], 9).await, (Vec::new(), true));
    }
}
