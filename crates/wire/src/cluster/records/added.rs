//! What an upload has added.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::CidText;

/// A node that was added, or progress.
///
/// With `progress`, records without a CID (`"cid": null`) and an empty name tell how many bytes were read of the current file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddedOutput {
    /// The path within the upload; empty for the directory that wraps it. The file name of a CAR, `shard-N` of a shard.
    pub name: String,
    /// The CID; `null` in a record of progress.
    #[schemars(extend("nullable" = true))]
    pub cid: Option<CidText>,
    /// Of progress, bytes read of the file; of a CAR, the sum of its blocks. Absent if 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// The cumulative size of the DAG; of a single raw block its length. Absent if 0, and of a CAR whose root is not UnixFS.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub size: u64,
    /// The peers that received the blocks, also where the pin is allocated to all peers. Absent if empty.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub allocations: Vec<String>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
