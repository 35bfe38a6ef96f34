//! What a directory holds, as `ls` tells it.

use cairn_primitives::ByteString;
use cairn_primitives::codec::dag_pb::Link;
use cairn_primitives::unixfs::directory::Entry;
use cairn_primitives::unixfs::{Kind, Mtime};
use cairn_primitives::{Cid, Codec};
use futures_util::future::BoxFuture;

use crate::directory::{Entries, Looked};
use crate::error::NodeError;
use crate::fetch::{Blocks, decode_node};
use crate::unixfs;

/// What an entry is, by the numbers of the UnixFS format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum EntryType {
    /// Not looked at, or not UnixFS.
    #[default]
    Unknown = 0,
    /// A directory of either form.
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
    /// Permissions, if any are recorded.
    pub mode: Option<u32>,
    /// Time of modification, if one is recorded.
    pub mtime: Option<Mtime>,
}

/// Lists the entries of a directory, or the links of anything else: the parts of a file, the links of a value.
#[derive(Debug)]
pub struct Lister {
    entries: Looked<Result<Listed, NodeError>>,
}

impl Lister {
    /// Opens what a CID holds. With `resolve`, the block of each dag-pb entry is read to tell what the entry is; that is
    /// what Kubo's options `size` and `resolve-type` ask for, either of them.
    pub async fn open(blocks: &Blocks, cid: &Cid, resolve: bool) -> Result<Self, NodeError> {
        let entries = match cid.codec() {
            Codec::DAG_PB => {
                let data = blocks.get(cid).await?;
                let node = decode_node(cid, &data)?;
                let fs = unixfs::of(cid, &node)?;
                if fs.kind.is_directory() {
                    Entries::of_node(blocks.clone(), cid, node, &fs)?
                } else {
                    let entry = |link: Link| Entry {
                        name: link.name.unwrap_or_default(),
                        cid: link.cid,
                        tree_size: link.size.unwrap_or_default(),
                    };
                    Entries::of_list(blocks.clone(), node.links.into_iter().map(entry).collect())
                }
            }
            Codec::RAW => {
                blocks.get(cid).await?;
                Entries::of_list(blocks.clone(), Vec::new())
            }
            _ => {
                let links = blocks.links(cid).await?;
                let entry = |cid: &Cid| Entry {
                    name: ByteString::new(),
                    cid: cid.clone(),
                    tree_size: 0,
                };
                Entries::of_list(blocks.clone(), links.iter().map(entry).collect())
            }
        };
        let look: fn(Blocks, Entry) -> BoxFuture<'static, Result<Listed, NodeError>> = if resolve {
            |blocks, entry| Box::pin(async move { resolved(&blocks, entry).await })
        } else {
            |_, entry| Box::pin(std::future::ready(Ok(plain(entry))))
        };
        Ok(Self {
            entries: Looked::new(entries, look),
        })
    }

    /// The next entry, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Result<Option<Listed>, NodeError> {
        tokio::task::consume_budget().await;
        self.entries.next().await?.transpose()
    }
}

/// What an entry tells without its block being read.
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
        Kind::File | Kind::Raw => EntryType::File,
        Kind::Directory | Kind::HamtShard | Kind::Metadata => EntryType::Directory,
        Kind::Symlink => EntryType::Symlink,
    };
    if fs.kind == Kind::Symlink {
        listed.target = fs.data.as_deref().unwrap_or_default().into();
    }
    Ok(listed)
}
