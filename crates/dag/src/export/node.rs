//! UnixFS nodes.

use cairn_primitives::ByteString;
use cairn_primitives::unixfs::{Mtime, NodeKind, UnixFs};
use cairn_primitives::{Cid, Codec};

use super::{ExportError, FileReader};
use crate::directory::Entries;
use crate::error::NodeError;
use crate::fetch::{Blocks, decode_links};
use crate::unixfs;

/// A file, a symbolic link or a directory, opened.
#[derive(Debug)]
pub struct Node {
    /// What it holds.
    pub content: Content,
    /// Bytes of content of a file, length of a link's target, bytes of all blocks of a directory as its links claim.
    pub size: u64,
    /// Permissions, if stored.
    pub mode: Option<u32>,
    /// Time of modification, if stored.
    pub mtime: Option<Mtime>,
}

/// The content of a node.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// A file, to be read.
    File(FileReader),
    /// A symbolic link with its target.
    Symlink(ByteString),
    /// A directory, to be listed.
    Directory(Entries),
}

impl Node {
    /// Opens a CID; reads no more than its block.
    pub async fn open(blocks: &Blocks, cid: &Cid) -> Result<Self, ExportError> {
        let data = blocks.get(cid).await?;
        if cid.codec() == Codec::RAW {
            let file = FileReader::of_block(blocks.clone(), cid.clone(), data)?;
            return Ok(Self {
                size: file.size(),
                content: Content::File(file),
                mode: None,
                mtime: None,
            });
        }
        if cid.codec() != Codec::DAG_PB {
            return Err(NodeError::UnknownType { cid: cid.clone() }.into());
        }
        let links = decode_links(cid, data.clone())?;
        let fs: UnixFs = unixfs::of_links(cid, &links)?;
        let (mode, mtime) = (fs.permissions(), fs.valid_mtime());
        match fs.kind {
            NodeKind::Directory | NodeKind::HamtShard => {
                let below = links.clone().fold(0u64, |sum, link| {
                    sum.saturating_add(link.size.unwrap_or_default())
                });
                let size = below.saturating_add(data.len() as u64);
                let entries = Entries::of_root(blocks.clone(), cid, links, &fs)?;
                Ok(Self {
                    content: Content::Directory(entries),
                    size,
                    mode,
                    mtime,
                })
            }
            NodeKind::Symlink => {
                let target = ByteString::from(fs.data.as_deref().unwrap_or_default());
                Ok(Self {
                    size: target.len() as u64,
                    content: Content::Symlink(target),
                    mode,
                    mtime,
                })
            }
            NodeKind::File | NodeKind::Raw => {
                let file = FileReader::of_block(blocks.clone(), cid.clone(), data)?;
                Ok(Self {
                    size: file.size(),
                    content: Content::File(file),
                    mode,
                    mtime,
                })
            }
            NodeKind::Metadata => Err(NodeError::UnknownType { cid: cid.clone() }.into()),
        }
    }
}

impl From<crate::error::FetchError> for ExportError {
    fn from(error: crate::error::FetchError) -> Self {
        Self::Node(error.into())
    }
}
