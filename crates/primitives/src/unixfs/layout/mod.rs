//! Layouts: build the tree of a file from its leaves.
//!
//! Leaves are made by [`make_leaf`], which is pure and may run on many threads, and then pushed in order into a
//! [`FileBuilder`]. The builder holds one unfinished node a level, whatever the size of the file.

mod balanced;
mod trickle;

use bytes::Bytes;

pub use balanced::Balanced;
pub use trickle::Trickle;

use super::{BuildError, Built, CidMaker, MAX_BLOCK, Mtime, NodeKind, ReadError, UnixFs};
use crate::block::Block;
use crate::bytestring::ByteString;
use crate::cid::{Cid, Codec};
use crate::codec::dag_pb::{self, Link};
use crate::varint;

/// Default number of links of a file node.
pub const DEFAULT_MAX_LINKS: usize = 174;

/// The layout of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FileLayout {
    /// All leaves at the same depth.
    #[default]
    Balanced,
    /// The first leaves near the root: for reading from front to back.
    Trickle,
}

/// Parameters of the layout of a file.
#[derive(Clone, Debug)]
pub struct LayoutParams {
    /// The layout of the tree.
    pub shape: FileLayout,
    /// Maximum number of links of a node.
    pub max_links: usize,
    /// Whether leaves are bare bytes instead of UnixFS nodes.
    pub raw_leaves: bool,
    /// How CIDs are made.
    pub cid: CidMaker,
    /// Permissions, kept in the root. A file that is one raw leaf has no place for them.
    pub mode: Option<u32>,
    /// Time of modification, kept in the root likewise.
    pub mtime: Option<Mtime>,
}

impl LayoutParams {
    /// Balanced, [`DEFAULT_MAX_LINKS`], no attributes.
    #[must_use]
    pub fn new(cid: CidMaker, raw_leaves: bool) -> Self {
        Self {
            shape: FileLayout::Balanced,
            max_links: DEFAULT_MAX_LINKS,
            raw_leaves,
            cid,
            mode: None,
            mtime: None,
        }
    }

    fn has_attributes(&self) -> bool {
        self.mode.is_some_and(|mode| mode != 0) || self.mtime.is_some()
    }
}

/// A leaf, hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The block.
    pub block: Block,
    /// Bytes of content.
    pub file_size: u64,
}

/// Makes a leaf of a chunk. All the hashing of content is here.
///
/// A raw leaf shares the chunk's memory; any other is one copy of it.
pub fn make_leaf(params: &LayoutParams, chunk: Bytes) -> Result<Leaf, BuildError> {
    if chunk.len() > MAX_BLOCK {
        return Err(BuildError::TooLarge);
    }
    let file_size = chunk.len() as u64;
    if params.raw_leaves {
        let cid = params.cid.make(Codec::RAW, &chunk)?;
        let block = Block::new(cid, chunk);
        return Ok(Leaf { block, file_size });
    }
    // Balanced leaves ought to be `Raw`, too; Kubo's are `File` for the sake of old CIDs.
    let kind = match params.shape {
        FileLayout::Balanced => NodeKind::File,
        FileLayout::Trickle => NodeKind::Raw,
    };
    let node = UnixFs {
        data: (!chunk.is_empty()).then_some(chunk),
        file_size: Some(file_size),
        ..UnixFs::new(kind)
    };
    let block = encode_leaf(&params.cid, &node)?;
    Ok(Leaf { block, file_size })
}

/// A dag-pb node without links. The content is copied straight to its place in the block.
fn encode_leaf(cid: &CidMaker, node: &UnixFs) -> Result<Block, BuildError> {
    let length = node.encoded_len();
    let mut out = Vec::with_capacity(1 + varint::len(length as u64) + length);
    out.push(0x0a);
    varint::encode(length as u64, &mut out);
    node.write(&mut out);
    let data = Bytes::from(out);
    Ok(Block::new(cid.make(Codec::DAG_PB, &data)?, data))
}

