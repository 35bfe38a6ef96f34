//! Times as text, as Go writes them.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use cairn_primitives::rfc3339;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds from 0001-01-01 to 1970.
const YEAR_ONE: i64 = -62_135_596_800;

/// A time to the nanosecond, which is RFC 3339 text in JSON and in parameters.
///
/// [`Time::NONE`], the first moment of the year 1, is Go's zero time: the API sends it where there is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time {
    seconds: i64,
    nanos: u32,
}

/// A text that is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time as RFC 3339 writes it")]
pub struct TimeError(String);

impl Time {
    /// No time: `0001-01-01T00:00:00Z`.
    pub const NONE: Self = Self {
        seconds: YEAR_ONE,
        nanos: 0,
    };

    /// The time of seconds since 1970 (negative before), and nanoseconds below 1,000,000,000.
    #[must_use]
    pub fn new(seconds: i64, nanos: u32) -> Self {
        Self { seconds, nanos }
    }

    /// Whether this is [`Time::NONE`], or the start of 1970, which the API takes for it as well.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.nanos == 0 && (self.seconds == YEAR_ONE || self.seconds == 0)
    }

    /// Seconds since 1970, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds after [`Self::seconds`].
    #[must_use]
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// As a time of the system clock; `None` if this is no time, or out of its range.
    #[must_use]
    pub fn to_system(self) -> Option<SystemTime> {
        if self.is_none() {
            return None;
        }
        rfc3339::to_system(self.seconds, self.nanos)
    }
}

impl Default for Time {
    /// [`Time::NONE`].
    fn default() -> Self {
        Self::NONE
    }
}

impl From<SystemTime> for Time {
    /// [`Time::NONE`] for times that no RFC 3339 text has.
    fn from(time: SystemTime) -> Self {
        const SECOND: i128 = 1_000_000_000;
        let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()),
            Err(before) => i128::try_from(before.duration().as_nanos()).map(|nanos| -nanos),
        };
        let parts = nanos.ok().and_then(|nanos| {
            let seconds = i64::try_from(nanos.div_euclid(SECOND)).ok()?;
            let nanos = u32::try_from(nanos.rem_euclid(SECOND)).ok()?;
            rfc3339::format(seconds, nanos).map(|_| Self { seconds, nanos })
        });
        parts.unwrap_or(Self::NONE)
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parsed = rfc3339::parse(text).map(|(seconds, nanos)| Self { seconds, nanos });
        parsed.ok_or_else(|| TimeError(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match rfc3339::format(self.seconds, self.nanos) {
            Some(text) => out.pad(&text),
            None => out.pad("0001-01-01T00:00:00Z"),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_as_go_does() {
        for text in [
            "2026-11-21T11:09:42Z",
            "2026-11-21T11:09:47.102698172Z",
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
        ] {
            let time: Time = text.parse().unwrap();
            assert_eq!(time.to_string(), text);
            if let Some(system) = time.to_system() {
                assert_eq!(Time::from(system), time, "{text}");
            }
        }
        assert!("tomorrow".parse::<Time>().is_err());
        assert!(Time::NONE.is_none());
        assert!(Time::new(0, 0).is_none());
        assert_eq!(Time::NONE.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Time::NONE.to_system(), None);
        let offset: Time = "2026-11-21T12:09:42+01:00".parse().unwrap();
        assert_eq!(offset.to_string(), "2026-11-21T11:09:42Z");
    }
}
