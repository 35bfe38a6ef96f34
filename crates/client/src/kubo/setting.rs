//! Values of options.

use std::fmt::Write as _;
use std::time::Duration;

use cairn_primitives::Cid;

/// A value for an option of type `T`: integers of any type (saturating), any kind of text, and `Option`s, where `None` unsets the
/// option.
pub trait IntoSetting<T> {
    /// The option's value.
    fn into_setting(self) -> T;
}

macro_rules! same {
    ($($type:ty),+) => { $(
        impl IntoSetting<$type> for $type {
            fn into_setting(self) -> $type {
                self
            }
        }
        impl IntoSetting<Option<$type>> for $type {
            fn into_setting(self) -> Option<$type> {
                Some(self)
            }
        }
        impl IntoSetting<Option<$type>> for Option<$type> {
            fn into_setting(self) -> Option<$type> {
                self
            }
        }
    )+ };
}

same!(bool, String);

macro_rules! numbers {
    ($target:ty: $($source:ty),+) => {
        impl IntoSetting<Option<$target>> for Option<$target> {
            fn into_setting(self) -> Option<$target> {
                self
            }
        }
        $(
            impl IntoSetting<$target> for $source {
                fn into_setting(self) -> $target {
                    let below = if i128::from_number(self) < 0 { <$target>::MIN } else { <$target>::MAX };
                    <$target>::try_from(self).unwrap_or(below)
                }
            }
            impl IntoSetting<Option<$target>> for $source {
                fn into_setting(self) -> Option<$target> {
                    Some(self.into_setting())
                }
            }
        )+
    };
}

/// Conversion from all integer types.
trait FromNumber<N> {
    fn from_number(number: N) -> Self;
}

macro_rules! from_number {
    ($($source:ty),+) => { $(
        impl FromNumber<$source> for i128 {
            fn from_number(number: $source) -> Self {
                Self::try_from(number).unwrap_or(Self::MAX)
            }
        }
    )+ };
}

from_number!(i32, i64, u32, u64, usize);
numbers!(i32: i32, i64, u32, u64, usize);
numbers!(i64: i32, i64, u32, u64, usize);
numbers!(u32: i32, i64, u32, u64, usize);
numbers!(u64: i32, i64, u32, u64, usize);

macro_rules! text {
    ($($source:ty),+) => { $(
        impl IntoSetting<String> for $source {
            fn into_setting(self) -> String {
                self.to_string()
            }
        }
        impl IntoSetting<Option<String>> for $source {
            fn into_setting(self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+ };
}

text!(&str, &String, Cid, &Cid, Span);

impl IntoSetting<Vec<String>> for Vec<String> {
    fn into_setting(self) -> Vec<String> {
        self
    }
}

impl IntoSetting<Vec<String>> for &str {
    fn into_setting(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl<const N: usize> IntoSetting<Vec<String>> for [&str; N] {
    fn into_setting(self) -> Vec<String> {
        self.map(str::to_owned).into()
    }
}

impl IntoSetting<Vec<String>> for &[&str] {
    fn into_setting(self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

/// A duration in the format of the RPC, from a [`Duration`] or from text like `300s`, `1.5h`, `2h45m` or `100ms`, which is sent
/// unchanged. See <https://pkg.go.dev/time#ParseDuration>.
///
/// ```
/// use std::time::Duration;
/// use cairn_client::Span;
/// assert_eq!(Span::from(Duration::from_millis(1500)).to_string(), "1s500ms");
/// assert_eq!(Span::from("24h").to_string(), "24h");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span(String);

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        let mut text = String::new();
        let nanoseconds = duration.subsec_nanos();
        let parts = [
            (duration.as_secs(), "s"),
            (u64::from(nanoseconds / 1_000_000), "ms"),
            (u64::from(nanoseconds / 1_000 % 1_000), "us"),
            (u64::from(nanoseconds % 1_000), "ns"),
        ];
        for (count, unit) in parts {
            if count > 0 {
                // Writing to a string cannot fail.
                let _ = write!(text, "{count}{unit}");
            }
        }
        if text.is_empty() {
            text.push_str("0s");
        }
        Self(text)
    }
}

impl From<&str> for Span {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Span {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set<T>(value: impl IntoSetting<T>) -> T {
        value.into_setting()
    }

    #[test]
    fn numbers_keep_to_the_range_of_their_option() {
        assert_eq!(set::<i64>(u64::MAX), i64::MAX);
        assert_eq!(set::<Option<u32>>(-1), Some(0));
        assert_eq!(set::<i32>(i64::MIN), i32::MIN);
        assert_eq!(set::<Option<i64>>(5), Some(5));
        assert_eq!(set::<Option<i64>>(None), None);
        assert_eq!(set::<Option<String>>("a"), Some("a".to_owned()));
        assert_eq!(set::<Vec<String>>(["a", "b"]), ["a", "b"]);
    }

    #[test]
    fn spans_are_what_go_reads() {
        for (duration, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_secs(86_400), "86400s"),
            (Duration::from_nanos(1_002_003), "1ms2us3ns"),
            (Duration::new(61, 1), "61s1ns"),
        ] {
            assert_eq!(Span::from(duration).to_string(), text);
        }
    }
}
