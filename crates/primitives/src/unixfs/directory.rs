//! Directories: basic while they are small, otherwise a HAMT.

use bytes::Bytes;

use super::hamt::{self, HamtBuilder};
use super::{BuildError, Built, CidMaker, Mtime, NodeKind, ReadError, UnixFs};
use crate::block::Block;
use crate::bytestring::ByteString;
use crate::cid::{Cid, Codec};
use crate::codec::dag_pb::{self, Link};
use crate::varint;

/// Estimated size in bytes above which a directory becomes a HAMT.
pub const DEFAULT_THRESHOLD: u64 = 256 << 10;

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name. Never empty when built; may be any bytes when read.
    pub name: ByteString,
    /// The CID of the entry.
    pub cid: Cid,
    /// Bytes of all blocks below, [`Built::tree_size`].
    pub tree_size: u64,
}

impl Entry {
    pub(super) fn from_link(link: &Link, name: &[u8]) -> Self {
        Self {
            name: name.into(),
            cid: link.cid.clone(),
            tree_size: link.size.unwrap_or(0),
        }
    }

    pub(super) fn into_link(self, name: ByteString) -> Link {
        Link {
            cid: self.cid,
            name: Some(name),
            size: Some(self.tree_size),
        }
    }
}

/// How the size of a directory is estimated (`Import.UnixFSHAMTDirectorySizeEstimation`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SizeEstimation {
    /// Bytes of names and CIDs: Kubo's default.
    #[default]
    Links,
    /// Bytes of the one block that the directory would be.
    Block,
    /// Not at all: only the count of links decides.
    Disabled,
}

/// When a directory becomes a HAMT, and the form of that HAMT. The default is Kubo's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharding {
    /// Maximum number of links of a directory in one node; 0 for no limit.
    pub max_links: usize,
    /// Slots of a HAMT's nodes: a power of two and a multiple of 8, at most [`hamt::MAX_FANOUT`].
    pub fanout: usize,
    /// Estimated size in bytes above which a directory becomes a HAMT; 0 turns HAMTs off.
    pub threshold: u64,
    /// How the size is estimated.
    pub estimation: SizeEstimation,
}

impl Default for Sharding {
    fn default() -> Self {
        Self {
            max_links: 0,
            fanout: hamt::DEFAULT_FANOUT,
            threshold: DEFAULT_THRESHOLD,
            estimation: SizeEstimation::Links,
        }
    }
}

/// How directories are built.
#[derive(Clone, Debug)]
pub struct DirectoryParams {
    /// How blocks are named.
    pub cid: CidMaker,
    /// When a directory becomes a HAMT.
    pub sharding: Sharding,
    /// Permissions.
    pub mode: Option<u32>,
    /// Time of modification.
    pub mtime: Option<Mtime>,
}

impl DirectoryParams {
    /// Kubo's defaults, no attributes.
    #[must_use]
    pub fn new(cid: CidMaker) -> Self {
        Self {
            cid,
            sharding: Sharding::default(),
            mode: None,
            mtime: None,
        }
    }

    /// The UnixFS part of the directory's root.
    fn root(&self, kind: NodeKind) -> UnixFs {
        let mut root = UnixFs::new(kind);
        root.set_attributes(self.mode, self.mtime);
        root
    }

    /// What an entry adds to the estimated size.
    fn link_size(&self, entry: &Entry) -> u64 {
        self.sharding
            .estimation
            .entry_size(&entry.name, &entry.cid, entry.tree_size)
    }

    /// The estimated size of an empty directory.
    fn empty_size(&self) -> u64 {
        self.sharding
            .estimation
            .empty_size(&self.root(NodeKind::Directory))
    }
}

impl SizeEstimation {
    /// What an entry adds to the estimated size of its directory, in bytes.
    #[must_use]
    pub fn entry_size(self, name: &[u8], cid: &Cid, tree_size: u64) -> u64 {
        let cid = cid.encoded_len();
        let size = match self {
            Self::Links => name.len() + cid,
            Self::Block => {
                field_len(field_len(cid) + field_len(name.len()) + 1 + varint::len(tree_size))
            }
            Self::Disabled => 0,
        };
        size as u64
    }

    /// The estimated size of a directory in one node without entries, in bytes.
    #[must_use]
    pub fn empty_size(self, root: &UnixFs) -> u64 {
        match self {
            Self::Block => field_len(root.encoded_len()) as u64,
            Self::Links | Self::Disabled => 0,
        }
    }
}

