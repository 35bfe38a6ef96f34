//! The records of the API.

mod added;
mod garbage;
mod health;
mod peer;
mod pin;
mod status;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::added::AddedOutput;
pub use self::garbage::{GlobalRepoGc, RemovedKey, RepoGc};
pub use self::health::{Alert, Bandwidth, ConnectGraph, Metric};
pub use self::peer::{Id, IpfsId, Version};
pub use self::pin::{Pin, PinMode, PinType, PinTypeFilter};
pub use self::status::{GlobalPinInfo, PinInfo, StatusFilter, TrackerStatus};

/// The body of an error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The HTTP status.
    pub code: u16,
    /// The error.
    pub message: String,
}

impl Failure {
    /// An error with this HTTP status.
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// A JWT for `Authorization: Bearer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// The token.
    pub token: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is a secret.
        out.debug_struct("Token").finish_non_exhaustive()
    }
}
