//! Durations in Go's format; see <https://pkg.go.dev/time#ParseDuration>.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use cairn_primitives::duration;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration in nanoseconds, possibly negative: at most about 292 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GoDuration(i64);

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// The text is malformed, or the duration is out of range.
    #[error("invalid duration {text:?}: expected numbers with units, such as 1h30m")]
    Invalid {
        /// The text.
        text: String,
    },
    /// A number has no unit.
    #[error("missing unit in duration {text:?}: expected h, m, s, ms, us or ns")]
    MissingUnit {
        /// The text.
        text: String,
    },
    /// A unit is none of `ns us µs ms s m h`.
    #[error("unknown unit {unit:?} in duration {text:?}: expected h, m, s, ms, us or ns")]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The text.
        text: String,
    },
}

const SECOND: u64 = 1_000_000_000;

impl GoDuration {
    /// A duration of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: i32) -> Self {
        Self(seconds as i64 * SECOND as i64)
    }

    /// Of a length of time; the longest one that there is for a longer one, 292 years.
    #[must_use]
    pub fn from_std(time: Duration) -> Self {
        Self(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
    }

    /// In nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// As an unsigned duration; zero if negative.
    #[must_use]
    pub fn to_std(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }
}

/// Nanoseconds in a unit.
fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // Micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        _ => return None,
    })
}

/// Splits off the longest prefix whose characters match.
fn split(text: &str, pass: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(
        text.find(|character| !pass(character))
            .unwrap_or(text.len()),
    )
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid {
            text: text.to_owned(),
        };
        let digit = |character: char| character.is_ascii_digit();
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (whole, after) = split(rest, digit);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => split(after, digit),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let (unit, after) = split(after, |character| {
                character != '.' && !character.is_ascii_digit()
            });
            rest = after;
            if unit.is_empty() {
                return Err(DurationError::MissingUnit {
                    text: text.to_owned(),
                });
            }
            let scale = unit_nanos(unit).ok_or_else(|| DurationError::UnknownUnit {
                unit: unit.to_owned(),
                text: text.to_owned(),
            })?;
            let whole: u64 = if whole.is_empty() {
                0
            } else {
                whole.parse().map_err(|_| invalid())?
            };
            let nanos = whole.checked_mul(scale).ok_or_else(invalid)?;
            total = nanos
                .checked_add(fraction_nanos(fraction, scale))
                .and_then(|nanos| total.checked_add(nanos))
                .filter(|total| *total <= 1 << 63)
                .ok_or_else(invalid)?;
        }
        match (negative, i64::try_from(total)) {
            (false, Ok(nanos)) => Ok(Self(nanos)),
            (true, Ok(nanos)) => Ok(Self(-nanos)),
            (true, Err(_)) => Ok(Self(i64::MIN)),
            (false, Err(_)) => Err(invalid()),
        }
    }
}

/// Nanoseconds of the digits after a point, truncated as in Go.
fn fraction_nanos(digits: &str, scale: u64) -> u64 {
    let (mut value, mut divisor) = (0_u64, 1.0_f64);
    for digit in digits.bytes() {
        let Some(next) = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
        else {
            break;
        };
        value = next;
        divisor *= 10.0;
    }
    (value as f64 * (scale as f64 / divisor)) as u64
}

impl fmt::Display for GoDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            out.write_str("-")?;
        }
        out.write_str(&duration::format(self.0.unsigned_abs()))
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = GoDuration;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a duration such as \"1h30m\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// An optional duration: absent, `null`, `""` and `"default"` all mean the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionalDuration(pub Option<GoDuration>);

impl OptionalDuration {
    /// Whether it is not set.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.0.is_none()
    }

    /// The duration, or this default.
    #[must_use]
    pub fn unwrap_or(self, default: GoDuration) -> GoDuration {
        self.0.unwrap_or(default)
    }
}

impl Serialize for OptionalDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OptionalDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = OptionalDuration;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a duration such as \"1h30m\", or null")
            }
            fn visit_unit<E: de::Error>(self) -> Result<OptionalDuration, E> {
                Ok(OptionalDuration(None))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<OptionalDuration, E> {
                match text {
                    "" | "null" | "default" => Ok(OptionalDuration(None)),
                    _ => text
                        .parse()
                        .map(|duration| OptionalDuration(Some(duration)))
                        .map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_as_go_does() {
        let cases: &[(&str, i64)] = &[
            ("0", 0),
            ("-0", 0),
            ("5s", 5_000_000_000),
            ("1478s", 1_478_000_000_000),
            ("-5s", -5_000_000_000),
            ("+5s", 5_000_000_000),
            ("5.0s", 5_000_000_000),
            ("5.", -1),
            ("5.s", 5_000_000_000),
            (".5s", 500_000_000),
            ("1.004s", 1_004_000_000),
            ("100.00100s", 100_001_000_000),
            ("12\u{b5}s", 12_000),
            ("12\u{3bc}s", 12_000),
            ("3h30m", 12_600_000_000_000),
            ("4m10.5s", 250_500_000_000),
            ("-2m3.4s", -123_400_000_000),
            ("39h9m14.425s", 140_954_425_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("-9223372036.854775808s", i64::MIN),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9007199254740993ns", (1 << 53) + 1),
        ];
        for (text, nanos) in cases {
            if *nanos == -1 {
                assert!(text.parse::<GoDuration>().is_err(), "{text}");
            } else {
                assert_eq!(
                    text.parse::<GoDuration>().map(GoDuration::as_nanos),
                    Ok(*nanos),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn refuses_as_go_does() {
        for (text, message) in [
            (
                "",
                r#"invalid duration "": expected numbers with units, such as 1h30m"#,
            ),
            (
                "3",
                r#"missing unit in duration "3": expected h, m, s, ms, us or ns"#,
            ),
            (
                "-",
                r#"invalid duration "-": expected numbers with units, such as 1h30m"#,
            ),
            (
                "s",
                r#"invalid duration "s": expected numbers with units, such as 1h30m"#,
            ),
            (
                ".s",
                r#"invalid duration ".s": expected numbers with units, such as 1h30m"#,
            ),
            (
                "10parsecs",
                r#"unknown unit "parsecs" in duration "10parsecs": expected h, m, s, ms, us or ns"#,
            ),
            (
                "1e3s",
                r#"unknown unit "e" in duration "1e3s": expected h, m, s, ms, us or ns"#,
            ),
            (
                "9223372036854775808ns",
                r#"invalid duration "9223372036854775808ns": expected numbers with units, such as 1h30m"#,
            ),
            (
                "3000000h",
                r#"invalid duration "3000000h": expected numbers with units, such as 1h30m"#,
            ),
            (
                "99999999999999999999s",
                r#"invalid duration "99999999999999999999s": expected numbers with units, such as 1h30m"#,
            ),
        ] {
            assert_eq!(text.parse::<GoDuration>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn prints_as_go_does() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1\u{b5}s"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (60_000_000_000, "1m0s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (79_200_000_000_000, "22h0m0s"),
            (-1_000_000_000, "-1s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(GoDuration(nanos).to_string(), text);
            assert_eq!(text.parse(), Ok(GoDuration(nanos)));
        }
    }
}
