//! The queue of the pinning service.

use serde::{Deserialize, Serialize};

use crate::config::OptionalDuration;
use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::none;

/// How pin requests are worked on. Only in Cairn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct PinQueue {
    /// Requests that are worked on at once, with those that look for a peer; by default 256.
    #[serde(skip_serializing_if = "none")]
    pub requests: Option<u32>,
    /// Requests whose content is fetched at once; by default 64.
    #[serde(skip_serializing_if = "none")]
    pub fetches: Option<u32>,
    /// Time since the last block arrived after which a request fails; by default `1h`.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub give_up_after: OptionalDuration,
    /// How long one attempt looks for peers; by default `5s`.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub search: OptionalDuration,
    /// How long a fetch waits for the next block until it gives its place up; by default `10s`, and twice as long in each
    /// further attempt, up to 2 minutes.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub stall: OptionalDuration,
    /// Time until the second attempt; by default `5s`, and twice as long before each further one, up to `MaxRetryWait`.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub retry_wait: OptionalDuration,
    /// The longest time until the next attempt; by default `5m`.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub max_retry_wait: OptionalDuration,
}

impl Section for PinQueue {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}
