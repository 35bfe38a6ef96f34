//! Reads and writes single nodes during an edit.

use bytes::Bytes;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::directory::Sharding;
use cairn_primitives::unixfs::{BuildError, CidMaker, NodeKind, UnixFs};
use cairn_primitives::{Block, Cid, Codec};
use cairn_store::Hold;

use super::MfsError;
use crate::error::NodeError;
use crate::fetch::{Blocks, decode_node};
use crate::unixfs;

/// An edit: the blocks that it reads, and the hold under which it writes. Its blocks survive concurrent collections;
/// afterwards they are kept by the new root.
#[derive(Debug)]
pub(super) struct Editor<'a> {
    pub(super) blocks: Blocks,
    pub(super) sharding: &'a Sharding,
    hold: Hold,
}

/// A node that was written, or read, as its parent links to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeLink {
    pub(super) cid: Cid,
    /// Bytes of all blocks below and with it.
    pub(super) tree_size: u64,
}

/// A dag-pb node and its UnixFS part.
#[derive(Clone, Debug)]
pub(super) struct FsNode {
    pub(super) node: dag_pb::Node,
    pub(super) fs: UnixFs,
}

/// What a path can lead to.
#[derive(Debug)]
pub(super) enum MfsNode {
    /// A raw block: a file.
    Raw(Bytes),
    /// A UnixFS node.
    Node(FsNode),
}

impl MfsNode {
    pub(super) fn is_directory(&self) -> bool {
        matches!(self, Self::Node(node) if node.fs.kind.is_directory())
    }

    pub(super) fn is_symlink(&self) -> bool {
        matches!(self, Self::Node(node) if node.fs.kind == NodeKind::Symlink)
    }

    /// Bytes of all blocks, as the links say; `length` is that of the block itself.
    pub(super) fn tree_size(&self, length: usize) -> u64 {
        match self {
            Self::Raw(_) => length as u64,
            Self::Node(node) => node.node.tree_size(length),
        }
    }
}

/// Reads a block as a file or a directory.
pub(super) fn read(cid: &Cid, data: &Bytes) -> Result<MfsNode, NodeError> {
    match cid.codec() {
        Codec::RAW => Ok(MfsNode::Raw(data.clone())),
        Codec::DAG_PB => {
            let node = decode_node(cid, data)?;
            let fs = unixfs::of(cid, &node)?;
            Ok(MfsNode::Node(FsNode { node, fs }))
        }
        _ => Err(NodeError::UnknownType { cid: cid.clone() }),
    }
}

impl<'a> Editor<'a> {
    pub(super) fn new(blocks: &Blocks, sharding: &'a Sharding) -> Self {
        let hold = blocks.store().hold();
        Self {
            blocks: blocks.held(hold.clone()),
            sharding,
            hold,
        }
    }

    pub(super) fn hold(&self) -> &Hold {
        &self.hold
    }

    /// Reads a file or a directory, and tells the length of its block.
    pub(super) async fn load(&self, cid: &Cid) -> Result<(MfsNode, usize), MfsError> {
        let data = self.blocks.get(cid).await?;
        Ok((read(cid, &data)?, data.len()))
    }

    /// Writes a dag-pb node.
    pub(super) async fn put(
        &self,
        maker: &CidMaker,
        node: &dag_pb::Node,
    ) -> Result<NodeLink, MfsError> {
        let (made, block) = make(maker, node)?;
        self.write(vec![block]).await?;
        Ok(made)
    }

    /// Hands blocks over to the store.
    pub(super) async fn write(&self, blocks: Vec<Block>) -> Result<(), MfsError> {
        // A block that stands in its CID is not stored.
        let blocks: Vec<Block> = blocks
            .into_iter()
            .filter(|block| block.cid.hash().identity_data().is_none())
            .collect();
        if blocks.is_empty() {
            return Ok(());
        }
        Ok(self.blocks.store().write(&self.hold, blocks).await?)
    }
}

/// Makes the block of a dag-pb node.
pub(super) fn make(maker: &CidMaker, node: &dag_pb::Node) -> Result<(NodeLink, Block), BuildError> {
    let data = Bytes::from(node.encode());
    let made = NodeLink {
        cid: maker.make(Codec::DAG_PB, &data)?,
        tree_size: node.tree_size(data.len()),
    };
    let block = Block::new(made.cid.clone(), data);
    Ok((made, block))
}
