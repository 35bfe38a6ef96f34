//! Why a block could not be had or understood; the families of single operations stand beside them.

use std::time::Duration;

use cairn_primitives::Cid;
use cairn_primitives::codec::CodecError;
use cairn_primitives::unixfs::ReadError;
use cairn_store::BlockError;
use cairn_store::exchange::ExchangeError;

/// Why a block could not be had.
///
/// Absent blocks are named by the CIDv1 `raw` of their multihash, which is all that a store knows of them.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The store does not have the block, and asks nobody else.
    #[error("block {} was not found here, and this node is offline", .cid.to_raw())]
    Offline {
        /// The block.
        cid: Cid,
    },
    /// Neither the store nor any peer has the block.
    #[error("block {} was not found", .cid.to_raw())]
    NotFound {
        /// The block.
        cid: Cid,
    },
    /// No block arrived for a while, and this one is still waited for.
    #[error("no block arrived for {} s: still waiting for {cid}", .after.as_secs_f32())]
    TimedOut {
        /// The block.
        cid: Cid,
        /// How long was waited since the last block.
        after: Duration,
    },
    /// The exchange with peers failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
}

impl FetchError {
    /// Whether the block is just not there, as against a failure.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Offline { .. } | Self::NotFound { .. })
    }
}

/// Why a block could not be had, or read as what it should be.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The block could not be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The bytes are not in the codec's form.
    #[error("cannot decode block {cid}: {error}")]
    Codec {
        /// The block.
        cid: Cid,
        /// Why.
        #[source]
        error: CodecError,
    },
    /// A dag-pb block that is not UnixFS.
    #[error("block {cid} is not UnixFS")]
    NotUnixFs {
        /// The block.
        cid: Cid,
    },
    /// The UnixFS data of a dag-pb block is malformed.
    #[error("cannot read block {cid} as UnixFS: {error}")]
    UnixFs {
        /// The block.
        cid: Cid,
        /// What is wrong.
        #[source]
        error: ReadError,
    },
    /// The nodes of a sharded directory do not fit together.
    #[error(transparent)]
    Directory(ReadError),
    /// A sharded directory whose open nodes, from the root down, hold more than any that a program makes.
    #[error("the nodes of the sharded directory above {cid} are too large to be read")]
    TooMuchOpen {
        /// The node that was one too many.
        cid: Cid,
    },
    /// A block whose codec has no files or directories.
    #[error("block {cid} is neither a file nor a directory")]
    UnknownType {
        /// The block.
        cid: Cid,
    },
}

impl From<BlockError> for NodeError {
    fn from(error: BlockError) -> Self {
        Self::Fetch(FetchError::Store(error))
    }
}
