//! What a garbage collection has removed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::CidText;

/// What the peers have removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GlobalRepoGc {
    /// The results by peer ID.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub peer_map: BTreeMap<String, RepoGc>,
}

/// What one peer has removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepoGc {
    /// The peer ID.
    pub peer: String,
    /// The name of the peer.
    pub peername: String,
    /// The removed blocks. The reference sends `null` if the peer could not be reached, and `[]` if there was nothing to
    /// remove.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    pub keys: Vec<RemovedKey>,
    /// Why the peer could not collect. Absent if it could.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

/// A removed block, or one that could not be removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemovedKey {
    /// The CID, of codec raw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<CidText>,
    /// Why it could not be removed. Absent if it was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}
