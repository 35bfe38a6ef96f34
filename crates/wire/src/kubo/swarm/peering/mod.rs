//! Peers to which a connection is kept.

use serde::{Deserialize, Serialize};

pub mod add;
pub mod ls;
pub mod rm;

/// A peer that was added or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeeringChange {
    /// The peer ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// `success`.
    pub status: String,
}
