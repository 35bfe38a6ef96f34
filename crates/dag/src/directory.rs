//! Reads directories, basic or sharded.

use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::directory::{self, Entry};
use cairn_primitives::unixfs::hamt::{Lookup, ShardNode, Step, Visit, Walk};
use cairn_primitives::unixfs::{NodeKind, ReadError, UnixFs};
use cairn_primitives::{ByteString, Cid};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;

use crate::error::NodeError;
use crate::fetch::{AHEAD, Blocks, ReadAhead, decode_links};
use crate::unixfs;
use crate::walk::PackedLinks;

mod sorted;

use self::sorted::Sorted;

/// Streams the entries of a directory: those of a basic directory in their order, those of a HAMT in hash order.
/// Holds the block of a basic directory, or one node per level of a HAMT, so directories of any size can be streamed.
#[derive(Debug)]
pub struct Entries {
    blocks: Blocks,
    cid: Cid,
    inner: Inner,
}

/// A directory that can be opened again.
#[derive(Debug)]
pub(crate) struct Directory {
    blocks: Blocks,
    cid: Cid,
}

impl Directory {
    pub(crate) async fn open(&self) -> Result<Entries, NodeError> {
        Entries::open(&self.blocks, &self.cid).await
    }
}

#[derive(Debug)]
enum Inner {
    Basic(dag_pb::Links),
    /// The links of a node that is not a directory.
    Links(PackedLinks),
    Sorted(Box<Sorted>),
    Hamt {
        walk: Box<Walk>,
        /// The shard that is to be fetched and entered next.
        wanted: Option<Cid>,
        /// Shards that are asked for, one list a level, in the order in which the walk will want them.
        ahead: Vec<ReadAhead<()>>,
        /// Bytes of the shards that are open, by level.
        held: Vec<usize>,
    },
}

/// Bytes of shards that one HAMT may have open, outer levels and all: what real ones have is a few hundred KiB.
const MAX_OPEN_SHARDS: usize = 16 << 20;

impl Entries {
    /// Opens a directory.
    ///
    /// # Errors
    /// [`NodeError::UnixFs`] for what is not a directory.
    pub async fn open(blocks: &Blocks, cid: &Cid) -> Result<Self, NodeError> {
        let data = blocks.get(cid).await?;
        let links = decode_links(cid, data)?;
        let fs = unixfs::of_links(cid, &links)?;
        Self::of_root(blocks.clone(), cid, links, &fs)
    }

    /// Opens a directory from its decoded root node.
    pub(crate) fn of_node(
        blocks: Blocks,
        cid: &Cid,
        node: &dag_pb::Node,
        fs: &UnixFs,
    ) -> Result<Self, NodeError> {
        let links = decode_links(cid, node.encode().into())?;
        Self::of_root(blocks, cid, links, fs)
    }

    /// Opens a directory from its root block.
    pub(crate) fn of_root(
        blocks: Blocks,
        cid: &Cid,
        links: dag_pb::Links,
        fs: &UnixFs,
    ) -> Result<Self, NodeError> {
        let unreadable = |error| unixfs::unreadable(cid, error);
        let inner = match fs.kind {
            NodeKind::HamtShard => {
                let size = links.block_len();
                let root = ShardNode::new(fs, links.collect()).map_err(unreadable)?;
                let ahead = vec![shards_ahead(&blocks, &root)];
                Inner::Hamt {
                    walk: Box::new(Walk::new(root)),
                    wanted: None,
                    ahead,
                    held: vec![size],
                }
            }
            NodeKind::Directory => Inner::Basic(links),
            found => {
                return Err(unreadable(ReadError::Kind {
                    expected: "Directory",
                    found,
                }));
            }
        };
        Ok(Self {
            blocks,
            cid: cid.clone(),
            inner,
        })
    }

    /// The links of a dag-pb node that is not a directory.
    pub(crate) fn of_parts(blocks: Blocks, cid: &Cid, links: dag_pb::Links) -> Self {
        Self {
            blocks,
            cid: cid.clone(),
            inner: Inner::Basic(links),
        }
    }

    /// The links of a node of another codec.
    pub(crate) fn of_links(blocks: Blocks, cid: &Cid, links: PackedLinks) -> Self {
        Self {
            blocks,
            cid: cid.clone(),
            inner: Inner::Links(links),
        }
    }

    /// The same entries sorted by name; entries with the same name keep their order. Memory stays bounded: a very large
    /// directory is read several times.
    #[must_use]
    pub fn sorted(self) -> Self {
        Self {
            blocks: self.blocks.clone(),
            cid: self.cid.clone(),
            inner: Inner::Sorted(Box::new(Sorted::new(self))),
        }
    }

    /// The directory or other node.
    pub(crate) fn directory(&self) -> Directory {
        Directory {
            blocks: self.blocks.clone(),
            cid: self.cid.clone(),
        }
    }

    /// Whether names may repeat: not in sorted directories, and not in a HAMT.
    pub(crate) fn may_repeat(&self) -> bool {
        match &self.inner {
            Inner::Basic(links) => {
                let mut names = links.clone().map(|link| link.name.unwrap_or_default());
                !names.by_ref().is_sorted_by(|one, next| one < next)
            }
            Inner::Links(_) | Inner::Sorted(_) => true,
            Inner::Hamt { .. } => false,
        }
    }

    /// Approximate memory use, in bytes.
    pub(crate) fn held(&self) -> usize {
        size_of::<Self>()
            + match &self.inner {
                Inner::Basic(links) => links.block_len(),
                Inner::Links(links) => links.held(),
                Inner::Sorted(sorted) => sorted.held(),
                Inner::Hamt { held, .. } => held.iter().sum(),
            }
    }

