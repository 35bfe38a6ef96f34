//! Errors of reading blocks. Errors of single operations are next to them.

use std::time::Duration;

use cairn_primitives::Cid;
use cairn_primitives::codec::CodecError;
use cairn_primitives::unixfs::ReadError;
use cairn_store::BlockError;
use cairn_store::exchange::ExchangeError;

/// Why a block could not be read.
///
/// Absent blocks are named by the CIDv1 `raw` of their multihash, which is all that a store knows.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The store does not have the block, and peers are not asked.
    #[error("block {} was not found locally, and this node is offline", .cid.to_raw())]
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
    /// No block arrived in time while waiting for this one.
    #[error("no block arrived for {} s: still waiting for {cid}", .after.as_secs_f32())]
    TimedOut {
        /// The block.
        cid: Cid,
        /// The time since the last block.
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
    /// Whether the block is absent, as opposed to a failure.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Offline { .. } | Self::NotFound { .. })
    }
}

/// Why a block could not be read or decoded.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The block could not be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The bytes are invalid in their codec.
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
    /// The nodes of a sharded directory are inconsistent.
    #[error(transparent)]
    Directory(ReadError),
    /// The nodes on a path of a sharded directory are larger than any that a program creates.
    #[error("the nodes of the sharded directory above {cid} are too large to be read")]
    TooMuchOpen {
        /// The node that exceeded the limit.
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
