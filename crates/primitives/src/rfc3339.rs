//! Times as text: RFC 3339, as Go writes and reads it.
//!
//! Spec: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>

use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use jiff::civil::DateTime;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Writes a time in UTC, with as many digits of a second as there are; `None` outside the years 0 to 9999.
///
/// ```
/// use cairn_primitives::rfc3339;
/// assert_eq!(rfc3339::format(1_700_000_000, 500_000_000).unwrap(), "2023-11-14T22:13:20.5Z");
/// assert_eq!(rfc3339::parse("2023-11-14T23:13:20.5+01:00"), Some((1_700_000_000, 500_000_000)));
/// ```
#[must_use]
pub fn format(seconds: i64, nanos: u32) -> Option<String> {
    let time = EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    let fraction = match nanos {
        0 => String::new(),
        nanos => format!(".{nanos:09}").trim_end_matches('0').to_owned(),
    };
    (time.year() >= 0).then(|| format!("{time}{fraction}Z"))
}

/// Reads a time: seconds since 1970, and nanoseconds. Digits of a second behind the ninth are passed over, as are leap seconds
/// refused: Go does the same.
#[must_use]
pub fn parse(text: &str) -> Option<(i64, u32)> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    let month = pair(expect(&mut rest, b'-')?)?;
    let day = pair(expect(&mut rest, b'-')?)?;
    let hour = pair(expect(&mut rest, b'T')?)?;
    let minute = pair(expect(&mut rest, b':')?)?;
    let second = pair(expect(&mut rest, b':')?)?;
    let nanos = fraction(&mut rest)?;
    let offset = offset(rest)?;
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some((time.duration_since(EPOCH).as_secs() - offset, nanos))
}

/// The time of seconds since 1970, and nanoseconds; `None` outside the range of the system's clock.
#[must_use]
pub fn to_system(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    }?;
    time.checked_add(Duration::from_nanos(nanos.into()))
}

fn expect<'a, 'b>(rest: &'b mut &'a [u8], letter: u8) -> Option<&'b mut &'a [u8]> {
    *rest = rest.strip_prefix(&[letter])?;
    Some(rest)
}

/// A number of so many digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i16> {
    let (text, after) = rest.split_at_checked(digits)?;
    *rest = after;
    text.iter().try_fold(0, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i16::from(digit - b'0'))
    })
}

/// A number of two digits.
fn pair(rest: &mut &[u8]) -> Option<i8> {
    i8::try_from(number(rest, 2)?).ok()
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
    let hours = i64::from(pair(&mut rest)?);
    let minutes = i64::from(pair(expect(&mut rest, b':')?)?);
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
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

    #[test]
    fn times_of_the_system_may_be_before_1970() {
        let epoch = SystemTime::UNIX_EPOCH;
        let half = Duration::from_millis(500);
        assert_eq!(to_system(2, 500_000_000), Some(epoch + 4 * half + half));
        assert_eq!(to_system(-2, 500_000_000), Some(epoch - 3 * half));
    }
}
