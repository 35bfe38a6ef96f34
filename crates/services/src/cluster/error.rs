//! Errors of the cluster.

use cairn_primitives::Cid;
use cairn_store::shared::SharedError;

use crate::backend::BackendError;

/// Why an operation on the cluster failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The CID is not in the pinset.
    #[error("{cid} is not in the pinset")]
    NotPinned {
        /// The CID.
        cid: Cid,
    },
    /// An option is not valid.
    #[error("{option} {reason}")]
    Option {
        /// Its name.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The least number of replicas is above the most.
    #[error("the minimum replication factor is above the maximum")]
    ReplicationOrder,
    /// One replication factor is for all peers, and the other is not.
    #[error("both replication factors or none are for all peers")]
    ReplicationMixed,
    /// A replication factor is below -1.
    #[error("the replication factor {0} is not valid")]
    Replication(i64),
    /// There are not enough peers.
    #[error("{candidates} peers can take the pin, of {least} that are needed")]
    TooFewPeers {
        /// How many are needed.
        least: i64,
        /// How many are wanted.
        most: i64,
        /// How many can take it.
        candidates: usize,
    },
    /// The pin would have expired already.
    #[error("the pin would have expired already")]
    Expired,
    /// A pin of one kind cannot become one of another.
    #[error("{cid} is pinned in another way; unpin it first")]
    OtherKind {
        /// The CID.
        cid: Cid,
    },
    /// A shard is unpinned with its content.
    #[error("{cid} belongs to sharded content, and is unpinned with it")]
    Owned {
        /// The CID.
        cid: Cid,
    },
    /// A block is larger than a shard.
    #[error("a block of {block} bytes does not fit in a shard of {shard}")]
    ShardTooSmall {
        /// Size of the block.
        block: u64,
        /// Size of the shards.
        shard: u64,
    },
    /// There is no such peer.
    #[error("{0} is not a peer of the cluster")]
    NoSuchPeer(String),
    /// Nobody else could take the pins of a peer.
    #[error("{0} is the only peer that can take pins: another has to join before it is removed")]
    LastPeer(String),
    /// A peer joins by itself.
    #[error(
        "{0} is not a peer of the cluster: a peer joins when its process starts on the same database"
    )]
    PeersJoin(String),
    /// The upload has no content.
    #[error("the request has no files")]
    NothingToAdd,
    /// A CAR has several roots, or none.
    #[error("the CAR has {0} roots, and one is needed")]
    Roots(usize),
    /// A CAR cannot be wrapped.
    #[error("a CAR cannot be wrapped in a directory")]
    WrappedCar,
    /// The system has no random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
    /// A path does not lead to a block.
    #[error("cannot resolve {path}")]
    Path {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: std::sync::Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The rows failed.
    #[error(transparent)]
    Rows(#[from] SharedError),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
