//! Sizes in bytes as people write them: `10GB`, `256KiB`, `5242880`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SizeError {
    /// It does not begin with a number.
    #[error("size {text:?} does not begin with a number")]
    NoNumber {
        /// The text.
        text: String,
    },
    /// What follows the number is not a unit.
    #[error("size {text:?} has the unknown unit {unit:?}")]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The text.
        text: String,
    },
    /// More than 16 EiB.
    #[error("size {text:?} is too large")]
    TooLarge {
        /// The text.
        text: String,
    },
}

/// Parses a size: a decimal number, commas allowed in it, then a unit in any case. `kB`, `MB` and so on are powers of 1000,
/// `KiB`, `Ki`, `MiB` and so on powers of 1024.
///
/// # Errors
/// When it is not a number, has an unknown unit, or exceeds 64 bits.
pub fn parse_size(text: &str) -> Result<u64, SizeError> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number
        .replace(',', "")
        .parse()
        .map_err(|_| SizeError::NoNumber {
            text: text.to_owned(),
        })?;
    let unit = unit.trim();
    let scale = scale(&unit.to_ascii_lowercase()).ok_or_else(|| SizeError::UnknownUnit {
        unit: unit.to_owned(),
        text: text.to_owned(),
    })?;
    let size = number * scale as f64;
    if size >= u64::MAX as f64 {
        return Err(SizeError::TooLarge {
            text: text.to_owned(),
        });
    }
    Ok(size as u64)
}

fn scale(unit: &str) -> Option<u64> {
    if matches!(unit, "" | "b") {
        return Some(1);
    }
    let (letter, rest) = unit.split_at_checked(1)?;
    let power = "kmgtpe".find(letter)? as u32 + 1;
    match rest {
        "" | "b" => Some(1_000_u64.pow(power)),
        "i" | "ib" => Some(1_024_u64.pow(power)),
        _ => None,
    }
}

/// A validated size, as written in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    text: String,
    bytes: u64,
}

impl Size {
    /// In bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        Ok(Self {
            text: text.to_owned(),
            bytes: parse_size(text)?,
        })
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Size;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a size such as \"5GiB\", or a number of bytes")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size {
                    text: bytes.to_string(),
                    bytes,
                })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_people_write() {
        for (text, bytes) in [
            ("0", 0),
            ("42", 42),
            ("42MB", 42_000_000),
            ("42MiB", 44_040_192),
            ("42mb", 42_000_000),
            ("42 MIB", 44_040_192),
            ("42.5MB", 42_500_000),
            ("42M", 42_000_000),
            ("42Mi", 44_040_192),
            ("42 b", 42),
            ("1,005.03 MB", 1_005_030_000),
            ("10GB", 10_000_000_000),
            ("10GiB", 10 << 30),
            (".5k", 500),
            ("12.5 EB", 12_500_000_000_000_000_000),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "GB",
            "-5GB",
            "1.2.3",
            "10 JB",
            "84 GiBs",
            "16 EiB",
            "1e3",
            "5 \u{e9}b",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
