//! Why a pin operation failed.

use cairn_primitives::Cid;
use cairn_store::BlockError;
use cairn_store::meta::RowError;

use crate::error::NodeError;

/// Maximum length of the name of a pin, in bytes.
pub const MAX_NAME: usize = 255;

/// Why a pin could not be created, found or removed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// The DAG to pin is incomplete.
    #[error("cannot pin an incomplete DAG")]
    Incomplete(#[source] NodeError),
    /// A direct pin was requested for a recursively pinned CID.
    #[error("{cid} is already pinned recursively")]
    AlreadyRecursive {
        /// The pin.
        cid: Cid,
    },
    /// A direct pin was to be removed, and the pin is recursive.
    #[error("{cid} is pinned recursively")]
    Recursive {
        /// The pin.
        cid: Cid,
    },
    /// A user's pin was to be removed, and only the services have one.
    #[error(
        "{cid} is pinned by the services of this node for their users; it is released when the last pin request, upload or cluster pin of it is removed"
    )]
    OfServices {
        /// The pin.
        cid: Cid,
    },
    /// The CID is not pinned itself.
    #[error("not pinned, or only indirectly")]
    NotPinned,
    /// The path is not pinned, or not with the requested type.
    #[error("path '{path}' is not pinned")]
    PathNotPinned {
        /// The path, as the user wrote it.
        path: String,
    },
    /// The pin to update from does not exist.
    #[error("the old CID is not pinned recursively")]
    FromNotPinned,
    /// The pin to update to exists.
    #[error("the new CID is already pinned recursively")]
    ToPinned,
    /// A kind of pin that does not exist.
    #[error("unknown pin type {0:?}: expected direct, indirect, recursive or all")]
    UnknownKind(String),
    /// A name is too long.
    #[error("the name of the pin has {length} bytes: at most {MAX_NAME} are allowed")]
    NameTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A block could not be read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The rows failed.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
    /// The thread panicked.
    #[error("the operation on pins was interrupted")]
    Interrupted,
}

/// Why a block could not be removed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// The block is pinned.
    #[error("{0}")]
    Pinned(super::PinState),
    /// The block is not here.
    #[error("block {cid} was not found")]
    NotFound {
        /// The block, as it was asked for.
        cid: Cid,
    },
    /// Whether it is pinned could not be determined.
    #[error("cannot determine whether the block is pinned")]
    Check(#[source] PinError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
}
