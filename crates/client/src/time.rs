//! Times in responses.

use std::time::SystemTime;

use cairn_primitives::rfc3339::to_system;
use jiff::Timestamp;

/// Parses RFC 3339 times like `2024-10-04T05:06:07.25Z`: <https://www.rfc-editor.org/rfc/rfc3339>. `None` for the year 1, which
/// is Go's zero time.
pub(crate) fn rfc3339(text: &str) -> Option<SystemTime> {
    const SECOND: i128 = 1_000_000_000;
    if text.starts_with("0001-") {
        return None;
    }
    let since = text.parse::<Timestamp>().ok()?.as_nanosecond();
    let seconds = i64::try_from(since.div_euclid(SECOND)).ok()?;
    to_system(seconds, u32::try_from(since.rem_euclid(SECOND)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_writes() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", to_system(0, 0)),
            (
                "2024-10-04T05:06:07.25Z",
                to_system(1_728_018_367, 250_000_000),
            ),
            ("2024-10-04T07:06:07+02:00", to_system(1_728_018_367, 0)),
            ("1969-12-31T23:59:59.5Z", to_system(-1, 500_000_000)),
            ("0001-01-01T00:00:00Z", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-10-04T05:06:07", None),
            ("", None),
        ] {
            assert_eq!(rfc3339(text), expected, "{text}");
        }
    }
}
