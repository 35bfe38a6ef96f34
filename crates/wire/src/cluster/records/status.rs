//! The status of pins.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{CidText, Time};

/// The status of a pin on one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrackerStatus {
    /// The peer could not be asked.
    ClusterError,
    /// The content could not be pinned.
    PinError,
    /// The content could not be unpinned.
    UnpinError,
    /// The content is pinned.
    Pinned,
    /// The content is being fetched.
    Pinning,
    /// The content is being unpinned.
    Unpinning,
    /// The content is not in the pinset.
    Unpinned,
    /// Other peers pin the content.
    Remote,
    /// Waiting to be pinned.
    PinQueued,
    /// Waiting to be unpinned.
    UnpinQueued,
    /// The root of sharded content, whose shards are pinned on their own.
    Sharded,
    /// The content should be pinned and is not.
    UnexpectedlyUnpinned,
    /// One that this program does not know.
    #[default]
    #[serde(other)]
    Undefined,
}

impl TrackerStatus {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterError => "cluster_error",
            Self::PinError => "pin_error",
            Self::UnpinError => "unpin_error",
            Self::Pinned => "pinned",
            Self::Pinning => "pinning",
            Self::Unpinning => "unpinning",
            Self::Unpinned => "unpinned",
            Self::Remote => "remote",
            Self::PinQueued => "pin_queued",
            Self::UnpinQueued => "unpin_queued",
            Self::Sharded => "sharded",
            Self::UnexpectedlyUnpinned => "unexpectedly_unpinned",
            Self::Undefined => "undefined",
        }
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(self) -> bool {
        StatusFilter::Error.matches(self)
    }
}

/// Which pins to list: those with this status on a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusFilter {
    /// [`TrackerStatus::ClusterError`].
    ClusterError,
    /// [`TrackerStatus::PinError`].
    PinError,
    /// [`TrackerStatus::UnpinError`].
    UnpinError,
    /// Any of these three.
    Error,
    /// [`TrackerStatus::Pinned`].
    Pinned,
    /// [`TrackerStatus::Pinning`].
    Pinning,
    /// [`TrackerStatus::Unpinning`].
    Unpinning,
    /// [`TrackerStatus::Unpinned`].
    Unpinned,
    /// [`TrackerStatus::Remote`].
    Remote,
    /// [`TrackerStatus::PinQueued`].
    PinQueued,
    /// [`TrackerStatus::UnpinQueued`].
    UnpinQueued,
    /// Either of these two.
    Queued,
    /// [`TrackerStatus::Sharded`].
    Sharded,
    /// [`TrackerStatus::UnexpectedlyUnpinned`].
    UnexpectedlyUnpinned,
}

impl StatusFilter {
    /// Whether it includes this status.
    #[must_use]
    pub fn matches(self, status: TrackerStatus) -> bool {
        use TrackerStatus as Is;
        match self {
            Self::ClusterError => status == Is::ClusterError,
            Self::PinError => status == Is::PinError,
            Self::UnpinError => status == Is::UnpinError,
            Self::Error => matches!(status, Is::ClusterError | Is::PinError | Is::UnpinError),
            Self::Pinned => status == Is::Pinned,
            Self::Pinning => status == Is::Pinning,
            Self::Unpinning => status == Is::Unpinning,
            Self::Unpinned => status == Is::Unpinned,
            Self::Remote => status == Is::Remote,
            Self::PinQueued => status == Is::PinQueued,
            Self::UnpinQueued => status == Is::UnpinQueued,
            Self::Queued => matches!(status, Is::PinQueued | Is::UnpinQueued),
            Self::Sharded => status == Is::Sharded,
            Self::UnexpectedlyUnpinned => status == Is::UnexpectedlyUnpinned,
        }
    }
}

/// The status of a pin on all peers, or with `local` on one.
///
/// Of a CID that is not in the pinset: `name` is empty, `allocations` is `[]`, `origins` and `metadata` are `null`, `created` is
/// the time of the request, and every peer is `unpinned`. Of one in the pinset `origins` is `[]` and `metadata` is `null` where
/// there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GlobalPinInfo {
    /// The CID.
    pub cid: CidText,
    /// The name, or empty.
    pub name: String,
    /// The peers that pin the content; `[]` if all of them do.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub allocations: Vec<String>,
    /// Multiaddrs of peers that have the content.
    #[schemars(extend("nullable" = true))]
    pub origins: Option<Vec<String>>,
    /// When it was pinned.
    pub created: Time,
    /// The caller's own metadata.
    #[schemars(extend("nullable" = true))]
    pub metadata: Option<BTreeMap<String, String>>,
    /// The status by peer ID.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub peer_map: BTreeMap<String, PinInfo>,
}

/// The status of a pin on one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinInfo {
    /// The name of the peer.
    pub peername: String,
    /// The peer ID of its IPFS node. Absent if unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ipfs_peer_id: String,
    /// The multiaddrs of its IPFS node. Absent if empty; the reference sends them while the content is not pinned there.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub ipfs_peer_addresses: Vec<String>,
    /// The status.
    pub status: TrackerStatus,
    /// When it became so.
    pub timestamp: Time,
    /// The error, or empty.
    pub error: String,
    /// How often pinning was tried and failed.
    pub attempt_count: u64,
    /// Whether it is pinned before others: its first attempts have not failed, and it is new.
    pub priority_pin: bool,
}
