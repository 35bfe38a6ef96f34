//! Changes an entry of a basic or sharded directory.

use cairn_primitives::codec::dag_pb::{self, Link};
use cairn_primitives::unixfs::directory::{Entry, SizeEstimation};
use cairn_primitives::unixfs::hamt::HamtBuilder;
use cairn_primitives::unixfs::{BuildError, CidMaker, NodeKind, UnixFs};
use cairn_primitives::{Block, Cid};

use super::MfsError;
use super::editor::{Editor, FsNode, MfsNode, NodeLink};
use crate::error::NodeError;

/// What becomes of a name.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// It names this, whatever it named before.
    Set(NodeLink),
    /// It names this, and it must not have named anything before.
    Insert(NodeLink),
    /// It names nothing, and it must have named something before.
    Remove,
}

impl Change {
    fn made(&self) -> Option<&NodeLink> {
        match self {
            Self::Set(made) | Self::Insert(made) => Some(made),
            Self::Remove => None,
        }
    }
}

/// How a change of an entry failed, apart from blocks: the caller knows the path.
#[derive(Debug)]
pub(super) enum EntryError {
    /// [`Change::Insert`] of a name that is there.
    Exists,
    /// [`Change::Remove`] of a name that is not.
    Absent,
    /// Anything else.
    Failed(MfsError),
}

impl<E: Into<MfsError>> From<E> for EntryError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// By how many bytes of names and CIDs a sharded directory has grown since it was opened, as Kubo counts: it checks
/// whether a shard has become small enough for one node only once this is below zero.
pub(super) type Growth = i64;

impl Editor<'_> {
    /// Changes an entry of a directory, and answers with the new directory.
    pub(super) async fn change(
        &self,
        cid: &Cid,
        directory: FsNode,
        maker: &CidMaker,
        name: &[u8],
        change: &Change,
        growth: &mut Growth,
    ) -> Result<NodeLink, EntryError> {
        if directory.fs.kind == NodeKind::HamtShard {
            self.change_shard(cid, directory, maker, name, change, growth)
                .await
        } else {
            self.change_basic(directory, maker, name, change, growth)
                .await
        }
    }

    async fn change_basic(
        &self,
        directory: FsNode,
        maker: &CidMaker,
        name: &[u8],
        change: &Change,
        growth: &mut Growth,
    ) -> Result<NodeLink, EntryError> {
        let FsNode { mut node, fs } = directory;
        let named = |link: &Link| link.name.as_deref().unwrap_or_default() == name;
        let old = node.links.iter().find(|link| named(link)).cloned();
        let Some(made) = allowed(change, old.is_some())? else {
            node.links.retain(|link| !named(link));
            return Ok(self.put(maker, &node).await?);
        };
        let sharded = self.outgrows(&node, &fs, old.as_ref(), name, made)?;
        node.links.retain(|link| !named(link));
        let at = node
            .links
            .partition_point(|link| link.name.as_deref().unwrap_or_default() <= name);
        let link = Link {
            cid: made.cid.clone(),
            name: Some(name.into()),
            size: Some(made.tree_size),
        };
        node.links.insert(at, link);
        if !sharded {
            return Ok(self.put(maker, &node).await?);
        }
        let links = SizeEstimation::Links;
        *growth = signed(links.entry_size(name, &made.cid, made.tree_size))
            - old.map_or(0, |old| {
                signed(links.entry_size(name, &old.cid, 0))
                    + signed(digits(self.sharding.fanout) as u64)
            });
        let mut builder = HamtBuilder::new(maker.clone(), self.sharding.fanout)?;
        for link in node.links {
            builder.add(Entry {
                name: link.name.unwrap_or_default(),
                cid: link.cid,
                tree_size: link.size.unwrap_or(0),
            })?;
        }
        let mut root = UnixFs::new(NodeKind::HamtShard);
        root.set_attributes(fs.permissions(), fs.valid_mtime());
        let mut blocks: Vec<Block> = Vec::new();
        let built = builder.finish(root, &mut |block| blocks.push(block))?;
        self.write(blocks).await?;
        Ok(NodeLink {
            cid: built.cid,
            tree_size: built.tree_size,
        })
    }

    /// Whether a directory in one node becomes a HAMT by a new entry.
    fn outgrows(
        &self,
        node: &dag_pb::Node,
        fs: &UnixFs,
        old: Option<&Link>,
        name: &[u8],
        made: &NodeLink,
    ) -> Result<bool, BuildError> {
        let rules = self.sharding;
        let too_many =
            old.is_none() && rules.max_links > 0 && node.links.len() + 1 > rules.max_links;
        if rules.threshold == 0 {
            return if too_many {
                Err(BuildError::TooManyLinks)
            } else {
                Ok(false)
            };
        }
        let link_size = |link: &Link| {
            rules.estimation.entry_size(
                link.name.as_deref().unwrap_or_default(),
                &link.cid,
                link.size.unwrap_or(0),
            )
        };
        if too_many || rules.estimation == SizeEstimation::Disabled {
            return Ok(too_many);
        }
        let size = rules.estimation.empty_size(fs)
            + node.links.iter().map(link_size).sum::<u64>()
            + rules.estimation.entry_size(name, &made.cid, made.tree_size);
        Ok(size - old.map_or(0, link_size) > rules.threshold)
    }

    /// What a name leads to in a directory.
    pub(super) async fn child(
        &self,
        cid: &Cid,
        directory: FsNode,
        name: &[u8],
    ) -> Result<Option<Cid>, NodeError> {
        crate::directory::lookup(&self.blocks, cid, directory.node, directory.fs, name).await
    }

    /// A directory's node, or `None` for anything else.
    pub(super) async fn directory(&self, cid: &Cid) -> Result<Option<FsNode>, MfsError> {
        match self.load(cid).await?.0 {
            MfsNode::Node(node) if node.fs.kind.is_directory() => Ok(Some(node)),
            _ => Ok(None),
        }
    }
}

/// What a name is to lead to; refuses a change that does not fit what is there.
pub(super) fn allowed(change: &Change, exists: bool) -> Result<Option<&NodeLink>, EntryError> {
    match change {
        Change::Insert(_) if exists => Err(EntryError::Exists),
        Change::Remove if !exists => Err(EntryError::Absent),
        change => Ok(change.made()),
    }
}

/// How many hexadecimal digits number the slots of a HAMT's nodes.
pub(super) fn digits(fanout: usize) -> usize {
    let highest = fanout.saturating_sub(1).checked_ilog2().unwrap_or(0);
    usize::try_from(highest / 4).unwrap_or(0) + 1
}

pub(super) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX / 4)
}
