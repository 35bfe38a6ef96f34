//! Why a collection removes nothing: blocks that it could not read.

use std::fmt;

use cairn_primitives::Cid;

use super::traits::BlockError;

/// Maximum number of pins, and of blocks, that are named; the rest is counted.
pub const MAX_NAMED: usize = 16;

/// A block below a root whose links are unknown.
#[derive(Clone, Debug)]
pub struct UnreadableBlock {
    /// The block.
    pub cid: Cid,
    /// Why it cannot be read; `None` if it is absent.
    pub fault: Option<BlockError>,
}

/// Reachable blocks that cannot be read, and their roots: any block of the store may be reachable from them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct UnreadableBlocks {
    /// Roots of these blocks: at most [`MAX_NAMED`].
    pub roots: Vec<Cid>,
    /// Whether there may be more such roots.
    pub more_roots: bool,
    /// The blocks: at most [`MAX_NAMED`].
    pub blocks: Vec<UnreadableBlock>,
    /// Number of such blocks, including unnamed ones.
    pub count: u64,
}

impl UnreadableBlocks {
    /// Records a block below a root.
    pub fn note(&mut self, root: &Cid, cid: Cid, fault: Option<BlockError>) {
        let known = self.blocks.iter().any(|block| block.cid == cid);
        self.count += u64::from(!known);
        if !known && self.blocks.len() < MAX_NAMED {
            self.blocks.push(UnreadableBlock { cid, fault });
        }
        if self.roots.last() != Some(root) {
            if self.roots.len() < MAX_NAMED {
                self.roots.push(root.clone());
            } else {
                self.more_roots = true;
            }
        }
    }
}

impl fmt::Display for UnreadableBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, block) in self.blocks.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            match &block.fault {
                None => write!(f, "block {} is missing", block.cid)?,
                Some(error @ (BlockError::Damaged { .. } | BlockError::Undecodable { .. })) => {
                    write!(f, "{error}")?;
                }
                Some(error) => write!(f, "block {} cannot be read ({error})", block.cid)?,
            }
        }
        let more = self.count.saturating_sub(self.blocks.len() as u64);
        if more > 0 {
            write!(f, " and {more} more")?;
        }
        f.write_str("; needed by ")?;
        f.write_str(if self.roots.len() == 1 && !self.more_roots {
            "pin "
        } else {
            "pins "
        })?;
        for (at, root) in self.roots.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            write!(f, "{root}")?;
        }
        if self.more_roots {
            f.write_str(" and others")?;
        }
        f.write_str(
            ". Get the blocks back (add the files again, or `dag import` a CAR that has them), or remove the pins (`pin rm`), \
             and run the collection again",
        )
    }
}
