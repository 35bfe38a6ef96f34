//! Creation times of any precision.

use std::time::{SystemTime, UNIX_EPOCH};

use cairn_primitives::rfc3339;

/// Nanoseconds since 1970.
pub(super) type Nanos = i128;

pub(super) const SECOND: Nanos = 1_000_000_000;
pub(super) const MILLISECOND: Nanos = 1_000_000;

/// Parses RFC 3339.
pub(super) fn read(text: &str) -> Option<Nanos> {
    let (seconds, nanos) = rfc3339::parse(text)?;
    Some(Nanos::from(seconds) * SECOND + Nanos::from(nanos))
}

/// RFC 3339 with at least milliseconds, as in the examples of the APIs.
pub(super) fn write(time: Nanos) -> String {
    let seconds = i64::try_from(time.div_euclid(SECOND)).unwrap_or_default();
    let nanos = u32::try_from(time.rem_euclid(SECOND)).unwrap_or_default();
    let whole = rfc3339::format(seconds, 0).unwrap_or_default();
    let mut fraction = format!("{nanos:09}");
    while fraction.len() > 3 && fraction.ends_with('0') {
        fraction.pop();
    }
    format!("{}.{fraction}Z", whole.trim_end_matches('Z'))
}

/// Parses RFC 3339.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let (seconds, nanos) = rfc3339::parse(text)?;
    rfc3339::to_system(seconds, nanos)
}

/// A time as RFC 3339, with at least milliseconds.
pub(crate) fn text(time: SystemTime) -> String {
    let since = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Nanos::try_from(after.as_nanos()),
        Err(before) => Nanos::try_from(before.duration().as_nanos()).map(|nanos| -nanos),
    };
    write(since.unwrap_or_default())
}
