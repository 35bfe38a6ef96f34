//! Information about a file or a directory.

use cairn_primitives::unixfs::{Mtime, NodeKind};
use cairn_primitives::{Cid, CidList, Codec};

use super::editor::{Editor, MfsNode};
use super::{Mfs, MfsError, MfsPath};
use crate::walk::may_link;

/// Whether something is a file or a directory. Symbolic links count as files, as in Kubo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stat {
    /// Its root.
    pub cid: Cid,
    /// Bytes of content; 0 for a directory.
    pub size: u64,
    /// Bytes of all blocks, as the root says.
    pub cumulative_size: u64,
    /// Links of the root block.
    pub blocks: usize,
    /// What it is.
    pub kind: EntryKind,
    /// Whether it is a symbolic link.
    pub is_symlink: bool,
    /// Permissions, when there are any.
    pub mode: Option<u32>,
    /// Time of modification, when there is one.
    pub mtime: Option<Mtime>,
    /// How much of it is stored locally, if requested.
    pub local: Option<Locality>,
}

/// How much of a DAG is stored locally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locality {
    /// Whether all of it is.
    pub whole: bool,
    /// Bytes of the local blocks, each counted as often as it is linked to.
    pub bytes: u64,
}

impl Mfs {
    /// Information about a path. `with_local` walks over the local blocks; none is fetched for that.
    ///
    /// # Errors
    /// [`MfsError::NotFound`].
    pub async fn stat(&self, path: &MfsPath, with_local: bool) -> Result<Stat, MfsError> {
        let reading = self.reading();
        let editor = self.editor();
        let cid = editor.find(&reading.root, path.names()).await?;
        stat(&editor, &cid, with_local).await
    }

    /// Information about an `/ipfs` path.
    ///
    /// # Errors
    /// [`MfsError::Resolve`].
    pub async fn stat_outside(
        &self,
        path: impl AsRef<[u8]>,
        with_local: bool,
    ) -> Result<Stat, MfsError> {
        let editor = self.editor();
        let cid = self.resolved(&editor, path.as_ref()).await?;
        stat(&editor, &cid, with_local).await
    }
}

async fn stat(editor: &Editor<'_>, cid: &Cid, with_local: bool) -> Result<Stat, MfsError> {
    let (found, length) = editor.load(cid).await?;
    let cumulative_size = found.tree_size(length);
    let local = if with_local {
        Some(locality(editor, cid).await?)
    } else {
        None
    };
    let mut stat = Stat {
        cid: cid.clone(),
        size: cumulative_size,
        cumulative_size,
        blocks: 0,
        kind: EntryKind::File,
        is_symlink: false,
        mode: None,
        mtime: None,
        local,
    };
    if let MfsNode::Node(node) = found {
        let kind = node.fs.kind;
        stat.is_symlink = kind == NodeKind::Symlink;
        stat.size = node.fs.file_size.unwrap_or(0);
        stat.blocks = node.node.links.len();
        if kind.is_directory() {
            stat.kind = EntryKind::Directory;
        }
        stat.mode = node.fs.permissions();
        stat.mtime = node.fs.valid_mtime();
    }
    Ok(stat)
}

/// Counts what is here below a root, as often as it is linked to. Blocks that are linked to often are walked over once.
async fn locality(editor: &Editor<'_>, root: &Cid) -> Result<Locality, MfsError> {
    let blocks = editor.blocks.local();
    let store = blocks.store();
    // Children before parents: each block's sum is made once.
    let mut done: std::collections::HashMap<Cid, Locality> = std::collections::HashMap::new();
    let mut stack = vec![(root.clone(), false)];
    while let Some((cid, below_is_done)) = stack.pop() {
        if done.contains_key(&cid) {
            continue;
        }
        tokio::task::consume_budget().await;
        let Some(size) = store.size(cid.hash()).await? else {
            let absent = Locality {
                whole: false,
                bytes: 0,
            };
            done.insert(cid, absent);
            continue;
        };
        let links = if may_link(cid.codec()) && cid.codec() != Codec::RAW {
            store.links(&cid).await?.unwrap_or_default()
        } else {
            CidList::new()
        };
        if !below_is_done && !links.is_empty() {
            stack.push((cid, true));
            stack.extend(links.iter().map(|link| (link, false)));
            continue;
        }
        let mut sum = Locality {
            whole: true,
            bytes: u64::from(size),
        };
        for below in links.iter().filter_map(|link| done.get(&link)) {
            sum.whole &= below.whole;
            sum.bytes = sum.bytes.saturating_add(below.bytes);
        }
        done.insert(cid, sum);
    }
    Ok(done.get(root).copied().unwrap_or(Locality {
        whole: false,
        bytes: 0,
    }))
}
