//! What servers say about their rate limits.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::time::Instant;

/// Values of `x-ratelimit-reset` below this are seconds from now, others seconds since 1970.
const EPOCH: u64 = 1_000_000_000;

/// When the next request may be sent, as far as the server has said.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// Reads the headers of a response: if it used up the limit, the next request waits for the limit to be renewed.
    pub(super) fn note(&self, headers: &HeaderMap, now: SystemTime) {
        let used_up = number(headers, "x-ratelimit-remaining") == Some(0);
        let Some(wait) = reset(headers, now).filter(|_| used_up) else {
            return;
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Instant::now().checked_add(wait);
    }

    /// How long the next request has to wait.
    pub(super) fn wait(&self) -> Duration {
        let kept = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }
}

/// How long the server asks to wait before the request is repeated: `Retry-After`
/// (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>), or until a limit that was used up is renewed.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let given = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    if let Some(text) = given.map(str::trim) {
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        if let Ok(time) = DateTimeParser::new().parse_timestamp(text) {
            let seconds = u64::try_from(time.as_second()).unwrap_or(0);
            return Some(until(seconds, now));
        }
    }
    let used_up = number(headers, "x-ratelimit-remaining") == Some(0);
    reset(headers, now).filter(|_| used_up)
}

/// The time until the limit is renewed.
fn reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let at = number(headers, "x-ratelimit-reset")?;
    Some(if at < EPOCH {
        Duration::from_secs(at)
    } else {
        until(at, now)
    })
}

/// From now until so many seconds after 1970.
fn until(seconds: u64, now: SystemTime) -> Duration {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(seconds).saturating_sub(now)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn reads_what_servers_ask_for() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (pairs, expected) in [
            (&[("retry-after", "7")][..], Some(7)),
            (
                &[("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT")],
                Some(30),
            ),
            (&[("retry-after", "Mon, 13 Nov 2023 22:13:50 GMT")], Some(0)),
            (
                &[
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1700000004"),
                ],
                Some(4),
            ),
            (
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")],
                Some(9),
            ),
            (
                &[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "9")],
                None,
            ),
            (&[("retry-after", "soon")], None),
            (&[], None),
        ] {
            let found = retry_after(&headers(pairs), now);
            assert_eq!(found, expected.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_used_up_limit_holds_the_next_request_back() {
        let pace = Pace::default();
        assert_eq!(pace.wait(), Duration::ZERO);
        let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")];
        pace.note(&headers(&used_up), SystemTime::now());
        assert_eq!(pace.wait(), Duration::from_secs(9));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(pace.wait(), Duration::ZERO);
    }
}
