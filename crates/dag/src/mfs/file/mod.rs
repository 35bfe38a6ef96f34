//! Edits the bytes of a file in place, whatever its layout.
//!
//! Bytes are overwritten in their leaf. Appended bytes go into new leaves, in the trickle layout at the first free
//! position. A truncated file keeps its tree up to the last leaf.

mod append;
mod cut;
mod overwrite;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cairn_primitives::ByteString;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::layout::{FileLayout, LayoutParams};
use cairn_primitives::unixfs::{CidMaker, Mtime, NodeKind, ReadError, UnixFs};
use cairn_primitives::{Block, Cid, Codec};

pub(super) use append::Source;

use super::MfsError;
use super::editor::{Editor, MfsNode, NodeLink, read};
use crate::unixfs;

/// Deepest file that is edited.
const MAX_DEPTH: usize = cairn_primitives::unixfs::file::MAX_DEPTH;

/// Blocks are handed to the store when there are this many bytes of them.
const HANDED_OVER: usize = 1 << 20;

/// A file that is being changed.
#[derive(Debug)]
pub(super) struct FileEdit<'a, 'e> {
    editor: &'a Editor<'e>,
    /// How new nodes are named, and new leaves made: as the file was when it was opened.
    params: LayoutParams,
    root: Part,
    pending: Vec<Block>,
    pending_bytes: usize,
}

/// A block of a file.
#[derive(Clone, Debug)]
enum Part {
    Raw(Bytes, CidMaker),
    Node(Inner),
}

/// A dag-pb node of a file.
#[derive(Clone, Debug)]
struct Inner {
    links: Vec<dag_pb::Link>,
    fs: UnixFs,
    maker: CidMaker,
}

impl Part {
    fn read(cid: &Cid, data: &Bytes) -> Result<Self, MfsError> {
        let maker = CidMaker::like(cid)?;
        match read(cid, data)? {
            MfsNode::Raw(data) => Ok(Self::Raw(data, maker)),
            MfsNode::Node(found) => {
                // Checks that links and sizes belong together, and sum to what the node claims.
                let checked =
                    cairn_primitives::unixfs::file::FileNode::new(&found.node, found.fs.clone())
                        .map_err(|error| unixfs::unreadable(cid, error))?;
                let mut fs = found.fs;
                fs.file_size = Some(checked.size);
                Ok(Self::Node(Inner {
                    links: found.node.links,
                    fs,
                    maker,
                }))
            }
        }
    }

    fn size(&self) -> u64 {
        match self {
            Self::Raw(data, _) => data.len() as u64,
            Self::Node(inner) => inner.fs.file_size.unwrap_or(0),
        }
    }
}

impl Inner {
    fn new(maker: CidMaker) -> Self {
        Self {
            links: Vec::new(),
            fs: UnixFs {
                file_size: Some(0),
                ..UnixFs::new(NodeKind::File)
            },
            maker,
        }
    }

    fn push(&mut self, child: NodeLink, size: u64) {
        self.links.push(dag_pb::Link {
            cid: child.cid,
            name: Some(ByteString::new()),
            size: Some(child.tree_size),
        });
        self.fs.block_sizes.push(size);
        self.fs.file_size = Some(self.fs.file_size.unwrap_or(0).saturating_add(size));
    }

    /// Takes the last child off.
    fn pop(&mut self) {
        self.links.pop();
        if let Some(size) = self.fs.block_sizes.pop() {
            self.fs.file_size = Some(self.fs.file_size.unwrap_or(0).saturating_sub(size));
        }
    }

    /// Bytes that stand in the node itself.
    fn own(&self) -> u64 {
        self.fs.data.as_ref().map_or(0, Bytes::len) as u64
    }

    /// A node that has a time of modification gets the present one.
    fn touch(&mut self) {
        if self.fs.valid_mtime().is_some() {
            self.fs.mtime = Some(now());
        }
    }
}

