//! Rates of requests.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::GoDuration;

/// A number of requests in a period, such as `30/10s`; or `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRate {
    /// Any number.
    Unlimited,
    /// This many in a period.
    Limited {
        /// How many; all of them may come at once.
        requests: NonZeroU32,
        /// The period.
        period: GoDuration,
    },
}

/// Why a text is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid rate {text:?}: expected requests per time, such as 30/10s, or unlimited")]
pub struct RateError {
    text: String,
}

impl RequestRate {
    /// Its number of requests and its period, if it is limited.
    #[must_use]
    pub fn limit(self) -> Option<(NonZeroU32, Duration)> {
        match self {
            Self::Unlimited => None,
            Self::Limited { requests, period } => Some((requests, period.to_std())),
        }
    }
}

impl FromStr for RequestRate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        let parse = || {
            let (requests, period) = text.split_once('/')?;
            let period: GoDuration = period.trim().parse().ok()?;
            let requests = requests.trim().parse().ok()?;
            (period.as_nanos() > 0).then_some(Self::Limited { requests, period })
        };
        parse().ok_or_else(|| RateError {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for RequestRate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => out.write_str("unlimited"),
            Self::Limited { requests, period } => write!(out, "{requests}/{period}"),
        }
    }
}

impl Serialize for RequestRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RequestRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_written() {
        for (text, limit) in [
            ("30/10s", Some((30, 10))),
            ("1 / 1m", Some((1, 60))),
            ("unlimited", None),
        ] {
            let rate: RequestRate = text.parse().unwrap();
            let limit = limit.map(|(requests, seconds)| {
                (
                    NonZeroU32::new(requests).unwrap(),
                    Duration::from_secs(seconds),
                )
            });
            assert_eq!(rate.limit(), limit);
            let written = serde_json::to_string(&rate).unwrap();
            assert_eq!(serde_json::from_str::<RequestRate>(&written).unwrap(), rate);
        }
        for text in [
            "", "30", "30/10", "0/10s", "30/0s", "30/-1s", "-1/1s", "a/b",
        ] {
            assert!(text.parse::<RequestRate>().is_err(), "{text}");
        }
    }
}
