//! Why a pin operation failed.

use cairn_primitives::Cid;
use cairn_store::BlockError;
use cairn_store::meta::RowError;

use crate::error::NodeError;

/// Longest name of a pin, in bytes.
pub const MAX_NAME: usize = 255;

/// Why a pin could not be made, found or removed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// What is to be pinned could not be had whole.
    #[error("cannot pin what is not here whole")]
    Incomplete(#[source] NodeError),
    /// A direct pin is wanted where a recursive one is.
    #[error("{cid} is pinned recursively already")]
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
    #[error("not pinned, or only as part of another pin")]
    NotPinned,
    /// What was asked for by path is not pinned, or not in the way asked for.
    #[error("path '{path}' is not pinned")]
    PathNotPinned {
        /// The path, as the user wrote it.
        path: String,
    },
    /// The pin to update from does not exist.
    #[error("the pin to update from does not exist")]
    FromNotPinned,
    /// The pin to update to exists.
    #[error("the content to update to is pinned recursively already")]
    ToPinned,
    /// A kind of pin that does not exist.
    #[error("unknown pin type {0:?}: expected direct, indirect, recursive or all")]
    UnknownKind(String),
    /// A name is too long.
    #[error("the name of the pin has {length} bytes, and {MAX_NAME} are allowed")]
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
    /// Whether it is pinned could not be told.
    #[error("cannot find out whether the block is pinned")]
    Check(#[source] PinError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
}
