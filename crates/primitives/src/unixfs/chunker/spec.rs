//! The names of chunkers.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use super::{DEFAULT_CHUNK, MAX_CHUNK, rolling};

/// Smallest `min` of a rabin chunker: the window of its hash.
const MIN_RABIN: usize = rolling::RABIN_WINDOW;

/// Which chunker, with its parameters in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkerSpec {
    /// `size-N`: chunks of the same size.
    Size(NonZeroUsize),
    /// `rabin-MIN-AVG-MAX`: cuts where a Rabin fingerprint says so.
    Rabin {
        /// No chunk but the last is shorter.
        min: usize,
        /// Decides how often there is a cut; rounded down to a power of two.
        avg: usize,
        /// No chunk is longer.
        max: usize,
    },
    /// `buzhash`: cuts where a cyclic polynomial says so; chunks of 128 to 512 KiB.
    Buzhash,
}

/// Why a text names no chunker. The messages are Kubo's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkerSpecError {
    /// No such chunker.
    #[error("unrecognized chunker option: {0}")]
    Unknown(String),
    /// A chunk of no bytes.
    #[error("chunker size must be greater than 0")]
    Zero,
    /// A parameter above [`MAX_CHUNK`].
    #[error("chunker parameters may not exceed the maximum chunk size of {MAX_CHUNK}")]
    TooLarge,
    /// `min` is below the window of the hash.
    #[error("rabin min must be greater than 16")]
    RabinMin,
    /// Parameters are missing, too many, or in a wrong order.
    #[error("{0}")]
    Format(&'static str),
    /// A parameter is no number.
    #[error("strconv.Atoi: parsing {text:?}: {reason}")]
    Number {
        /// The parameter.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Default for ChunkerSpec {
    fn default() -> Self {
        Self::Size(const { NonZeroUsize::new(DEFAULT_CHUNK).unwrap() })
    }
}

impl FromStr for ChunkerSpec {
    type Err = ChunkerSpecError;

    fn from_str(text: &str) -> Result<Self, ChunkerSpecError> {
        if text.is_empty() || text == "default" {
            return Ok(Self::default());
        }
        let parts: Vec<&str> = text.splitn(6, '-').collect();
        match *parts.as_slice() {
            ["size", size] => size_spec(number(size)?),
            ["size", ..] => Err(ChunkerSpecError::Format(
                "incorrect chunker string format (expected size-{size})",
            )),
            ["buzhash", ..] => Ok(Self::Buzhash),
            ["rabin"] => rabin_around(DEFAULT_CHUNK as u64),
            ["rabin", avg] => rabin_around(number(avg)?),
            ["rabin", min, avg, max] => rabin_spec(min, avg, max),
            ["rabin", ..] => Err(ChunkerSpecError::Format(
                "incorrect format (expected 'rabin' 'rabin-[avg]' or 'rabin-[min]-[avg]-[max]'",
            )),
            _ => Err(ChunkerSpecError::Unknown(text.to_owned())),
        }
    }
}

impl fmt::Display for ChunkerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(size) => write!(f, "size-{size}"),
            Self::Rabin { min, avg, max } => write!(f, "rabin-{min}-{avg}-{max}"),
            Self::Buzhash => f.write_str("buzhash"),
        }
    }
}

/// A parameter that is at most [`MAX_CHUNK`].
fn within_limit(value: u64) -> Result<usize, ChunkerSpecError> {
    usize::try_from(value)
        .ok()
        .filter(|&value| value <= MAX_CHUNK)
        .ok_or(ChunkerSpecError::TooLarge)
}

fn size_spec(size: u64) -> Result<ChunkerSpec, ChunkerSpecError> {
    let size = within_limit(size)?;
    NonZeroUsize::new(size)
        .map(ChunkerSpec::Size)
        .ok_or(ChunkerSpecError::Zero)
}

/// Kubo would take an average below 48 and never cut at all; here it is refused.
fn rabin_around(avg: u64) -> Result<ChunkerSpec, ChunkerSpecError> {
    let max = within_limit(avg.saturating_add(avg / 2))?;
    let avg = within_limit(avg)?;
    let min = avg / 3;
    if min < MIN_RABIN {
        return Err(ChunkerSpecError::RabinMin);
    }
    Ok(ChunkerSpec::Rabin { min, avg, max })
}

