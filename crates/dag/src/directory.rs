//! Reading directories, in one node or many.

use cairn_primitives::Cid;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::directory::{self, Entry};
use cairn_primitives::unixfs::hamt::{Lookup, ShardNode, Step, Visit, Walk};
use cairn_primitives::unixfs::{Kind, ReadError, UnixFs};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;

use crate::error::NodeError;
use crate::fetch::{AHEAD, Ahead, Blocks, decode_node};
use crate::unixfs;

/// The entries of a directory, one after the other: those of one node in its order, those of a HAMT in the order of their
/// hashes. Holds one node of the directory a level, so that a directory of any size streams.
#[derive(Debug)]
pub struct Entries {
    blocks: Blocks,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Basic(std::vec::IntoIter<Entry>),
    Hamt {
        walk: Box<Walk>,
        /// The shard that is to be fetched and entered next.
        wanted: Option<Cid>,
        /// Shards that are asked for, one list a level, in the order in which the walk will want them.
        ahead: Vec<Ahead<()>>,
    },
}

impl Entries {
    /// Opens a directory.
    ///
    /// # Errors
    /// [`NodeError::UnixFs`] for what is no directory.
    pub async fn open(blocks: &Blocks, cid: &Cid) -> Result<Self, NodeError> {
        let node = blocks.node(cid).await?;
        let fs = unixfs::of(cid, &node)?;
        Self::of_node(blocks.clone(), cid, node, &fs)
    }

    /// Opens the directory whose root node is at hand.
    pub(crate) fn of_node(
        blocks: Blocks,
        cid: &Cid,
        node: dag_pb::Node,
        fs: &UnixFs,
    ) -> Result<Self, NodeError> {
        let unreadable = |error| unixfs::unreadable(cid, error);
        let inner = match fs.kind {
            Kind::HamtShard => {
                let root = ShardNode::new(fs, node.links).map_err(unreadable)?;
                let ahead = vec![shards_ahead(&blocks, &root)];
                Inner::Hamt {
                    walk: Box::new(Walk::new(root)),
                    wanted: None,
                    ahead,
                }
            }
            Kind::Directory => {
                Inner::Basic(directory::read(&node).map_err(unreadable)?.into_iter())
            }
            found => {
                return Err(unreadable(ReadError::Kind {
                    expected: "Directory",
                    found,
                }));
            }
        };
        Ok(Self { blocks, inner })
    }

    /// Entries that are at hand.
    pub(crate) fn of_list(blocks: Blocks, entries: Vec<Entry>) -> Self {
        Self {
            blocks,
            inner: Inner::Basic(entries.into_iter()),
        }
    }

    /// The next entry, or `None` at the end. Names may be anything: who writes them to a disk checks them. Cancel safe.
    pub async fn next(&mut self) -> Result<Option<Entry>, NodeError> {
        let (walk, wanted, ahead) = match &mut self.inner {
            Inner::Basic(entries) => return Ok(entries.next()),
            Inner::Hamt {
                walk,
                wanted,
                ahead,
            } => (walk, wanted, ahead),
        };
        loop {
            if let Some(cid) = wanted.clone() {
                // The levels of the walk that are at their end have left theirs here.
                while ahead.last_mut().is_some_and(Ahead::is_done) {
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
                let node = decode_node(&cid, &data)?;
                let shard =
                    ShardNode::decode(&node).map_err(|error| unixfs::unreadable(&cid, error))?;
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

/// Entries in order, each with what is found out about it. With a source behind the store, [`AHEAD`] are looked at at a
/// time; without one, one.
pub(crate) struct Looked<T> {
    entries: Entries,
    look: fn(Blocks, Entry) -> BoxFuture<'static, T>,
    running: FuturesOrdered<BoxFuture<'static, T>>,
}

impl<T: Send + 'static> Looked<T> {
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

impl<T> std::fmt::Debug for Looked<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looked")
            .field("entries", &self.entries)
            .field("running", &self.running.len())
            .finish()
    }
}

fn shards_ahead(blocks: &Blocks, shard: &ShardNode) -> Ahead<()> {
    Ahead::new(
        blocks.clone(),
        shard.shards().map(|cid| (cid.clone(), ())).collect(),
    )
}

/// Finds a name in a directory whose root node is at hand.
pub(crate) async fn lookup(
    blocks: &Blocks,
    cid: &Cid,
    node: dag_pb::Node,
    fs: UnixFs,
    name: &[u8],
) -> Result<Option<Cid>, NodeError> {
    if fs.kind != Kind::HamtShard {
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
            }
        }
    }
}