/// Bytes of a field whose payload has a length, its one-byte tag included.
fn field_len(payload: usize) -> usize {
    1 + varint::len(payload as u64) + payload
}

/// Builds a directory.
///
/// Holds all entries, about 150 bytes each, since any of them may decide on the directory's form.
#[derive(Debug)]
pub struct DirectoryBuilder {
    params: DirectoryParams,
    entries: Vec<Entry>,
}

impl DirectoryBuilder {
    /// An empty directory.
    pub fn new(params: DirectoryParams) -> Result<Self, BuildError> {
        if !hamt::is_fanout(params.sharding.fanout) {
            return Err(BuildError::Fanout(params.sharding.fanout));
        }
        Ok(Self {
            params,
            entries: Vec::new(),
        })
    }

    /// Adds an entry, in any order. Of two entries with the same name the later one counts.
    pub fn add(&mut self, entry: Entry) -> Result<(), BuildError> {
        if entry.name.is_empty() {
            return Err(BuildError::NoName);
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Passes on the blocks of the directory, the root last.
    pub fn finish(self, sink: &mut dyn FnMut(Block)) -> Result<Built, BuildError> {
        let Self {
            params,
            mut entries,
        } = self;
        keep_last_of_name(&mut entries);
        if is_sharded(&params, &entries)? {
            let root = params.root(NodeKind::HamtShard);
            let mut builder = HamtBuilder::new(params.cid, params.sharding.fanout)?;
            for entry in entries {
                builder.add(entry)?;
            }
            return builder.finish(root, sink);
        }
        let mut tree_size = 0u64;
        let links = entries
            .into_iter()
            .map(|mut entry| {
                tree_size = tree_size.saturating_add(entry.tree_size);
                let name = std::mem::take(&mut entry.name);
                entry.into_link(name)
            })
            .collect();
        let node = dag_pb::Node {
            links,
            data: Some(params.root(NodeKind::Directory).encode()),
        };
        let data = Bytes::from(node.encode());
        let cid = params.cid.make(Codec::DAG_PB, &data)?;
        let built = Built {
            cid: cid.clone(),
            file_size: 0,
            tree_size: tree_size.saturating_add(data.len() as u64),
        };
        sink(Block::new(cid, data));
        Ok(built)
    }
}

/// Sorts by name and drops all entries of a name but the last that was added.
fn keep_last_of_name(entries: &mut Vec<Entry>) {
    if entries.is_sorted_by(|a, b| a.name < b.name) {
        return;
    }
    // The sort is stable: the last of a name stays the last.
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.dedup_by(|later, kept| {
        let same = later.name == kept.name;
        if same {
            std::mem::swap(later, kept);
        }
        same
    });
}

/// Whether a directory of these entries is a HAMT. At the threshold it is not yet one.
fn is_sharded(params: &DirectoryParams, entries: &[Entry]) -> Result<bool, BuildError> {
    let rules = &params.sharding;
    let too_many = rules.max_links > 0 && entries.len() > rules.max_links;
    if rules.threshold == 0 {
        return if too_many {
            Err(BuildError::TooManyLinks)
        } else {
            Ok(false)
        };
    }
    if too_many || rules.estimation == SizeEstimation::Disabled {
        return Ok(too_many);
    }
    let links: u64 = entries.iter().map(|entry| params.link_size(entry)).sum();
    // An empty directory is never sharded, however low the threshold.
    Ok(!entries.is_empty() && params.empty_size() + links > rules.threshold)
}

/// The entries of a directory in one node, in the order of the block.
pub fn read(node: &dag_pb::Node) -> Result<Vec<Entry>, ReadError> {
    match UnixFs::of(node)?.kind {
        NodeKind::Directory => Ok(entries(node)),
        found => Err(ReadError::Kind {
            expected: "Directory",
            found,
        }),
    }
}

fn entries(node: &dag_pb::Node) -> Vec<Entry> {
    node.links
        .iter()
        .map(|link| Entry::from_link(link, link.name.as_deref().unwrap_or_default()))
        .collect()
}

/// The link of a name in a directory in one node: the first, where a hostile node has several.
#[must_use]
pub fn lookup(node: &dag_pb::Node, name: impl AsRef<[u8]>) -> Option<&Link> {
    let name = name.as_ref();
    node.links
        .iter()
        .find(|link| link.name.as_deref().unwrap_or_default() == name)
}

#[cfg(test)]
mod tests;
