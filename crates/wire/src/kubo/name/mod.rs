//! IPNS names. One file a command.

use serde::{Deserialize, Serialize};

pub mod get;
pub mod inspect;
pub mod publish;
pub mod pubsub;
pub mod put;
pub mod resolve;

/// A name, and where it points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NameEntry {
    /// The name.
    pub name: String,
    /// The path that it points to.
    pub value: String,
}
