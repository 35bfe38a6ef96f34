//! Times as Go writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use cairn_primitives::unixfs::node::Mtime;

/// Go's zero time, which stands for none.
pub(super) const NONE: &str = "0001-01-01T00:00:00Z";

/// A time of the system's clock.
pub(super) fn of_system(time: Option<SystemTime>) -> Option<String> {
    let since = time?.duration_since(UNIX_EPOCH).ok()?;
    Some(rfc3339(Some(Mtime {
        seconds: i64::try_from(since.as_secs()).ok()?,
        nanos: Some(since.subsec_nanos()),
    })))
}

/// RFC 3339 in UTC, with as many digits of a second as there are.
pub(super) fn rfc3339(time: Option<Mtime>) -> String {
    let Some(time) = time else {
        return NONE.to_owned();
    };
    let (days, second) = (
        time.seconds.div_euclid(86_400),
        time.seconds.rem_euclid(86_400),
    );
    let Some((year, month, day)) = civil(days) else {
        return NONE.to_owned();
    };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = match time.nanos.unwrap_or(0) {
        0 => String::new(),
        nanos => format!(".{nanos:09}").trim_end_matches('0').to_owned(),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Year, month and day of a count of days since 1970, for years 0 to 9999. The era method: years begin in March, so that
/// the leap day is a year's last.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(719_468)?;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (0..=9999).contains(&year).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_known_times() {
        let at = |seconds, nanos| rfc3339(Some(Mtime { seconds, nanos }));
        assert_eq!(at(0, None), "1970-01-01T00:00:00Z");
        assert_eq!(
            at(1_700_000_000, Some(500_000_000)),
            "2023-11-14T22:13:20.5Z"
        );
        assert_eq!(at(951_782_400, None), "2000-02-29T00:00:00Z");
        assert_eq!(at(-1, None), "1969-12-31T23:59:59Z");
        assert_eq!(at(i64::MAX, None), NONE);
        assert_eq!(rfc3339(None), NONE);
    }
}
