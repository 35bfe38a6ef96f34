//! Settings of the pin queue.

use std::time::Duration;

use cairn_node::config::sections::PinQueue as Section;
use cairn_node::config::{GoDuration, OptionalDuration};

/// Settings of the pin queue. [`Default`] has those that a daemon uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinQueueSettings {
    /// Requests that are worked on at once, with those that look for a peer; further ones wait in the queue.
    pub requests: usize,
    /// Requests whose content is fetched at once.
    pub fetches: usize,
    /// How long one attempt looks for a peer that has the content.
    pub search: Duration,
    /// How long a fetch of a first attempt waits for the next block until it gives its place up; twice as long in each
    /// further attempt.
    pub stall: Duration,
    /// The longest such time.
    pub longest_stall: Duration,
    /// Time until the second attempt; twice as long for each further one.
    pub wait: Duration,
    /// The longest such time.
    pub longest_wait: Duration,
    /// Time since the last block arrived after which a request is given up.
    pub give_up: Duration,
    /// How long idempotency keys are known.
    pub idempotency: Duration,
}

impl Default for PinQueueSettings {
    fn default() -> Self {
        Self {
            requests: 256,
            fetches: 64,
            search: Duration::from_secs(5),
            stall: Duration::from_secs(10),
            longest_stall: Duration::from_secs(120),
            wait: Duration::from_secs(5),
            longest_wait: Duration::from_secs(300),
            give_up: Duration::from_secs(3_600),
            idempotency: Duration::from_secs(86_400),
        }
    }
}

impl PinQueueSettings {
    /// What a configuration sets, and the default for the rest.
    #[must_use]
    pub fn from_config(config: &Section) -> Self {
        let number = |set: Option<u32>, default: usize| {
            set.and_then(|number| usize::try_from(number).ok())
                .unwrap_or(default)
        };
        let time = |set: OptionalDuration, default| set.0.map_or(default, GoDuration::to_std);
        let default = Self::default();
        Self {
            requests: number(config.requests, default.requests),
            fetches: number(config.fetches, default.fetches),
            search: time(config.search, default.search),
            stall: time(config.stall, default.stall),
            wait: time(config.retry_wait, default.wait),
            longest_wait: time(config.max_retry_wait, default.longest_wait),
            give_up: time(config.give_up_after, default.give_up),
            ..default
        }
    }

    /// The time until the attempt after this one.
    pub(super) fn wait_after(&self, attempt: u64) -> Duration {
        doubled(self.wait, attempt).min(self.longest_wait)
    }

    /// How long a fetch waits for the next block.
    pub(super) fn stall_of(&self, attempt: u64) -> Duration {
        doubled(self.stall, attempt).min(self.longest_stall)
    }
}

/// A time for the first attempt, doubled for each further one.
fn doubled(first: Duration, attempt: u64) -> Duration {
    let times = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(2_u32.saturating_pow(times))
}
