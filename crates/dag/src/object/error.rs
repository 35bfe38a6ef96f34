//! Why an operation on a dag-pb node failed.

use cairn_primitives::quote::Quoted;
use cairn_primitives::unixfs::{BuildError, NodeKind};
use cairn_primitives::{ByteString, Cid};
use cairn_store::BlockError;

use crate::error::{FetchError, NodeError};

/// Why an operation on a dag-pb node failed. Nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// The block is of another codec.
    #[error("{cid} is not a dag-pb node")]
    NotDagPb {
        /// The block.
        cid: Cid,
    },
    /// A node has no link of this name.
    #[error("{cid} has no link named {}", Quoted(.name))]
    NoLink {
        /// The node.
        cid: Cid,
        /// The name.
        name: ByteString,
    },
    /// A link to be set or removed has an empty name.
    #[error("the name of a link is empty")]
    EmptyName,
    /// The links of a node that is not UnixFS were to be changed.
    #[error("{cid} is not a UnixFS directory")]
    NotUnixFs {
        /// The node.
        cid: Cid,
        /// What was to be done.
        change: LinkChange,
    },
    /// The links of a UnixFS node other than a plain directory were to be changed, which would damage it.
    #[error("{cid} is a UnixFS {kind}: only the links of plain directories can be changed")]
    NotDirectory {
        /// The node.
        cid: Cid,
        /// What it is.
        kind: NodeKind,
        /// What was to be done.
        change: LinkChange,
    },
    /// The new node would be larger than what peers exchange.
    #[error("the node would have {size} bytes, more than the {limit} that peers exchange")]
    TooBig {
        /// Its size in bytes.
        size: usize,
        /// The largest size in bytes.
        limit: usize,
    },
    /// Two DAGs differ in more places than are listed.
    #[error("the DAGs differ in too many places: the list would exceed {limit} bytes")]
    TooManyChanges {
        /// The limit in bytes.
        limit: usize,
    },
    /// The new node could not be named.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A block could not be read.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// A change of a node's links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// A link is added.
    Add,
    /// A link is removed.
    Remove,
}

impl From<FetchError> for ObjectError {
    fn from(error: FetchError) -> Self {
        Self::Node(error.into())
    }
}

impl From<BlockError> for ObjectError {
    fn from(error: BlockError) -> Self {
        Self::Node(error.into())
    }
}
