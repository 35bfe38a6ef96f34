//! Retries.

use std::time::Duration;

use http::StatusCode;

use crate::error::{Error, TransportError};

/// How often, and after which delays, a request is retried.
///
/// A request that never reached the server can always be retried; one that may have been executed only if its command
/// changes nothing. Uploads are never retried: their content was consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Maximum number of attempts after the first.
    pub most: u32,
    /// The first delay; each further one is twice as long, minus a random part of up to a half.
    pub first_pause: Duration,
    /// The maximum delay, unless a server asks for a longer one.
    pub longest_pause: Duration,
    /// No attempt begins later than this after the first.
    pub within: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            most: 3,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            within: Duration::from_secs(180),
        }
    }
}

impl Retry {
    /// Never retries.
    pub const NEVER: Self = Self {
        most: 0,
        first_pause: Duration::ZERO,
        longest_pause: Duration::ZERO,
        within: Duration::ZERO,
    };

    /// The default for services on the internet: 10 retries within 3 minutes, with delays of up to 15 seconds.
    pub const SERVICES: Self = Self {
        most: 10,
        first_pause: Duration::from_millis(100),
        longest_pause: Duration::from_secs(15),
        within: Duration::from_secs(180),
    };

    /// Sets the maximum number of retries.
    #[must_use]
    pub fn at_most(self, attempts: u32) -> Self {
        Self {
            most: attempts,
            ..self
        }
    }

    /// Sets the first and the longest pause.
    #[must_use]
    pub fn pauses(self, first: Duration, longest: Duration) -> Self {
        Self {
            first_pause: first,
            longest_pause: longest,
            ..self
        }
    }

    /// Sets the time within which attempts begin.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self {
            within: limit,
            ..self
        }
    }

    /// How long to wait before the next attempt; `None` to give up.
    pub(super) fn pause(&self, attempt: u32, error: &Error, safe: bool) -> Option<Duration> {
        let worth = match error {
            _ if error.is_connect() => true,
            Error::Connection(TransportError::Broken(_)) => safe,
            // Both statuses mean that nothing was done.
            Error::Status { status, .. } | Error::Response { status, .. } => {
                matches!(
                    *status,
                    StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
                ) || safe
                    && matches!(
                        *status,
                        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
                    )
            }
            _ => false,
        };
        if !worth || attempt >= self.most {
            return None;
        }
        Some(self.delay(attempt))
    }

    /// The delay before a retry, without what the server asks for.
    pub(crate) fn delay(&self, attempt: u32) -> Duration {
        let whole = self
            .first_pause
            .saturating_mul(2_u32.saturating_pow(attempt))
            .min(self.longest_pause);
        whole - whole.mul_f64(0.5 * chance())
    }
}

/// A random number from 0 to 1, or a fixed one if the system has no random source.
fn chance() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Error {
        Error::Connection(TransportError::Broken("gone".into()))
    }

    #[test]
    fn what_may_have_been_done_is_not_done_twice() {
        let retry = Retry::default();
        assert!(retry.pause(0, &broken(), true).is_some());
        assert!(retry.pause(0, &broken(), false).is_none());
        let connect = Error::Connection(TransportError::Connect {
            address: String::new(),
            source: "refused".into(),
        });
        assert!(retry.pause(0, &connect, false).is_some());
        let failed = Error::Response {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: cairn_wire::CommandError::normal("no"),
        };
        assert!(retry.pause(0, &failed, true).is_none());
    }

    #[test]
    fn pauses_grow_and_end() {
        let retry = Retry {
            most: 40,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(1),
            ..Retry::default()
        };
        for attempt in 0..40 {
            let pause = retry.pause(attempt, &broken(), true).unwrap();
            assert!(
                pause >= Duration::from_millis(50) && pause <= Duration::from_secs(1),
                "{pause:?}"
            );
        }
        assert!(retry.pause(40, &broken(), true).is_none());
    }
}
