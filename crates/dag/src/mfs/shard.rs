//! Changes an entry of a sharded directory (HAMT).

use cairn_primitives::Cid;
use cairn_primitives::codec::dag_pb::{self, Link};
use cairn_primitives::unixfs::directory::{Entry, SizeEstimation};
use cairn_primitives::unixfs::hamt::{self, HashBits, ShardNode, Slot};
use cairn_primitives::unixfs::{CidMaker, NodeKind, ReadError, UnixFs};

use super::MfsError;
use super::directory::{Change, EntryError, Growth, allowed, digits, signed};
use super::editor::{Editor, FsNode, NodeLink};
use crate::directory::Entries;
use crate::error::NodeError;
use crate::unixfs;

impl Editor<'_> {
    pub(super) async fn change_shard(
        &self,
        cid: &Cid,
        directory: FsNode,
        maker: &CidMaker,
        name: &[u8],
        change: &Change,
        growth: &mut Growth,
    ) -> Result<NodeLink, EntryError> {
        let FsNode { node, fs } = directory;
        let root = ShardNode::new(&fs, node.links.clone())
            .map_err(|error| unixfs::unreadable(cid, error))?;
        let way = self.way_to(root, name).await?;
        let old = way.found.clone();
        let new = allowed(change, old.is_some())?;
        // As Kubo counts: the name of an entry that goes has the number of its slot before it, and the one of an entry that
        // comes is left out until it is there.
        let numbered = [vec![b'0'; digits(way.shard.fanout())].as_slice(), name].concat();
        let goes = |estimation: SizeEstimation| {
            old.as_ref().map_or(0, |old| {
                signed(estimation.entry_size(&numbered, &old.cid, old.tree_size))
            })
        };
        let comes = |estimation: SizeEstimation, name: &[u8]| {
            new.map_or(0, |made| {
                signed(estimation.entry_size(name, &made.cid, made.tree_size))
            })
        };
        let by = comes(self.sharding.estimation, b"") - goes(self.sharding.estimation);
        let count = i64::from(new.is_some()) - i64::from(old.is_some());
        if self
            .fits_one_node(cid, &node, &fs, by, count, *growth)
            .await?
        {
            return self.to_basic(cid, node, fs, maker, name, new).await;
        }
        let links = SizeEstimation::Links;
        *growth += comes(links, name) - goes(links);
        let entry = new.map(|made| Entry {
            name: name.into(),
            cid: made.cid.clone(),
            tree_size: made.tree_size,
        });
        self.rewrite(way, maker, entry).await
    }

    /// Goes down to the node in which a name belongs.
    async fn way_to(&self, root: ShardNode, name: &[u8]) -> Result<HamtPath, NodeError> {
        let mut bits = HashBits::new(name);
        let mut above = Vec::new();
        let mut shard = root;
        let mut cid = None;
        loop {
            let slot = bits
                .next(shard.fanout())
                .ok_or(NodeError::Directory(ReadError::TooDeep))?;
            let below = match shard.at(slot) {
                Some(Slot::Shard(link)) => link.cid.clone(),
                other => {
                    let (found, neighbour) = match other {
                        Some(Slot::Entry(entry)) if *entry.name == *name => (Some(entry), None),
                        Some(Slot::Entry(entry)) => (None, Some(entry)),
                        _ => (None, None),
                    };
                    return Ok(HamtPath {
                        above,
                        shard,
                        cid,
                        slot,
                        bits,
                        found,
                        neighbour,
                    });
                }
            };
            above.push((shard, cid.take(), slot));
            let node = self.blocks.node(&below).await?;
            shard = ShardNode::decode(&node).map_err(|error| unixfs::unreadable(&below, error))?;
            cid = Some(below);
        }
    }

    /// Writes the nodes of a way again, with or without the entry at its end.
    async fn rewrite(
        &self,
        way: HamtPath,
        maker: &CidMaker,
        entry: Option<Entry>,
    ) -> Result<NodeLink, EntryError> {
        let HamtPath {
            mut above,
            mut shard,
            mut cid,
            slot,
            bits,
            neighbour,
            ..
        } = way;
        let own = |cid: &Option<Cid>| match cid {
            Some(cid) => CidMaker::like(cid),
            None => Ok(maker.clone()),
        };
        let mut blocks = Vec::new();
        let removed = entry.is_none();
        match (entry, neighbour) {
            (Some(entry), Some(neighbour)) => {
                // New nodes are named as the one above them.
                let fork_maker = own(&cid)?;
                let chain = hamt::fork(&shard, (entry, bits), neighbour)?;
                let mut below: Option<NodeLink> = None;
                for (mut node, child_slot) in chain.into_iter().rev() {
                    if let Some(below) = below.take() {
                        node.set_shard(child_slot, below.cid, below.tree_size);
                    }
                    let (made, block) = super::editor::make(&fork_maker, &node.to_node())?;
                    blocks.push(block);
                    below = Some(made);
                }
                if let Some(below) = below {
                    shard.set_shard(slot, below.cid, below.tree_size);
                }
            }
            (Some(entry), None) => shard.set_entry(slot, entry),
            (None, _) => shard.clear(slot),
        }
        loop {
            let Some((mut parent, parent_cid, slot)) = above.pop() else {
                let (made, block) = super::editor::make(maker, &shard.to_node())?;
                blocks.push(block);
                self.write(blocks).await?;
                return Ok(made);
            };
            if removed && shard.is_empty() {
                parent.clear(slot);
            } else if let Some(last) = shard.only_entry().filter(|_| removed) {
                parent.set_entry(slot, last);
            } else {
                let (made, block) = super::editor::make(&own(&cid)?, &shard.to_node())?;
                blocks.push(block);
                parent.set_shard(slot, made.cid, made.tree_size);
            }
            shard = parent;
            cid = parent_cid;
        }
    }

    /// Whether a HAMT becomes a directory in one node by a change of its size.
    async fn fits_one_node(
        &self,
        cid: &Cid,
        node: &dag_pb::Node,
        fs: &UnixFs,
        by: i64,
        count: i64,
        growth: Growth,
    ) -> Result<bool, MfsError> {
        let rules = self.sharding;
        let by_count = rules.estimation == SizeEstimation::Disabled;
        if rules.threshold == 0
            || (by_count && rules.max_links == 0)
            || (!by_count && growth + by >= 0)
        {
            return Ok(false);
        }
        let mut as_directory = UnixFs::new(NodeKind::Directory);
        as_directory.set_attributes(fs.permissions(), fs.valid_mtime());
        let mut size = signed(rules.estimation.empty_size(&as_directory)) + by;
        let mut links = count;
        let mut entries = Entries::of_node(self.blocks.clone(), cid, node, fs)?;
        while let Some(entry) = entries.next().await? {
            links += 1;
            size += signed(
                rules
                    .estimation
                    .entry_size(&entry.name, &entry.cid, entry.tree_size),
            );
            let too_many = rules.max_links > 0 && links > signed(rules.max_links as u64);
            if too_many || (!by_count && size > signed(rules.threshold)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes one node of a HAMT that has become small.
    async fn to_basic(
        &self,
        cid: &Cid,
        node: dag_pb::Node,
        fs: UnixFs,
        maker: &CidMaker,
        name: &[u8],
        new: Option<&NodeLink>,
    ) -> Result<NodeLink, EntryError> {
        let mut root = UnixFs::new(NodeKind::Directory);
        root.set_attributes(fs.permissions(), fs.valid_mtime());
        let mut links = Vec::new();
        let mut entries = Entries::of_node(self.blocks.clone(), cid, &node, &fs)?;
        while let Some(entry) = entries.next().await? {
            if *entry.name != *name {
                links.push(Link {
                    cid: entry.cid,
                    name: Some(entry.name),
                    size: Some(entry.tree_size),
                });
            }
        }
        links.extend(new.map(|made| Link {
            cid: made.cid.clone(),
            name: Some(name.into()),
            size: Some(made.tree_size),
        }));
        links.sort_by(|a, b| a.name.cmp(&b.name));
        let node = dag_pb::Node {
            links,
            data: Some(root.encode()),
        };
        Ok(self.put(maker, &node).await?)
    }
}

/// The nodes of a HAMT from the root to the one in which a name belongs.
struct HamtPath {
    /// The nodes above, each with its CID unless it is the root, and the slot that leads on.
    above: Vec<(ShardNode, Option<Cid>, usize)>,
    shard: ShardNode,
    cid: Option<Cid>,
    slot: usize,
    /// The bits of the name's hash that are left behind that slot.
    bits: HashBits,
    found: Option<Entry>,
    /// Another name that is in the slot.
    neighbour: Option<Entry>,
}