    /// The next entry, or `None` at the end. Names are untrusted: check them before writing them to a disk. Cancel
    /// safe.
    pub async fn next(&mut self) -> Result<Option<Entry>, NodeError> {
        let (walk, wanted, ahead, held) = match &mut self.inner {
            Inner::Basic(links) => {
                return Ok(links.next().map(|link| Entry {
                    name: link.name.unwrap_or_default(),
                    cid: link.cid,
                    tree_size: link.size.unwrap_or_default(),
                }));
            }
            Inner::Links(links) => {
                return Ok(links.next().map(|cid| Entry {
                    name: ByteString::new(),
                    cid,
                    tree_size: 0,
                }));
            }
            Inner::Sorted(sorted) => return Box::pin(sorted.next()).await,
            Inner::Hamt {
                walk,
                wanted,
                ahead,
                held,
            } => (walk, wanted, ahead, held),
        };
        loop {
            if let Some(cid) = wanted.clone() {
                // The levels of the walk that are at their end have left theirs here.
                while ahead.last_mut().is_some_and(ReadAhead::is_done) {
                    ahead.pop();
                }
                let data = match ahead.last_mut() {
                    Some(level) => match level.next(|_| true).await {
                        Some((found, (), data)) if found == cid => data?,
                        _ => self.blocks.get(&cid).await?,
                    },
                    None => self.blocks.get(&cid).await?,
                };
                *wanted = None;
                held.truncate(walk.depth());
                held.push(data.len());
                if held.iter().sum::<usize>() > MAX_OPEN_SHARDS {
                    return Err(NodeError::TooMuchOpen { cid });
                }
                let links = decode_links(&cid, data)?;
                let fs = unixfs::of_links(&cid, &links)?;
                let shard = ShardNode::new(&fs, links.collect())
                    .map_err(|error| unixfs::unreadable(&cid, error))?;
                ahead.push(shards_ahead(&self.blocks, &shard));
                walk.enter(shard)
                    .map_err(|error| unixfs::unreadable(&cid, error))?;
            }
            match walk.step().map_err(NodeError::Directory)? {
                None => return Ok(None),
                Some(Visit::Entry(entry)) => return Ok(Some(entry)),
                Some(Visit::Shard(cid)) => *wanted = Some(cid),
            }
        }
    }
}

/// Entries in order, each with the result of examining its block. If peers may be asked, [`AHEAD`] are examined at a
/// time, otherwise one.
pub(crate) struct ExaminedEntries<T> {
    entries: Entries,
    look: fn(Blocks, Entry) -> BoxFuture<'static, T>,
    running: FuturesOrdered<BoxFuture<'static, T>>,
}

impl<T: Send + 'static> ExaminedEntries<T> {
    pub(crate) fn new(entries: Entries, look: fn(Blocks, Entry) -> BoxFuture<'static, T>) -> Self {
        Self {
            entries,
            look,
            running: FuturesOrdered::new(),
        }
    }

    /// The next result, or `None` at the end. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<T>, NodeError> {
        let most = if self.entries.blocks.is_offline() {
            1
        } else {
            AHEAD
        };
        while self.running.len() < most
            && let Some(entry) = self.entries.next().await?
        {
            self.running
                .push_back((self.look)(self.entries.blocks.clone(), entry));
        }
        Ok(self.running.next().await)
    }
}

impl<T> std::fmt::Debug for ExaminedEntries<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looked")
            .field("entries", &self.entries)
            .field("running", &self.running.len())
            .finish()
    }
}

/// Bytes of shards of one level that are read together: levels add up.
const SHARDS_TOGETHER: usize = 256 << 10;

fn shards_ahead(blocks: &Blocks, shard: &ShardNode) -> ReadAhead<()> {
    ReadAhead::new(
        blocks.clone(),
        shard.shards().map(|cid| (cid.clone(), ())).collect(),
    )
    .at_most(SHARDS_TOGETHER)
}

/// Looks up a name in a directory, given its root node.
pub(crate) async fn lookup(
    blocks: &Blocks,
    cid: &Cid,
    node: dag_pb::Node,
    fs: UnixFs,
    name: &[u8],
) -> Result<Option<Cid>, NodeError> {
    lookup_through(blocks, cid, node, fs, name, &mut Vec::new()).await
}

/// As [`lookup`], and appends the shards below the root that are read.
pub(crate) async fn lookup_through(
    blocks: &Blocks,
    cid: &Cid,
    node: dag_pb::Node,
    fs: UnixFs,
    name: &[u8],
    passed: &mut Vec<Cid>,
) -> Result<Option<Cid>, NodeError> {
    if fs.kind != NodeKind::HamtShard {
        return Ok(directory::lookup(&node, name).map(|link| link.cid.clone()));
    }
    let mut steps = Lookup::new(name);
    let mut shard =
        ShardNode::new(&fs, node.links).map_err(|error| unixfs::unreadable(cid, error))?;
    loop {
        match steps.step(&shard).map_err(NodeError::Directory)? {
            Step::Found(entry) => return Ok(Some(entry.cid)),
            Step::Absent => return Ok(None),
            Step::Descend(below) => {
                let node = blocks.node(&below).await?;
                shard =
                    ShardNode::decode(&node).map_err(|error| unixfs::unreadable(&below, error))?;
                passed.push(below);
            }
        }
    }
}
