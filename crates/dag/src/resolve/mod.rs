//! Resolves paths to blocks and to values inside them.

mod names;
mod trace;
mod value;

use cairn_primitives::ByteString;
use cairn_primitives::codec::CodecError;
use cairn_primitives::path::{ContentPath, Namespace};
use cairn_primitives::quote::Quoted;
use cairn_primitives::unixfs::{NodeKind, UnixFs};
use cairn_primitives::{Cid, Codec};
use cairn_store::names::NameError;

use crate::directory;
use crate::error::NodeError;
use crate::fetch::{Blocks, decode_node};

pub use names::{MAX_NAMES, Named, Validity, follow_names};
pub use trace::{MAX_SYMLINKS, Traced, trace};
pub use value::value;

/// Why a path cannot be resolved.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A name does not exist in its directory or node.
    #[error("no link named {} under {cid}", Quoted(.name))]
    NoLink {
        /// The name.
        name: ByteString,
        /// The block that does not have it.
        cid: Cid,
    },
    /// The last name is not in its map or list.
    #[error("no entry is named {}", Quoted(.0))]
    NoKey(ByteString),
    /// The last name is not an index of a list.
    #[error("{} is not an index of a list", Quoted(.0))]
    NotAnIndex(ByteString),
    /// The last name is below a value without entries.
    #[error("a value of kind {kind} has no entries: expected a map or a list")]
    WrongKind {
        /// Its kind in the data model.
        kind: &'static str,
        /// Whether it is a file of UnixFS, whose value is its bytes.
        file: bool,
    },
    /// A mutable path, which must be resolved first.
    #[error("{} is not immutable: resolve its name first", Quoted(.0))]
    Mutable(ByteString),
    /// A mutable name could not be resolved.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A block on the path could not be read.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// A resolved path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The last block.
    pub cid: Cid,
    /// The rest of the path inside that block; empty if the path is the block itself.
    pub remainder: Vec<ByteString>,
    /// How names are read.
    pub namespace: Namespace,
}

impl Resolved {
    /// The rest of the path as Kubo writes it: `/a/b`, or empty.
    #[must_use]
    pub fn remainder_path(&self) -> ByteString {
        let parts = self
            .remainder
            .iter()
            .flat_map(|name| [&b"/"[..], name.as_bytes()]);
        parts.collect::<Vec<_>>().concat().into()
    }
}

/// Resolves a path to its last block, which is not fetched if the path ends at a link to it.
///
/// In `/ipfs`, dag-pb nodes are directories or at least have named links; in `/ipld` they are maps of `Data` and `Links`.
///
/// # Errors
/// [`ResolveError::Mutable`] for `/ipns`: call [`follow_names`] first.
pub async fn resolve(blocks: &Blocks, path: &ContentPath) -> Result<Resolved, ResolveError> {
    let Some(root) = path.cid() else {
        return Err(ResolveError::Mutable(path.as_bytes().into()));
    };
    let names: Vec<&[u8]> = path.names().collect();
    below(blocks, path.namespace(), root, &names).await
}

/// Follows names below a root, as [`resolve`] does.
pub async fn below(
    blocks: &Blocks,
    namespace: Namespace,
    root: &Cid,
    names: &[&[u8]],
) -> Result<Resolved, ResolveError> {
    let mut cid = root.clone();
    let mut names = names;
    while !names.is_empty() {
        tokio::task::consume_budget().await;
        match step(blocks, namespace, &cid, names, &mut Vec::new()).await? {
            Step::Link { cid: next, used } => {
                cid = next;
                names = names.get(used..).unwrap_or_default();
            }
            Step::Inside => break,
            // The RPC does not follow symbolic links, as Kubo's does not.
            Step::Symlink(_) => {
                return Err(ResolveError::NoLink {
                    name: names.first().copied().unwrap_or_default().into(),
                    cid,
                });
            }
        }
    }
    Ok(Resolved {
        cid,
        remainder: names.iter().map(|name| (*name).into()).collect(),
        namespace,
    })
}

/// Where names led within one block.
enum Step {
    /// To another block, by so many names.
    Link { cid: Cid, used: usize },
    /// To a value in this one, by all of them.
    Inside,
    /// To this target: the block is a symbolic link, and names follow.
    Symlink(ByteString),
}

/// Follows names within one block, and appends the shards of its directory that are read.
async fn step(
    blocks: &Blocks,
    namespace: Namespace,
    cid: &Cid,
    names: &[&[u8]],
    passed: &mut Vec<Cid>,
) -> Result<Step, ResolveError> {
    if namespace != Namespace::Ipld && cid.codec() == Codec::DAG_PB {
        // Boxed: most paths are a CID alone, and the future that resolves them is a part of many others.
        return Box::pin(in_unixfs(blocks, cid, names, passed)).await;
    }
    let data = blocks.get(cid).await.map_err(NodeError::from)?;
    let value = value::decode(cid, &data)?;
    value::follow(cid, &value, names)
}

async fn in_unixfs(
    blocks: &Blocks,
    cid: &Cid,
    names: &[&[u8]],
    passed: &mut Vec<Cid>,
) -> Result<Step, ResolveError> {
    let Some((name, rest)) = names.split_first() else {
        return Ok(Step::Inside);
    };
    let data = blocks.get(cid).await.map_err(NodeError::from)?;
    let node = decode_node(cid, &data)?;
    // A node that is not UnixFS still has links by name.
    let fs = UnixFs::of(&node).unwrap_or_else(|_| UnixFs::new(NodeKind::Directory));
    if fs.kind.is_file() {
        return Err(match rest {
            [] => ResolveError::WrongKind {
                kind: "bytes",
                file: true,
            },
            _ => ResolveError::NoLink {
                name: (*name).into(),
                cid: cid.clone(),
            },
        });
    }
    if fs.kind == NodeKind::Symlink {
        return Ok(Step::Symlink(fs.data.as_deref().unwrap_or_default().into()));
    }
    match directory::lookup_through(blocks, cid, node, fs, name, passed).await? {
        Some(cid) => Ok(Step::Link { cid, used: 1 }),
        None => Err(ResolveError::NoLink {
            name: (*name).into(),
            cid: cid.clone(),
        }),
    }
}

impl From<(Cid, CodecError)> for ResolveError {
    fn from((cid, error): (Cid, CodecError)) -> Self {
        Self::Node(NodeError::Codec { cid, error })
    }
}
