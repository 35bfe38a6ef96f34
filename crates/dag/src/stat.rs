//! Sizes of blocks and DAGs, and verification of the store.

use cairn_primitives::{Cid, Codec};
use cairn_store::{BlockError, BlockStore};

use crate::error::{FetchError, NodeError};
use crate::fetch::{Blocks, WalkAhead};
use crate::walk::{PackedLinks, SeenMap, WalkStack, WalkStep, may_link};

/// Size of a block in bytes; fetches it if absent.
pub async fn block(blocks: &Blocks, cid: &Cid) -> Result<u64, FetchError> {
    if let Some(data) = cid.hash().identity_data() {
        return Ok(data.len() as u64);
    }
    match blocks.store().size(cid.hash()).await? {
        Some(size) => Ok(u64::from(size)),
        None => Ok(blocks.fetch(cid).await?.len() as u64),
    }
}

/// What is reachable from a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DagStat {
    /// The root.
    pub cid: Cid,
    /// Blocks, each counted once.
    pub blocks: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
}

/// What is reachable from several roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DagStats {
    /// Each root by itself, in the order given.
    pub roots: Vec<DagStat>,
    /// Blocks that any root reaches, each counted once.
    pub unique_blocks: u64,
    /// Bytes of those blocks.
    pub unique_bytes: u64,
}

impl DagStats {
    /// Sum of the roots' bytes; blocks that several roots reach count several times.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.roots.iter().map(|root| root.bytes).sum()
    }

    /// How many bytes the roots share, counted once less than they occur.
    #[must_use]
    pub fn shared_bytes(&self) -> u64 {
        self.total_bytes() - self.unique_bytes
    }
}

/// Counts the blocks reachable from each root, and calls `progress` after each block.
pub async fn dags(
    blocks: &Blocks,
    roots: &[Cid],
    mut progress: impl FnMut(&DagStats),
) -> Result<DagStats, NodeError> {
    // The number of the last root that reached a block: one set for all roots.
    let mut seen: SeenMap<usize> = SeenMap::default();
    let mut open = WalkStack::default();
    let mut ahead = WalkAhead::default();
    let mut stats = DagStats::default();
    for (number, root) in roots.iter().enumerate() {
        let mut next = Some(root.clone());
        let mut stat = DagStat {
            cid: root.clone(),
            blocks: 0,
            bytes: 0,
        };
        stats.roots.push(stat.clone());
        loop {
            ahead.step(blocks, &open, |cid| seen.get(cid).is_none());
            let cid = match next.take() {
                Some(cid) => cid,
                None => match open.step() {
                    WalkStep::Link(cid, _) => cid,
                    WalkStep::Again(node) => {
                        open.again(PackedLinks::of(blocks.links(&node).await?));
                        continue;
                    }
                    WalkStep::Left(..) => continue,
                    WalkStep::End => break,
                },
            };
            tokio::task::consume_budget().await;
            let before = seen.set(&cid, number);
            if before == Some(number) {
                continue;
            }
            let size = block(blocks, &cid).await?;
            stat.blocks += 1;
            stat.bytes += size;
            if before.is_none() {
                stats.unique_blocks += 1;
                stats.unique_bytes += size;
            }
            if let Some(last) = stats.roots.last_mut() {
                last.clone_from(&stat);
            }
            progress(&stats);
            if may_link(cid.codec()) {
                let links = PackedLinks::of(blocks.links(&cid).await?);
                open.push_last(cid, links);
                ahead.enter();
            }
        }
    }
    Ok(stats)
}

/// One block of a store, checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified {
    /// The block, as CIDv1 `raw`.
    pub cid: Cid,
    /// How many blocks have been checked, this one included.
    pub checked: u64,
    /// Why the block is damaged, if it is.
    pub damage: Option<BlockError>,
}

/// Verifies every block of a store, and calls `seen` with each until that returns `false`. Blocks the thread. Returns
/// how many blocks were checked and how many of them are damaged.
pub fn verify(
    store: &dyn BlockStore,
    seen: &mut dyn FnMut(Verified) -> bool,
) -> Result<(u64, u64), BlockError> {
    let mut checked = 0;
    let mut damaged = 0;
    store.verify(&mut |key, whole| {
        checked += 1;
        damaged += u64::from(whole.is_err());
        seen(Verified {
            cid: Cid::v1(Codec::RAW, key.clone()),
            checked,
            damage: whole.err(),
        })
    })?;
    Ok((checked, damaged))
}
