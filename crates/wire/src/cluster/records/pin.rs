//! Pins of the pinset.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{CidText, Time};

/// How deep content is pinned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PinMode {
    /// The whole DAG.
    #[default]
    Recursive,
    /// Only the block.
    Direct,
}

/// What a pin is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PinType {
    /// Content.
    #[default]
    Pin,
    /// The root of sharded content, which is only in the pinset; its reference is the cluster DAG.
    MetaPin,
    /// The block that lists the shards, pinned directly by all peers; its reference is the root.
    ClusterdagPin,
    /// A shard, pinned to a depth of 1; its reference is the shard before it.
    ShardPin,
    /// One that this program does not know.
    #[serde(other)]
    Bad,
}

/// Which pins to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PinTypeFilter {
    /// Content.
    Pin,
    /// Roots of sharded content.
    MetaPin,
    /// The blocks that list the shards.
    ClusterdagPin,
    /// Shards.
    ShardPin,
    /// All.
    All,
}

impl PinTypeFilter {
    /// Whether pins of this type are listed.
    #[must_use]
    pub fn matches(self, kind: PinType) -> bool {
        match self {
            Self::Pin => kind == PinType::Pin,
            Self::MetaPin => kind == PinType::MetaPin,
            Self::ClusterdagPin => kind == PinType::ClusterdagPin,
            Self::ShardPin => kind == PinType::ShardPin,
            Self::All => true,
        }
    }
}

/// A pin of the pinset.
///
/// The reference answers `POST /pins/{cid}` with the pin as it was requested: `metadata` is `{}` and `origins` is `null` where
/// there are none, `user_allocations` are there, and the timestamp has nanoseconds. After `pin-update`, from
/// `GET /allocations` and from `DELETE`, it is the pin of the pinset: `metadata` is `null` and `origins` is `[]` where there are
/// none, `user_allocations` is always `null`, and times have whole seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// Fewest peers that pin the content; -1 is all peers.
    pub replication_factor_min: i64,
    /// Most peers that pin the content; -1 is all peers.
    pub replication_factor_max: i64,
    /// The name, or empty.
    pub name: String,
    /// How deep the content is pinned.
    pub mode: PinMode,
    /// Size of shards, in bytes; of a shard, the size of its blocks; 0 for others.
    pub shard_size: u64,
    /// The peers that were asked for; `null` if none.
    #[schemars(extend("nullable" = true))]
    pub user_allocations: Option<Vec<String>>,
    /// When the pin expires; [`Time::NONE`] if never.
    pub expire_at: Time,
    /// The caller's own metadata.
    #[schemars(extend("nullable" = true))]
    pub metadata: Option<BTreeMap<String, String>>,
    /// The pin that this one was copied from; `null` if none.
    #[schemars(extend("nullable" = true))]
    pub pin_update: Option<CidText>,
    /// Multiaddrs of peers that have the content.
    #[schemars(extend("nullable" = true))]
    pub origins: Option<Vec<String>>,
    /// The CID.
    pub cid: CidText,
    /// What the pin is for.
    pub r#type: PinType,
    /// The peers that pin the content; `[]` if all of them do.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub allocations: Vec<String>,
    /// -1 for recursive pins, 0 for direct ones, 1 for shards.
    pub max_depth: i64,
    /// Of sharded content, see [`PinType`]; `null` for others.
    #[schemars(extend("nullable" = true))]
    pub reference: Option<CidText>,
    /// When it was pinned or changed.
    pub timestamp: Time,
}

impl Pin {
    /// A pin with the defaults of the API: recursive, on all peers, without a time.
    #[must_use]
    pub fn new(cid: CidText) -> Self {
        Self {
            replication_factor_min: -1,
            replication_factor_max: -1,
            name: String::new(),
            mode: PinMode::Recursive,
            shard_size: 0,
            user_allocations: None,
            expire_at: Time::NONE,
            metadata: None,
            pin_update: None,
            origins: None,
            cid,
            r#type: PinType::Pin,
            allocations: Vec::new(),
            max_depth: -1,
            reference: None,
            timestamp: Time::NONE,
        }
    }
}
