//! Times as text: RFC 3339, as Go writes and reads it.
//!
//! Spec: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>

/// Writes a time in UTC, with as many digits of a second as there are; `None` outside the years 0 to 9999.
///
/// ```
/// use cairn_primitives::rfc3339;
/// assert_eq!(rfc3339::format(1_700_000_000, 500_000_000).unwrap(), "2023-11-14T22:13:20.5Z");
/// assert_eq!(rfc3339::parse("2023-11-14T23:13:20.5+01:00"), Some((1_700_000_000, 500_000_000)));
/// ```
#[must_use]
pub fn format(seconds: i64, nanos: u32) -> Option<String> {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days)?;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = match nanos {
        0 => String::new(),
        nanos => format!(".{nanos:09}").trim_end_matches('0').to_owned(),
    };
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"
    ))
}

/// Reads a time: seconds since 1970, and nanoseconds. Digits of a second behind the ninth are passed over, as are leap seconds
/// refused: Go does the same.
#[must_use]
pub fn parse(text: &str) -> Option<(i64, u32)> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    let month = number(expect(&mut rest, b'-')?, 2)?;
    let day = number(expect(&mut rest, b'-')?, 2)?;
    let hour = number(expect(&mut rest, b'T')?, 2)?;
    let minute = number(expect(&mut rest, b':')?, 2)?;
    let second = number(expect(&mut rest, b':')?, 2)?;
    let nanos = fraction(&mut rest)?;
    let offset = offset(rest)?;
    let fits = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let days = days_since_1970(year, month, day);
    fits.then_some((
        days * 86_400 + hour * 3600 + minute * 60 + second - offset,
        nanos,
    ))
}

fn expect<'a, 'b>(rest: &'b mut &'a [u8], letter: u8) -> Option<&'b mut &'a [u8]> {
    *rest = rest.strip_prefix(&[letter])?;
    Some(rest)
}

/// A number of so many digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (text, after) = rest.split_at_checked(digits)?;
    *rest = after;
    text.iter().try_fold(0, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i64::from(digit - b'0'))
    })
}

/// The nanoseconds behind the dot, if there is one.
fn fraction(rest: &mut &[u8]) -> Option<u32> {
    let Some(digits) = rest.strip_prefix(b".") else {
        return Some(0);
    };
    let count = digits
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .count();
    let (text, after) = digits.split_at_checked(count).filter(|_| count > 0)?;
    *rest = after;
    let digits = text.iter().map(|digit| u32::from(digit - b'0'));
    Some(
        digits
            .chain(std::iter::repeat(0))
            .take(9)
            .fold(0, |value, digit| value * 10 + digit),
    )
}

/// The zone, in seconds ahead of UTC.
fn offset(rest: &[u8]) -> Option<i64> {
    let (sign, mut rest) = match rest {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let hours = number(&mut rest, 2)?;
    let minutes = number(expect(&mut rest, b':')?, 2)?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The era method: years begin in March, so that the leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a count of days since 1970, for years 0 to 9999.
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
    let year = era.checked_mul(400)? + year_of_era + i64::from(month <= 2);
    (0..=9999).contains(&year).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_written_and_read() {
        for (seconds, nanos, text) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (1_700_000_000, 500_000_000, "2023-11-14T22:13:20.5Z"),
            (951_782_400, 1, "2000-02-29T00:00:00.000000001Z"),
            (-1, 0, "1969-12-31T23:59:59Z"),
            (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
            (
                253_402_300_799,
                999_999_999,
                "9999-12-31T23:59:59.999999999Z",
            ),
        ] {
            assert_eq!(format(seconds, nanos).unwrap(), text);
            assert_eq!(parse(text), Some((seconds, nanos)), "{text}");
        }
        assert_eq!(format(i64::MAX, 0), None);
        assert_eq!(format(253_402_300_800, 0), None);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-11-14t22:13:20Z",
            "2023-13-14T22:13:20Z",
            "2023-02-29T22:13:20Z",
            "1900-02-29T22:13:20Z",
            "2023-11-14T24:13:20Z",
            "2023-11-14T22:13:60Z",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20+1:00",
            "2023-11-14T22:13:20ZZ",
            "+023-11-14T22:13:20Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(
            parse("2023-11-14T22:13:20.1234567899-00:30"),
            Some((1_700_001_800, 123_456_789))
        );
    }
}
