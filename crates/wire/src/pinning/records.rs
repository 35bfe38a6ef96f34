//! The records of the Pinning Service API.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The status of a pin request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waiting in the queue.
    Queued,
    /// The content is being fetched.
    Pinning,
    /// The content is pinned.
    Pinned,
    /// The content could not be pinned.
    Failed,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Pinning, Self::Pinned, Self::Failed];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pinning => "pinning",
            Self::Pinned => "pinned",
            Self::Failed => "failed",
        }
    }
}

/// How a name is compared with the one that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TextMatchingStrategy {
    /// Equal, case-sensitive.
    #[default]
    Exact,
    /// Equal, case-insensitive.
    IExact,
    /// Contained, case-sensitive.
    Partial,
    /// Contained, case-insensitive.
    IPartial,
}

/// A page of pin objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinResults {
    /// All that match, on this page or not.
    #[schemars(range(min = 0), extend("format" = "int32"))]
    pub count: u64,
    /// Those of this page.
    #[schemars(length(max = 1000), extend("uniqueItems" = true))]
    pub results: Vec<PinStatus>,
}

/// A pin object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// The CID to pin recursively.
    pub cid: String,
    /// A name; at most 255 letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub name: Option<String>,
    /// Multiaddrs of peers that have the content.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::json::null_as_default"
    )]
    #[schemars(length(max = 20), extend("uniqueItems" = true))]
    pub origins: Vec<String>,
    /// The caller's own metadata.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub meta: BTreeMap<String, String>,
}

/// A pin object with its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinStatus {
    /// Identifies the pin request.
    pub requestid: String,
    /// Its status.
    pub status: Status,
    /// When it was made, as RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created: String,
    /// The pin object.
    pub pin: Pin,
    /// Multiaddrs of peers that will receive the content.
    #[serde(deserialize_with = "crate::json::null_as_default")]
    #[schemars(length(min = 1, max = 20), extend("uniqueItems" = true))]
    pub delegates: Vec<String>,
    /// More about the status.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub info: BTreeMap<String, String>,
}

/// The body of an error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The error.
    pub error: FailureError,
}

/// The error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureError {
    /// A code for programs.
    pub reason: String,
    /// A text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl Failure {
    /// An error with a code for programs and a text for people.
    pub fn new(reason: impl Into<String>, details: impl Into<String>) -> Self {
        Self {
            error: FailureError {
                reason: reason.into(),
                details: Some(details.into()),
            },
        }
    }
}
