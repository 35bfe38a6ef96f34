//! Blocks, roots and collectors that cases and measurements are made of.

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};

use super::super::traits::{BlockError, Collector, Root};

/// A raw block.
#[must_use]
pub fn raw(data: &[u8]) -> Block {
    Block::new(
        Cid::v1(Codec::RAW, Multihash::sha2_256(data)),
        Bytes::copy_from_slice(data),
    )
}

/// A dag-pb node with links, and data that makes it differ from others.
#[must_use]
pub fn node(links: &[Cid], data: &[u8]) -> Block {
    let mut out = Vec::new();
    let field = |number: u8, bytes: &[u8], out: &mut Vec<u8>| {
        out.push(number << 3 | 2);
        cairn_primitives::varint::encode(bytes.len() as u64, out);
        out.extend_from_slice(bytes);
    };
    for link in links {
        let mut body = Vec::new();
        field(1, &link.to_bytes(), &mut body);
        field(2, b"", &mut body);
        body.extend_from_slice(&[0x18, 0x00]);
        field(2, &body, &mut out);
    }
    field(1, data, &mut out);
    Block::new(
        Cid::v1(Codec::DAG_PB, Multihash::sha2_256(&out)),
        Bytes::from(out),
    )
}

/// A dag-pb node that links to blocks.
#[must_use]
pub fn parent(children: &[Block]) -> Block {
    let links: Vec<Cid> = children.iter().map(|child| child.cid.clone()).collect();
    node(&links, b"")
}

/// A raw block with a digest that is made up of a number, for measurements of what is not hashing.
#[must_use]
pub fn made_up(number: u64, data: Bytes) -> Block {
    let mut digest = [0u8; 32];
    for (at, part) in digest.chunks_mut(8).enumerate() {
        part.copy_from_slice(
            &(number + 1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(at as u32 * 17 + 5)
                .to_le_bytes(),
        );
    }
    Block::new(
        Cid::v1(Codec::RAW, Multihash::wrap(0x12, &digest).unwrap()),
        data,
    )
}

/// Keeps everything below some CIDs.
#[must_use]
pub fn deep(cids: &[&Cid]) -> Vec<Root> {
    cids.iter()
        .map(|cid| Root {
            cid: (*cid).clone(),
            recursive: true,
        })
        .collect()
}

/// A collector with fixed roots.
#[derive(Debug, Default)]
pub struct FixedRoots {
    /// The roots.
    pub roots: Vec<Root>,
    /// What was removed.
    pub removed: Vec<Multihash>,
}

impl Collector for FixedRoots {
    fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
        Ok(self.roots.clone())
    }

    fn removed(&mut self, key: &Multihash) {
        self.removed.push(key.clone());
    }
}