fn rabin_spec(min: &str, avg: &str, max: &str) -> Result<ChunkerSpec, ChunkerSpecError> {
    use ChunkerSpecError::Format;
    let min = labelled(min, "min", "first label must be min")?;
    if min < MIN_RABIN as u64 {
        return Err(ChunkerSpecError::RabinMin);
    }
    let avg = labelled(avg, "avg", "second label must be avg")?;
    let max = labelled(max, "max", "final label must be max")?;
    if min >= avg {
        return Err(Format(
            "incorrect format: rabin-min must be smaller than rabin-avg",
        ));
    }
    if avg >= max {
        return Err(Format(
            "incorrect format: rabin-avg must be smaller than rabin-max",
        ));
    }
    let max = within_limit(max)?;
    Ok(ChunkerSpec::Rabin {
        min: within_limit(min)?,
        avg: within_limit(avg)?,
        max,
    })
}

/// A number that may stand behind its label and a colon.
fn labelled(text: &str, label: &str, wrong: &'static str) -> Result<u64, ChunkerSpecError> {
    match text.split_once(':') {
        None => number(text),
        Some((found, _)) if found != label => Err(ChunkerSpecError::Format(wrong)),
        Some((_, value)) => number(value.rsplit(':').next().unwrap_or(value)),
    }
}

/// A decimal number. A dash never gets here, so that none is negative.
fn number(text: &str) -> Result<u64, ChunkerSpecError> {
    let fail = |reason| {
        Err(ChunkerSpecError::Number {
            text: text.to_owned(),
            reason,
        })
    };
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return fail("invalid syntax");
    }
    match digits.parse::<u64>() {
        Ok(value) if i64::try_from(value).is_ok() => Ok(value),
        _ => fail("value out of range"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        let parse = |text: &str| text.parse::<ChunkerSpec>().map(|spec| spec.to_string());
        for (text, want) in [
            ("", "size-262144"),
            ("default", "size-262144"),
            ("size-1", "size-1"),
            ("size-+7", "size-7"),
            ("size-2096896", "size-2096896"),
            ("rabin", "rabin-87381-262144-393216"),
            ("rabin-48", "rabin-16-48-72"),
            ("rabin-16-17-18", "rabin-16-17-18"),
            ("rabin-min:16-avg:17-max:18", "rabin-16-17-18"),
            ("buzhash", "buzhash"),
            ("buzhash-anything", "buzhash"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(want), "{text}");
        }
        for (text, message) in [
            ("foo-1", "unrecognized chunker option: foo-1"),
            ("sizes-1", "unrecognized chunker option: sizes-1"),
            ("size-0", "chunker size must be greater than 0"),
            (
                "size-99999999",
                "chunker parameters may not exceed the maximum chunk size of 2096896",
            ),
            (
                "size-2096897",
                "chunker parameters may not exceed the maximum chunk size of 2096896",
            ),
            (
                "size",
                "incorrect chunker string format (expected size-{size})",
            ),
            (
                "size--5",
                "incorrect chunker string format (expected size-{size})",
            ),
            ("size-", "strconv.Atoi: parsing \"\": invalid syntax"),
            ("size-1k", "strconv.Atoi: parsing \"1k\": invalid syntax"),
            (
                "size-9223372036854775808",
                "strconv.Atoi: parsing \"9223372036854775808\": value out of range",
            ),
            (
                "rabin-1-2",
                "incorrect format (expected 'rabin' 'rabin-[avg]' or 'rabin-[min]-[avg]-[max]'",
            ),
            (
                "rabin-1397932",
                "chunker parameters may not exceed the maximum chunk size of 2096896",
            ),
            ("rabin-15-20-30", "rabin min must be greater than 16"),
            ("rabin-47", "rabin min must be greater than 16"),
            (
                "rabin-20-20-30",
                "incorrect format: rabin-min must be smaller than rabin-avg",
            ),
            (
                "rabin-20-30-30",
                "incorrect format: rabin-avg must be smaller than rabin-max",
            ),
            ("rabin-max:20-30-40", "first label must be min"),
        ] {
            assert_eq!(
                parse(text).map_err(|error| error.to_string()),
                Err(message.to_owned()),
                "{text}"
            );
        }
    }
}
