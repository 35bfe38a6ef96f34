//! Listing directories.

use cairn_primitives::ByteString;
use cairn_primitives::{Cid, Codec};

use super::editor::MfsNode;
use super::stat::EntryKind;
use super::{Mfs, MfsError, MfsPath, TreeSnapshot};
use crate::directory::Entries;
use crate::fetch::Blocks;

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Its name.
    pub name: ByteString,
    /// Its root.
    pub cid: Cid,
    /// What it is, and the bytes of a file, when that was asked for.
    pub details: Option<(EntryKind, u64)>,
}

/// Streams the entries of a directory as of the start of the listing: those of a basic directory by name, those of a
/// HAMT in hash order. Holds one node per level of the directory. The listed blocks are protected from collection
/// until this is dropped.
#[derive(Debug)]
pub struct Listing {
    blocks: Blocks,
    inner: Inner,
    cid: Cid,
    long: bool,
    _reading: TreeSnapshot,
}

#[derive(Debug)]
enum Inner {
    Directory(Box<Entries>),
    File(Option<(ByteString, Cid)>),
}

impl Mfs {
    /// Lists a directory; a file is listed as itself. `long` reads the block of each entry to include its type and
    /// size.
    ///
    /// # Errors
    /// [`MfsError::NotFound`].
    pub async fn ls(&self, path: &MfsPath, long: bool) -> Result<Listing, MfsError> {
        let reading = self.reading();
        let editor = self.editor();
        let cid = editor.find(&reading.root, path.names()).await?;
        let blocks = self.inner.blocks.clone();
        let inner = match editor.load(&cid).await?.0 {
            MfsNode::Node(node) if node.fs.kind.is_directory() => Inner::Directory(Box::new(
                Entries::of_node(blocks.clone(), &cid, &node.node, &node.fs)?,
            )),
            _ => {
                let name = path.file_name().unwrap_or_default().to_owned();
                Inner::File(Some((name.into(), cid.clone())))
            }
        };
        Ok(Listing {
            blocks,
            inner,
            cid,
            long,
            _reading: reading,
        })
    }
}

impl Listing {
    /// The root of the directory; `None` when a file is listed.
    #[must_use]
    pub fn directory(&self) -> Option<&Cid> {
        matches!(self.inner, Inner::Directory(_)).then_some(&self.cid)
    }

    /// The next entry, or `None` at the end. Cancel safe, apart from an entry whose block was being read.
    pub async fn next(&mut self) -> Result<Option<Listed>, MfsError> {
        let next = match &mut self.inner {
            Inner::File(file) => file.take(),
            Inner::Directory(entries) => entries.next().await?.map(|entry| (entry.name, entry.cid)),
        };
        let Some((name, cid)) = next else {
            return Ok(None);
        };
        let details = if self.long {
            Some(examine(&self.blocks, &cid).await?)
        } else {
            None
        };
        Ok(Some(Listed { name, cid, details }))
    }
}

/// What an entry is, and the bytes of a file.
async fn examine(blocks: &Blocks, cid: &Cid) -> Result<(EntryKind, u64), MfsError> {
    if cid.codec() == Codec::RAW
        && let Some(size) = blocks
            .store()
            .size(cid.hash())
            .await
            .map_err(MfsError::from)?
    {
        return Ok((EntryKind::File, u64::from(size)));
    }
    let data = blocks.get(cid).await?;
    Ok(match super::editor::read(cid, &data)? {
        MfsNode::Raw(data) => (EntryKind::File, data.len() as u64),
        MfsNode::Node(node) if node.fs.kind.is_directory() => (EntryKind::Directory, 0),
        MfsNode::Node(node) => (EntryKind::File, node.fs.file_size.unwrap_or(0)),
    })
}
