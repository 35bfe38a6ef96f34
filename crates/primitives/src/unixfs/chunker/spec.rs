//! The names of chunkers.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use super::{DEFAULT_CHUNK, MAX_CHUNK, rolling};

/// Smallest `min` of a rabin chunker: the window of its hash.
const MIN_RABIN: usize = rolling::RABIN_WINDOW;

/// A chunker with its parameters in bytes.
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

/// Why a chunker name is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkerSpecError {
    /// No such chunker.
    #[error(
        "unknown chunker {0:?}: expected size-BYTES, rabin, rabin-AVG, rabin-MIN-AVG-MAX or buzhash"
    )]
    Unknown(String),
    /// The chunk size is 0.
    #[error("the chunk size must be greater than 0")]
    Zero,
    /// A parameter above [`MAX_CHUNK`].
    #[error("the chunk size must be at most {MAX_CHUNK} bytes")]
    TooLarge,
    /// `min` is below the window of the hash.
    #[error("the minimum of the rabin chunker is less than {MIN_RABIN} bytes")]
    RabinMin,
    /// `size` without its one parameter.
    #[error("the size chunker takes one number: size-BYTES")]
    SizeForm,
    /// `rabin` with a number of parameters that it does not take.
    #[error(
        "the rabin chunker takes none, one or three numbers: rabin, rabin-AVG or rabin-MIN-AVG-MAX"
    )]
    RabinForm,
    /// A parameter has the label of another one.
    #[error("the order of the rabin parameters is min, avg, max: expected {expected}")]
    RabinLabel {
        /// The label that belongs there.
        expected: RabinLabel,
    },
    /// `min` is not below `avg`.
    #[error("the minimum of the rabin chunker is not below its average")]
    RabinMinAvg,
    /// `avg` is not below `max`.
    #[error("the average of the rabin chunker is not below its maximum")]
    RabinAvgMax,
    /// A parameter is not a number.
    #[error("chunker parameter {text:?} {reason}")]
    Number {
        /// The parameter.
        text: String,
        /// What is wrong with it.
        reason: NumberFault,
    },
}

/// A parameter of the rabin chunker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RabinLabel {
    /// Bytes of the smallest chunk.
    Min,
    /// Bytes of the average chunk.
    Avg,
    /// Bytes of the largest chunk.
    Max,
}

impl RabinLabel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Avg => "avg",
            Self::Max => "max",
        }
    }
}

impl fmt::Display for RabinLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a parameter is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFault {
    /// It has other characters than digits, or none.
    Syntax,
    /// It has more than 63 bits.
    Range,
}

impl fmt::Display for NumberFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "is not a number",
            Self::Range => "is too large",
        })
    }
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
            ["size", ..] => Err(ChunkerSpecError::SizeForm),
            ["buzhash", ..] => Ok(Self::Buzhash),
            ["rabin"] => rabin_around(DEFAULT_CHUNK as u64),
            ["rabin", avg] => rabin_around(number(avg)?),
            ["rabin", min, avg, max] => rabin_spec(min, avg, max),
            ["rabin", ..] => Err(ChunkerSpecError::RabinForm),
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
    let min = labelled(min, RabinLabel::Min)?;
    if min < MIN_RABIN as u64 {
        return Err(ChunkerSpecError::RabinMin);
    }
    let avg = labelled(avg, RabinLabel::Avg)?;
    let max = labelled(max, RabinLabel::Max)?;
    if min >= avg {
        return Err(ChunkerSpecError::RabinMinAvg);
    }
    if avg >= max {
        return Err(ChunkerSpecError::RabinAvgMax);
    }
    let max = within_limit(max)?;
    Ok(ChunkerSpec::Rabin {
        min: within_limit(min)?,
        avg: within_limit(avg)?,
        max,
    })
}

/// A number that may stand behind its label and a colon.
fn labelled(text: &str, expected: RabinLabel) -> Result<u64, ChunkerSpecError> {
    match text.split_once(':') {
        None => number(text),
        Some((found, _)) if found != expected.as_str() => {
            Err(ChunkerSpecError::RabinLabel { expected })
        }
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
        return fail(NumberFault::Syntax);
    }
    match digits.parse::<u64>() {
        Ok(value) if i64::try_from(value).is_ok() => Ok(value),
        _ => fail(NumberFault::Range),
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
            (
                "foo-1",
                "unknown chunker \"foo-1\": expected size-BYTES, rabin, rabin-AVG, rabin-MIN-AVG-MAX or buzhash",
            ),
            (
                "sizes-1",
                "unknown chunker \"sizes-1\": expected size-BYTES, rabin, rabin-AVG, rabin-MIN-AVG-MAX or buzhash",
            ),
            ("size-0", "the chunk size must be greater than 0"),
            (
                "size-99999999",
                "the chunk size must be at most 2096896 bytes",
            ),
            (
                "size-2096897",
                "the chunk size must be at most 2096896 bytes",
            ),
            ("size", "the size chunker takes one number: size-BYTES"),
            ("size--5", "the size chunker takes one number: size-BYTES"),
            ("size-", "chunker parameter \"\" is not a number"),
            ("size-1k", "chunker parameter \"1k\" is not a number"),
            (
                "size-9223372036854775808",
                "chunker parameter \"9223372036854775808\" is too large",
            ),
            (
                "rabin-1-2",
                "the rabin chunker takes none, one or three numbers: rabin, rabin-AVG or rabin-MIN-AVG-MAX",
            ),
            (
                "rabin-1397932",
                "the chunk size must be at most 2096896 bytes",
            ),
            (
                "rabin-15-20-30",
                "the minimum of the rabin chunker is less than 16 bytes",
            ),
            (
                "rabin-47",
                "the minimum of the rabin chunker is less than 16 bytes",
            ),
            (
                "rabin-20-20-30",
                "the minimum of the rabin chunker is not below its average",
            ),
            (
                "rabin-20-30-30",
                "the average of the rabin chunker is not below its maximum",
            ),
            (
                "rabin-max:20-30-40",
                "the order of the rabin parameters is min, avg, max: expected min",
            ),
        ] {
            assert_eq!(
                parse(text).map_err(|error| error.to_string()),
                Err(message.to_owned()),
                "{text}"
            );
        }
    }
}
