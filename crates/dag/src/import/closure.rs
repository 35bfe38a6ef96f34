//! Tracks whether linked blocks were in the archive.

use std::collections::HashSet;

use cairn_primitives::{Block, Cid, CidList};

/// CIDs that are remembered, at most; past that it counts as unknown (about 30 MB).
const MOST: usize = 1 << 18;

/// Keeps what came and what is still linked to and has not come. CIDs are compared as CIDv1: a block that is linked to under
/// another codec has other links there, so it does not count as come.
#[derive(Debug, Default)]
pub(super) struct Closure {
    pub(super) came: HashSet<Cid>,
    missing: HashSet<Cid>,
    unknown: bool,
}

impl Closure {
    /// Records blocks and of all that they link to.
    pub(super) fn note(&mut self, blocks: &[Block], links: &CidList) {
        if self.unknown {
            return;
        }
        for block in blocks {
            let cid = block.cid.to_v1();
            self.missing.remove(&cid);
            self.came.insert(cid);
        }
        for link in links {
            // A block in its own CID never comes, and may link on.
            self.unknown |= link.hash().identity_data().is_some();
            let link = link.to_v1();
            if !self.came.contains(&link) {
                self.missing.insert(link);
            }
            if self.unknown || self.came.len() + self.missing.len() > MOST {
                break;
            }
        }
        if self.unknown || self.came.len() + self.missing.len() > MOST {
            self.give_up();
        }
    }

    /// A block came whose links cannot be determined.
    pub(super) fn give_up(&mut self) {
        *self = Self {
            unknown: true,
            ..Self::default()
        };
    }

    /// Whether nothing is missing.
    pub(super) fn is_closed(&self) -> bool {
        !self.unknown && self.missing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cairn_primitives::{Codec, Multihash};

    use super::*;

    fn cid(name: &str) -> Cid {
        Cid::v1(Codec::DAG_PB, Multihash::sha2_256(name.as_bytes()))
    }

    fn block(name: &str) -> Block {
        Block::new(cid(name), Bytes::new())
    }

    #[test]
    fn closes_in_any_order() {
        let mut closure = Closure::default();
        closure.note(
            &[block("parent")],
            &[cid("child"), cid("other")].into_iter().collect(),
        );
        assert!(!closure.is_closed());
        closure.note(&[block("child")], &CidList::new());
        assert!(!closure.is_closed());
        closure.note(&[block("other")], &[cid("child")].into_iter().collect());
        assert!(closure.is_closed());
        assert!(closure.came.contains(&cid("parent")));
    }

    #[test]
    fn another_codec_is_another_block() {
        let mut closure = Closure::default();
        closure.note(
            &[
                Block::new(cid("child").to_raw(), Bytes::new()),
                block("parent"),
            ],
            &[cid("child")].into_iter().collect(),
        );
        assert!(!closure.is_closed());
    }
}