/// The time.
pub(super) fn now() -> Mtime {
    let (seconds, nanos) = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => (since.as_secs(), since.subsec_nanos()),
        Err(_) => (0, 0),
    };
    Mtime {
        seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
        nanos: Some(nanos).filter(|&nanos| nanos > 0),
    }
}

impl<'a, 'e> FileEdit<'a, 'e> {
    /// Opens a file. `raw_leaves` is how new leaves are made; by default, as the version of the file's CID says.
    pub(super) fn open(
        editor: &'a Editor<'e>,
        cid: &Cid,
        data: &Bytes,
        raw_leaves: Option<bool>,
    ) -> Result<Self, MfsError> {
        let maker = CidMaker::like(cid)?;
        let raw_leaves = raw_leaves.unwrap_or(cid.version() == cairn_primitives::Version::V1);
        let params = LayoutParams {
            shape: FileLayout::Trickle,
            ..LayoutParams::new(maker, raw_leaves)
        };
        Ok(Self {
            editor,
            params,
            root: Part::read(cid, data)?,
            pending: Vec::new(),
            pending_bytes: 0,
        })
    }

    pub(super) fn size(&self) -> u64 {
        self.root.size()
    }

    /// Ends the edit, and answers with the file. One raw leaf without attributes is the file itself then, as `add` has it.
    pub(super) async fn finish(mut self) -> Result<NodeLink, MfsError> {
        let made = match self.only_raw_leaf() {
            Some(made) => made,
            None => {
                let root = self.root.clone();
                self.put(&root).await?
            }
        };
        self.hand_over().await?;
        Ok(made)
    }

    /// The raw leaf that is all of the file, when there is nothing else to keep of it.
    pub(super) fn only_raw_leaf(&self) -> Option<NodeLink> {
        let Part::Node(inner) = &self.root else {
            return None;
        };
        let [link] = inner.links.as_slice() else {
            return None;
        };
        let plain = inner.fs.valid_mtime().is_none() && inner.fs.permissions().is_none();
        // Bytes in the node itself would be lost.
        let whole = self.params.raw_leaves && plain && inner.own() == 0;
        (whole && link.cid.codec() == Codec::RAW).then(|| NodeLink {
            cid: link.cid.clone(),
            tree_size: inner.fs.file_size.unwrap_or(0),
        })
    }

    async fn load(&self, cid: &Cid) -> Result<Part, MfsError> {
        if let Some(block) = self.pending.iter().rev().find(|block| block.cid == *cid) {
            return Part::read(cid, &block.data);
        }
        Part::read(cid, &self.editor.blocks.get(cid).await?)
    }

    /// Writes a part.
    async fn put(&mut self, part: &Part) -> Result<NodeLink, MfsError> {
        let (made, block) = match part {
            Part::Raw(data, maker) => {
                let cid = maker.make(Codec::RAW, data)?;
                let made = NodeLink {
                    cid: cid.clone(),
                    tree_size: data.len() as u64,
                };
                (made, Block::new(cid, data.clone()))
            }
            Part::Node(inner) => {
                let node = dag_pb::Node {
                    links: inner.links.clone(),
                    data: Some(inner.fs.encode()),
                };
                let data = Bytes::from(node.encode());
                let cid = inner.maker.make(Codec::DAG_PB, &data)?;
                let made = NodeLink {
                    cid: cid.clone(),
                    tree_size: node.tree_size(data.len()),
                };
                (made, Block::new(cid, data))
            }
        };
        self.queue(block).await?;
        Ok(made)
    }

    async fn queue(&mut self, block: Block) -> Result<(), MfsError> {
        self.pending_bytes += block.data.len();
        self.pending.push(block);
        if self.pending_bytes >= HANDED_OVER {
            self.hand_over().await?;
        }
        Ok(())
    }

    async fn hand_over(&mut self) -> Result<(), MfsError> {
        self.pending_bytes = 0;
        self.editor.write(std::mem::take(&mut self.pending)).await
    }
}

/// A file that nests too deep.
fn too_deep(cid: &Cid) -> MfsError {
    unixfs::unreadable(cid, ReadError::TooDeep).into()
}
