//! Pins and their status.

mod add;
mod add_path;
mod get;
mod list;
mod recover;
mod recover_all;
mod remove;
mod remove_path;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::add::AddPin;
pub use self::add_path::AddPinPath;
pub use self::get::GetStatus;
pub use self::list::GetStatuses;
pub use self::recover::Recover;
pub use self::recover_all::RecoverAll;
pub use self::remove::RemovePin;
pub use self::remove_path::RemovePinPath;

/// The namespace of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Namespace {
    /// `/ipfs`.
    Ipfs,
    /// `/ipns`.
    Ipns,
    /// `/ipld`.
    Ipld,
}

impl fmt::Display for Namespace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ipfs => "ipfs",
            Self::Ipns => "ipns",
            Self::Ipld => "ipld",
        })
    }
}
