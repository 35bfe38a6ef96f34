//! Limits of requests.

use std::num::NonZeroU32;
use std::time::Duration;

use cairn_node::config::RequestRate;

use super::Limit;

/// The limits of accounts' requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountSettings {
    /// Requests to the upload API with one token; unlimited if absent. nft.storage allowed 30 in 10 seconds.
    pub upload_rate: Option<Limit>,
    /// Requests to the pinning service, and to accounts and tokens, with one token; unlimited if absent.
    pub pinning_rate: Option<Limit>,
    /// Failed attempts of one address (of IPv6, one /64), after which tokens that this process has not accepted before
    /// are refused; unlimited if absent. Behind a proxy all clients have one address.
    pub failures: Option<Limit>,
}

impl AccountSettings {
    /// The limits that a configuration sets, and the default for others.
    #[must_use]
    pub fn from_config(config: &cairn_node::config::sections::Accounts) -> Self {
        let set = |rate: Option<RequestRate>, default| match rate {
            Some(rate) => rate
                .limit()
                .map(|(requests, period)| Limit { requests, period }),
            None => default,
        };
        let default = Self::default();
        Self {
            upload_rate: set(config.upload_rate, default.upload_rate),
            pinning_rate: set(config.pinning_rate, default.pinning_rate),
            failures: set(config.failure_rate, default.failures),
        }
    }
}

impl Default for AccountSettings {
    fn default() -> Self {
        let limit = |requests: u32, seconds| {
            NonZeroU32::new(requests).map(|requests| Limit {
                requests,
                period: Duration::from_secs(seconds),
            })
        };
        Self {
            upload_rate: limit(30, 10),
            pinning_rate: limit(10_000, 10),
            failures: limit(600, 60),
        }
    }
}
