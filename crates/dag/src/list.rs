//! What a directory holds, as `ls` tells it.

use cairn_primitives::unixfs::directory::Entry;
use cairn_primitives::unixfs::{Kind, Mtime};
use cairn_primitives::{Cid, Codec};

use crate::directory::Entries;
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
    pub name: String,
    /// Its root.
    pub cid: Cid,
    /// Bytes of content of a file, length of a link's target, 0 otherwise.
    pub size: u64,
    /// What it is.
    pub kind: EntryType,
    /// Target of a symbolic link, empty otherwise.
    pub target: String,
    /// Permissions, if any are recorded.
    pub mode: Option<u32>,
    /// Time of modification, if one is recorded.
    pub mtime: Option<Mtime>,
}

/// Lists the entries of a directory, or the links of anything else: the parts of a file, the links of a value.
#[derive(Debug)]
pub struct Lister {
    blocks: Blocks,
    resolve: bool,
    source: Source,
    /// The entry whose block is being looked at. Kept here so that a dropped [`Lister::next`] loses nothing.
    current: Option<Entry>,
}

#[derive(Debug)]
enum Source {
    Directory(Entries),
    Links(std::vec::IntoIter<Entry>),
}

impl Lister {
    /// Opens what a CID holds. With `resolve`, the block of each dag-pb entry is read to tell what the entry is; that is
    /// what Kubo's options `size` and `resolve-type` ask for, either of them.
    pub async fn open(blocks: &Blocks, cid: &Cid, resolve: bool) -> Result<Self, NodeError> {
        let source = match cid.codec() {
            Codec::DAG_PB => {
                let data = blocks.get(cid).await?;
                let node = decode_node(cid, &data)?;
                let fs = unixfs::of(cid, &node)?;
                if fs.kind.is_directory() {
                    Source::Directory(Entries::of_node(blocks.clone(), cid, node, &fs)?)
                } else {
                    let entry = |link: cairn_primitives::codec::dag_pb::Link| Entry {
                        name: link.name.unwrap_or_default(),
                        cid: link.cid,
                        tree_size: link.size.unwrap_or_default(),
                    };
                    Source::Links(node.links.into_iter().map(entry).collect::<Vec<_>>().into_iter())
                }
            }
            Codec::RAW => {
                blocks.get(cid).await?;
                Source::Links(Vec::new().into_iter())
            }
            _ => {
                let links = blocks.links(cid).await?;
                let entry = |cid: &Cid| Entry { name: String::new(), cid: cid.clone(), tree_size: 0 };
                Source::Links(links.iter().map(entry).collect::<Vec<_>>().into_iter())
            }
        };
        Ok(Self { blocks: blocks.clone(), resolve, source, current: None })
    }

    /// The next entry, or `None` at the end. Cancel safe.
    pub async fn next(&mut self) -> Result<Option<Listed>, NodeError> {
        tokio::task::consume_budget().await;
        if self.current.is_none() {
            self.current = match &mut self.source {
                Source::Directory(entries) => entries.next().await?,
                Source::Links(links) => links.next(),
            };
        }
        let Some(entry) = &self.current else { return Ok(None) };
        let mut listed = Listed {
            name: entry.name.clone(),
            cid: entry.cid.clone(),
            size: 0,
            kind: EntryType::Unknown,
            target: String::new(),
            mode: None,
            mtime: None,
        };
        match entry.cid.codec() {
            Codec::RAW => {
                listed.kind = EntryType::File;
                listed.size = entry.tree_size;
            }
            Codec::DAG_PB if self.resolve => {
                let node = self.blocks.node(&listed.cid).await?;
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
                    listed.target = String::from_utf8_lossy(fs.data.as_deref().unwrap_or_default()).into_owned();
                }
            }
            _ => {}
        }
        self.current = None;
        Ok(Some(listed))
    }
}
