//! Blocks and CARs that tests upload.

use bytes::Bytes;
use cairn_primitives::car::v1;
use cairn_primitives::codec::dag_cbor;
use cairn_primitives::{Block, Cid, Codec, Ipld, Multihash};

/// A raw block.
pub(crate) fn leaf(data: &[u8]) -> Block {
    let data = Bytes::copy_from_slice(data);
    Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
}

/// A node that links to blocks.
pub(crate) fn node(links: &[&Block]) -> Block {
    let links = links.iter().map(|block| Ipld::Link(block.cid.clone()));
    let data = dag_cbor::encode(&Ipld::List(links.collect())).unwrap();
    let data = Bytes::from(data);
    Block::new(Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&data)), data)
}

/// A CAR.
pub(crate) fn car(roots: &[&Block], blocks: &[&Block]) -> Vec<u8> {
    let roots: Vec<Cid> = roots.iter().map(|block| block.cid.clone()).collect();
    let mut car = Vec::new();
    v1::write_header(&roots, &mut car);
    for block in blocks {
        v1::write_block_prefix(&block.cid, block.data.len(), &mut car);
        car.extend_from_slice(&block.data);
    }
    car
}
