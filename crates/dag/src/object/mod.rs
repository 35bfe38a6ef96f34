//! dag-pb nodes as links and data, whatever the data means: what the `object` commands work on.
//!
//! Spec: <https://ipld.io/specs/codecs/dag-pb/spec/>

mod diff;
mod edit;
mod error;

use bytes::Bytes;
use cairn_primitives::codec::dag_pb::{self, Link};
use cairn_primitives::unixfs::CidMaker;
use cairn_primitives::{Block, Cid, Codec};
use cairn_store::Hold;

pub use diff::{Change, MAX_DIFF, diff};
pub use edit::{LinkOptions, add_link, append_data, remove_link, set_data};
pub use error::{LinkChange, ObjectError};

use crate::error::NodeError;
use crate::fetch::{Blocks, decode_node};

/// Sizes of a node in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectStat {
    /// Links.
    pub links: u64,
    /// The whole block.
    pub block_size: u64,
    /// The block without its data.
    pub links_size: u64,
    /// The data.
    pub data_size: u64,
    /// The block, and what its links say is below it.
    pub cumulative_size: u64,
}

/// A dag-pb node.
pub async fn get(blocks: &Blocks, cid: &Cid) -> Result<dag_pb::Node, ObjectError> {
    Ok(load(blocks, cid).await?.0)
}

/// A dag-pb node and the length of its block.
async fn load(blocks: &Blocks, cid: &Cid) -> Result<(dag_pb::Node, usize), ObjectError> {
    if cid.codec() != Codec::DAG_PB {
        return Err(ObjectError::NotDagPb { cid: cid.clone() });
    }
    let data = blocks.get(cid).await?;
    Ok((decode_node(cid, &data)?, data.len()))
}

/// The links of a block of any codec. Those of codecs other than dag-pb have neither names nor sizes.
pub async fn links(blocks: &Blocks, cid: &Cid) -> Result<Vec<Link>, ObjectError> {
    if cid.codec() == Codec::DAG_PB {
        return Ok(load(blocks, cid).await?.0.links);
    }
    let links = blocks.links(cid).await?;
    let unnamed = |cid: Cid| Link {
        cid,
        name: None,
        size: None,
    };
    Ok(links.iter().map(unnamed).collect())
}

/// Sizes of a block. One of a codec other than dag-pb is all data.
pub async fn stat(blocks: &Blocks, cid: &Cid) -> Result<ObjectStat, ObjectError> {
    if cid.codec() != Codec::DAG_PB {
        let size = crate::stat::block(blocks, cid).await?;
        return Ok(ObjectStat {
            links: blocks.links(cid).await?.len() as u64,
            block_size: size,
            data_size: size,
            cumulative_size: size,
            ..ObjectStat::default()
        });
    }
    let (node, length) = load(blocks, cid).await?;
    let data = node.data.as_ref().map_or(0, Bytes::len);
    Ok(ObjectStat {
        links: node.links.len() as u64,
        block_size: length as u64,
        links_size: (length - data) as u64,
        data_size: data as u64,
        cumulative_size: node.tree_size(length),
    })
}

/// Stores a node, durably, under a hold that was taken before; the CID may be pinned while the hold lives. Empty data is
/// left out, as in every node that Kubo writes.
pub async fn put(
    blocks: &Blocks,
    hold: &Hold,
    maker: &CidMaker,
    node: &dag_pb::Node,
    max_size: usize,
) -> Result<Cid, ObjectError> {
    let (cid, block) = make(maker, node, max_size)?;
    write(blocks, hold, vec![block]).await?;
    Ok(cid)
}

/// The block of a node.
fn make(
    maker: &CidMaker,
    node: &dag_pb::Node,
    max_size: usize,
) -> Result<(Cid, Block), ObjectError> {
    let data = Bytes::from(match &node.data {
        Some(data) if data.is_empty() => dag_pb::Node {
            links: node.links.clone(),
            data: None,
        }
        .encode(),
        _ => node.encode(),
    });
    if data.len() > max_size {
        return Err(ObjectError::TooBig {
            size: data.len(),
            limit: max_size,
        });
    }
    let cid = maker.make(Codec::DAG_PB, &data)?;
    Ok((cid.clone(), Block::new(cid, data)))
}

/// Stores blocks, durably.
async fn write(blocks: &Blocks, hold: &Hold, made: Vec<Block>) -> Result<(), ObjectError> {
    // A block that is part of its CID is not stored.
    let stored = made
        .into_iter()
        .filter(|block| block.cid.hash().identity_data().is_none())
        .collect::<Vec<_>>();
    if !stored.is_empty() {
        blocks.store().put(hold, stored).await?;
    }
    Ok(())
}

/// Bytes of a block and of what its links say is below it.
async fn tree_size(blocks: &Blocks, cid: &Cid) -> Result<u64, ObjectError> {
    let data = blocks.get(cid).await?;
    if cid.codec() != Codec::DAG_PB {
        return Ok(data.len() as u64);
    }
    Ok(decode_node(cid, &data)?.tree_size(data.len()))
}

/// The block as a node, or `None` for one of another codec.
async fn node_of(blocks: &Blocks, cid: &Cid) -> Result<Option<dag_pb::Node>, NodeError> {
    let data = blocks.get(cid).await?;
    if cid.codec() != Codec::DAG_PB {
        return Ok(None);
    }
    decode_node(cid, &data).map(Some)
}
