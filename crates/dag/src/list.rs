//! The entries of a directory, for `ls`.

use cairn_primitives::ByteString;
use cairn_primitives::unixfs::directory::Entry;
use cairn_primitives::unixfs::{Mtime, NodeKind};
use cairn_primitives::{Cid, Codec};
use futures_util::future::BoxFuture;

use crate::directory::{Entries, ExaminedEntries};
use crate::error::NodeError;
use crate::fetch::Blocks;
use crate::unixfs;
use crate::walk::PackedLinks;

/// The type of an entry, with the numbers of the UnixFS format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum EntryType {
    /// Not examined, or not UnixFS.
    #[default]
    Unknown = 0,
    /// A basic or sharded directory.
    Directory = 1,
    /// A file.
    File = 2,
    /// A symbolic link.
    Symlink = 4,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name. Empty for the parts of a file.
    pub name: ByteString,
    /// Its root.
    pub cid: Cid,
    /// Bytes of content of a file, length of a link's target, 0 otherwise.
    pub size: u64,
    /// What it is.
    pub kind: EntryType,
    /// Target of a symbolic link, empty otherwise.
    pub target: ByteString,
    /// Permissions, if stored.
    pub mode: Option<u32>,
    /// Time of modification, if stored.
    pub mtime: Option<Mtime>,
}

/// Lists the entries of a directory, or the links of anything else: the parts of a file, the links of a value.
#[derive(Debug)]
pub struct Lister {
    entries: ExaminedEntries<Result<Listed, NodeError>>,
}

impl Lister {
    /// Opens a CID. With `resolve`, the block of each dag-pb entry is read to find its type; each of Kubo's options
    /// `size` and `resolve-type` requests this.
    pub async fn open(blocks: &Blocks, cid: &Cid, resolve: bool) -> Result<Self, NodeError> {
        Ok(Self::of(entries(blocks, cid).await?, resolve))
    }

    /// As [`Self::open`], with the entries sorted by name, in the same bounded memory.
    pub async fn open_sorted(blocks: &Blocks, cid: &Cid, resolve: bool) -> Result<Self, NodeError> {
        let entries = entries(blocks, cid).await?;
        // What is not a directory has at most one name for all of its links.
        let entries = if cid.codec() == Codec::DAG_PB {
            entries.sorted()
        } else {
            entries
        };
        Ok(Self::of(entries, resolve))
    }

    /// As [`Self::open_sorted`], with the types that local blocks tell: no entry is fetched. The size of an entry whose
    /// block is not here, and of a directory, is that of all its blocks, as its link states it.
    pub async fn open_known(blocks: &Blocks, cid: &Cid) -> Result<Self, NodeError> {
        let entries = entries(blocks, cid).await?.sorted();
        Ok(Self {
            entries: ExaminedEntries::new(entries, |blocks, entry| {
                Box::pin(async move { known(&blocks, entry).await })
            }),
        })
    }

    fn of(entries: Entries, resolve: bool) -> Self {
        let look: fn(Blocks, Entry) -> BoxFuture<'static, Result<Listed, NodeError>> = if resolve {
            |blocks, entry| Box::pin(async move { resolved(&blocks, entry).await })
        } else {
            |_, entry| Box::pin(std::future::ready(Ok(plain(entry))))
        };
        Self {
            entries: ExaminedEntries::new(entries, look),
        }
    }

    /// The next entry, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Result<Option<Listed>, NodeError> {
        tokio::task::consume_budget().await;
        self.entries.next().await?.transpose()
    }
}

/// The entries of a directory, or the links of anything else.
pub(crate) async fn entries(blocks: &Blocks, cid: &Cid) -> Result<Entries, NodeError> {
    match cid.codec() {
        Codec::DAG_PB => {
            let links = blocks.get_links(cid).await?;
            let fs = unixfs::of_links(cid, &links)?;
            if fs.kind.is_directory() {
                Entries::of_root(blocks.clone(), cid, links, &fs)
            } else {
                Ok(Entries::of_parts(blocks.clone(), cid, links))
            }
        }
        Codec::RAW => {
            blocks.get(cid).await?;
            Ok(Entries::of_links(
                blocks.clone(),
                cid,
                PackedLinks::default(),
            ))
        }
        _ => {
            let links = PackedLinks::of(blocks.links(cid).await?);
            Ok(Entries::of_links(blocks.clone(), cid, links))
        }
    }
}

/// An entry as far as it is known without reading its block.
fn plain(entry: Entry) -> Listed {
    let raw = entry.cid.codec() == Codec::RAW;
    Listed {
        size: if raw { entry.tree_size } else { 0 },
        kind: if raw {
            EntryType::File
        } else {
            EntryType::Unknown
        },
        name: entry.name,
        cid: entry.cid,
        target: ByteString::new(),
        mode: None,
        mtime: None,
    }
}

/// An entry as far as the local store knows it. What cannot be read there counts as unknown.
async fn known(blocks: &Blocks, entry: Entry) -> Result<Listed, NodeError> {
    let size = entry.tree_size;
    let found = resolved(&blocks.local(), entry.clone()).await;
    let mut listed = found.unwrap_or_else(|_| plain(entry));
    if matches!(listed.kind, EntryType::Unknown | EntryType::Directory) {
        listed.size = size;
    }
    Ok(listed)
}

async fn resolved(blocks: &Blocks, entry: Entry) -> Result<Listed, NodeError> {
    let mut listed = plain(entry);
    if listed.cid.codec() != Codec::DAG_PB {
        return Ok(listed);
    }
    let node = blocks.node(&listed.cid).await?;
    let fs = unixfs::of(&listed.cid, &node)?;
    listed.mode = fs.permissions();
    listed.mtime = fs.valid_mtime();
    listed.size = fs.content_size().unwrap_or_default();
    listed.kind = match fs.kind {
        NodeKind::File | NodeKind::Raw => EntryType::File,
        NodeKind::Directory | NodeKind::HamtShard | NodeKind::Metadata => EntryType::Directory,
        NodeKind::Symlink => EntryType::Symlink,
    };
    if fs.kind == NodeKind::Symlink {
        listed.target = fs.data.as_deref().unwrap_or_default().into();
    }
    Ok(listed)
}