/// Builds a file of either layout from leaves.
#[derive(Debug)]
pub enum FileBuilder {
    /// A balanced file.
    Balanced(Balanced),
    /// A trickle file.
    Trickle(Trickle),
}

impl FileBuilder {
    /// A builder of the shape that the parameters name.
    pub fn new(params: LayoutParams) -> Result<Self, BuildError> {
        Ok(match params.shape {
            FileLayout::Balanced => Self::Balanced(Balanced::new(params)?),
            FileLayout::Trickle => Self::Trickle(Trickle::new(params)?),
        })
    }

    /// Takes the next leaf and passes on the blocks that are complete, children before parents. Blocks whose CID
    /// is an `identity` are passed on like any other.
    pub fn push(&mut self, leaf: Leaf, sink: &mut dyn FnMut(Block)) -> Result<(), BuildError> {
        match self {
            Self::Balanced(builder) => builder.push(leaf, sink),
            Self::Trickle(builder) => builder.push(leaf, sink),
        }
    }

    /// Ends the file and passes on the blocks that are left; the root is the last one.
    pub fn finish(self, sink: &mut dyn FnMut(Block)) -> Result<Built, BuildError> {
        match self {
            Self::Balanced(builder) => builder.finish(sink),
            Self::Trickle(builder) => builder.finish(sink),
        }
    }
}

/// A link in the making, with what the parent has to know of the child.
#[derive(Clone, Debug)]
struct Child {
    cid: Cid,
    file_size: u64,
    tree_size: u64,
}

impl From<&Leaf> for Child {
    fn from(leaf: &Leaf) -> Self {
        Self {
            cid: leaf.block.cid.clone(),
            file_size: leaf.file_size,
            tree_size: leaf.block.data.len() as u64,
        }
    }
}

/// An inner node of a file in the making.
#[derive(Debug, Default)]
struct Inner {
    children: Vec<Child>,
}

impl Inner {
    /// Makes the node. The root takes the attributes.
    fn close(self, params: &LayoutParams, is_root: bool) -> Result<(Block, Child), BuildError> {
        let mut file = UnixFs {
            block_sizes: Vec::with_capacity(self.children.len()),
            ..UnixFs::new(NodeKind::File)
        };
        let mut links = Vec::with_capacity(self.children.len());
        let (mut file_size, mut tree_size) = (0u64, 0u64);
        for child in self.children {
            file_size = file_size.saturating_add(child.file_size);
            tree_size = tree_size.saturating_add(child.tree_size);
            file.block_sizes.push(child.file_size);
            links.push(Link {
                cid: child.cid,
                name: Some(ByteString::new()),
                size: Some(child.tree_size),
            });
        }
        file.file_size = Some(file_size);
        if is_root && params.has_attributes() {
            file.set_attributes(params.mode, params.mtime);
        }
        let node = dag_pb::Node {
            links,
            data: Some(file.encode()),
        };
        let data = Bytes::from(node.encode());
        let cid = params.cid.make(Codec::DAG_PB, &data)?;
        let child = Child {
            cid: cid.clone(),
            file_size,
            tree_size: tree_size.saturating_add(data.len() as u64),
        };
        Ok((Block::new(cid, data), child))
    }
}

impl From<Child> for Built {
    fn from(child: Child) -> Self {
        Self {
            cid: child.cid,
            file_size: child.file_size,
            tree_size: child.tree_size,
        }
    }
}

/// Makes the one leaf of a file its root.
fn leaf_as_root(params: &LayoutParams, leaf: Leaf) -> Result<(Block, Built), BuildError> {
    let mut block = leaf.block;
    if params.has_attributes() && block.cid.codec() == Codec::DAG_PB {
        let node = dag_pb::Node::decode(&block.data).map_err(ReadError::from)?;
        let mut file = UnixFs::of(&node)?;
        file.set_attributes(params.mode, params.mtime);
        block = encode_leaf(&params.cid, &file)?;
    }
    let built = Built {
        cid: block.cid.clone(),
        file_size: leaf.file_size,
        tree_size: block.data.len() as u64,
    };
    Ok((block, built))
}

#[cfg(test)]
mod tests;
