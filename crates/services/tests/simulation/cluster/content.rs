//! What there is to pin.

use std::collections::BTreeSet;

use bytes::Bytes;
use cairn_primitives::car::v1;
use cairn_primitives::codec::dag_cbor;
use cairn_primitives::{Block, Cid, Codec, Ipld, Multihash};

use super::Rng;

/// A DAG, and what may be pinned of it.
pub(super) struct Item {
    /// Its root.
    pub(super) cid: Cid,
    /// Its blocks, the root first.
    pub(super) blocks: Vec<Block>,
    /// Whether peers outside of the cluster have it.
    pub(super) outside: bool,
    /// Whether it can be reached there now.
    pub(super) reachable: bool,
    /// Whether the cluster alone has to keep it: it was added, and nobody has let go of it since.
    pub(super) kept: bool,
    /// Whether a backend has lost a pin of it.
    pub(super) lost: bool,
    /// Whether an operation on it is under way.
    pub(super) busy: bool,
    /// The operations of which one is the last that took place; 0 is that it is not pinned.
    pub(super) possible: BTreeSet<u32>,
    /// The version of its row, if that is known.
    pub(super) version: Option<i64>,
}

fn raw(text: &str) -> Block {
    let data = Bytes::from(text.to_owned());
    Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
}

fn list(links: &[Block]) -> Block {
    let links = links.iter().map(|block| Ipld::Link(block.cid.clone()));
    let data = Bytes::from(dag_cbor::encode(&Ipld::List(links.collect())).expect("a block"));
    Block::new(Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&data)), data)
}

/// DAGs of some blocks, which share some leaves. Half of them are outside of the cluster.
pub(super) fn items(count: usize, rng: &mut Rng) -> Vec<Item> {
    (0..count)
        .map(|number| {
            let mut blocks = vec![raw(&format!("leaf of {number}"))];
            for _ in 0..rng.below(3) {
                blocks.push(raw(&format!("shared leaf {}", rng.below(3))));
            }
            if !rng.one_in(4) {
                blocks.insert(0, list(&blocks));
            } else {
                blocks.truncate(1);
            }
            let outside = rng.one_in(2);
            Item {
                cid: blocks[0].cid.clone(),
                blocks,
                outside,
                reachable: true,
                kept: false,
                lost: false,
                busy: false,
                possible: BTreeSet::from([0]),
                version: None,
            }
        })
        .collect()
}

impl Item {
    /// It as a CAR.
    pub(super) fn archive(&self) -> Bytes {
        let mut out = Vec::new();
        v1::write_header(std::slice::from_ref(&self.cid), &mut out);
        for block in &self.blocks {
            v1::write_block_prefix(&block.cid, block.data.len(), &mut out);
            out.extend_from_slice(&block.data);
        }
        out.into()
    }
}
