//! Why a pin operation failed.

use cairn_primitives::Cid;
use cairn_store::BlockError;
use cairn_store::meta::RowError;

use crate::error::NodeError;

/// Longest name of a pin, in bytes.
pub const MAX_NAME: usize = 255;

/// Why a pin could not be made, found or removed. The texts are Kubo's.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// What is to be pinned could not be had whole.
    #[error("pin: {0}")]
    Incomplete(#[source] NodeError),
    /// A direct pin is wanted where a recursive one is.
    #[error("pin: {cid} already pinned recursively")]
    AlreadyRecursive {
        /// The pin.
        cid: Cid,
    },
    /// A direct pin is to be removed where a recursive one is.
    #[error("{cid} is pinned recursively")]
    Recursive {
        /// The pin.
        cid: Cid,
    },
    /// No pin of this CID's own exists.
    #[error("not pinned or pinned indirectly")]
    NotPinned,
    /// What was asked for by path is not pinned, or not in the way asked for.
    #[error("path '{path}' is not pinned")]
    PathNotPinned {
        /// The path, as the user wrote it.
        path: String,
    },
    /// The pin to update from does not exist.
    #[error("'from' cid was not recursively pinned already")]
    FromNotPinned,
    /// The pin to update to exists.
    #[error("'to' cid was already recursively pinned")]
    ToPinned,
    /// A kind of pin that does not exist.
    #[error("invalid type '{0}', must be one of {{direct, indirect, recursive, all}}")]
    UnknownKind(String),
    /// A name is too long.
    #[error("pin name is {length} bytes (max {MAX_NAME} bytes)")]
    NameTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A block could not be had or read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The rows failed.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
    /// The thread that worked died.
    #[error("the operation on pins was interrupted")]
    Interrupted,
}

/// Why a block could not be removed. The texts are Kubo's.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// The block is pinned.
    #[error("{0}")]
    Pinned(super::PinState),
    /// The block is not here.
    #[error("ipld: could not find {cid}")]
    NotFound {
        /// The block, as it was asked for.
        cid: Cid,
    },
    /// Whether it is pinned could not be told.
    #[error("pin check failed: {0}")]
    Check(#[source] PinError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
}
