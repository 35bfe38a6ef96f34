//! The types that arguments and options can have.

use cairn_primitives::ByteString;

use super::{OptionKind, ParseError, Values};
use crate::kubo::{Argument, OptionSpec};

/// A type that an option can have.
pub trait OptionField: Sized {
    /// How its value is written.
    const KIND: OptionKind;
    /// Reads the option; `None` if it was not given.
    fn read(values: &Values, option: &'static OptionSpec) -> Result<Option<Self>, ParseError>;
    /// Adds it to a request.
    fn write(&self, name: &'static str, values: &mut Values);
}

/// A type that an argument can have.
pub trait ArgumentField: Sized {
    /// Whether it takes all remaining values.
    const VARIADIC: bool;
    /// Reads it from its values.
    fn read(values: &[ByteString], argument: &'static Argument) -> Result<Self, ParseError>;
    /// Adds it to a request.
    fn write(&self, values: &mut Values);
}

/// Parses a switch as Kubo does: ignoring case; without a value it is on.
pub(super) fn parse_bool(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "" | "1" | "t" | "true" => Some(true),
        "0" | "f" | "false" => Some(false),
        _ => None,
    }
}

/// Parses a number as Go does with base 0: `0x`, `0o`, `0b` and `_` between digits.
fn parse_number(value: &str) -> Option<i128> {
    let (negative, digits) = match value.as_bytes().first()? {
        b'-' => (true, value.get(1..)?),
        b'+' => (false, value.get(1..)?),
        _ => (false, value),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = [("0x", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .find_map(|(prefix, radix)| lower.strip_prefix(prefix).map(|rest| (*radix, rest)))
        .unwrap_or(if lower.len() > 1 && lower.starts_with('0') {
            (8, lower.get(1..)?)
        } else {
            (10, lower.as_str())
        });
    let digits = digits.replace('_', "");
    if digits.starts_with(['-', '+']) {
        return None;
    }
    let number = i128::from_str_radix(&digits, radix).ok()?;
    Some(if negative { -number } else { number })
}

macro_rules! option_field {
    ($type:ty, $kind:expr, |$value:ident| $parse:expr, |$field:ident| $show:expr) => {
        impl OptionField for $type {
            const KIND: OptionKind = $kind;
            fn read(
                values: &Values,
                option: &'static OptionSpec,
            ) -> Result<Option<Self>, ParseError> {
                let Some($value) = values.single(option)? else {
                    return Ok(None);
                };
                let parsed: Option<$type> = $parse;
                let bad = || ParseError::BadOption {
                    name: option.name(),
                    value: $value.to_owned(),
                    kind: $kind,
                };
                parsed.map(Some).ok_or_else(bad)
            }
            fn write(&self, name: &'static str, values: &mut Values) {
                let $field = self;
                values.option(name, $show);
            }
        }
        impl OptionField for Option<$type> {
            const KIND: OptionKind = $kind;
            fn read(
                values: &Values,
                option: &'static OptionSpec,
            ) -> Result<Option<Self>, ParseError> {
                Ok(<$type as OptionField>::read(values, option)?.map(Some))
            }
            fn write(&self, name: &'static str, values: &mut Values) {
                if let Some(value) = self {
                    OptionField::write(value, name, values);
                }
            }
        }
    };
}

option_field!(bool, OptionKind::Bool, |value| parse_bool(value), |field| {
    field.to_string()
});
option_field!(
    i32,
    OptionKind::Int,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    i64,
    OptionKind::Int64,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    u32,
    OptionKind::Uint,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    u64,
    OptionKind::Uint64,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    String,
    OptionKind::String,
    |value| Some(value.to_owned()),
    |field| field.clone()
);

impl OptionField for Vec<String> {
    const KIND: OptionKind = OptionKind::Strings;
    fn read(values: &Values, option: &'static OptionSpec) -> Result<Option<Self>, ParseError> {
        let all: Self = values.all(option).map(str::to_owned).collect();
        Ok((!all.is_empty()).then_some(all))
    }
    fn write(&self, name: &'static str, values: &mut Values) {
        for value in self {
            values.option(name, value.clone());
        }
    }
}

macro_rules! argument_fields {
    ($type:ty, |$value:ident| $read:expr) => {
        impl ArgumentField for $type {
            const VARIADIC: bool = false;
            fn read(
                values: &[ByteString],
                argument: &'static Argument,
            ) -> Result<Self, ParseError> {
                let $value = values
                    .first()
                    .ok_or(ParseError::MissingArgument(argument.name))?;
                Ok($read)
            }
            fn write(&self, values: &mut Values) {
                values.argument(self.clone());
            }
        }

        impl ArgumentField for Option<$type> {
            const VARIADIC: bool = false;
            fn read(
                values: &[ByteString],
                argument: &'static Argument,
            ) -> Result<Self, ParseError> {
                if argument.required && values.is_empty() {
                    return Err(ParseError::MissingArgument(argument.name));
                }
                Ok(values.first().map(|$value| $read))
            }
            fn write(&self, values: &mut Values) {
                if let Some(value) = self {
                    values.argument(value.clone());
                }
            }
        }

        impl ArgumentField for Vec<$type> {
            const VARIADIC: bool = true;
            fn read(
                values: &[ByteString],
                argument: &'static Argument,
            ) -> Result<Self, ParseError> {
                if argument.required && values.is_empty() {
                    return Err(ParseError::MissingArgument(argument.name));
                }
                Ok(values.iter().map(|$value| $read).collect())
            }
            fn write(&self, values: &mut Values) {
                for value in self {
                    values.argument(value.clone());
                }
            }
        }
    };
}

argument_fields!(String, |value| value.to_text().into_owned());
argument_fields!(ByteString, |value| value.clone());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_switch_is_on() {
        for (text, on) in [
            ("", Some(true)),
            ("true", Some(true)),
            ("tRuE", Some(true)),
            ("T", Some(true)),
            ("1", Some(true)),
            ("false", Some(false)),
            ("F", Some(false)),
            ("0", Some(false)),
            ("yes", None),
            ("2", None),
            (" ", None),
        ] {
            assert_eq!(parse_bool(text), on, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, number) in [
            ("10", Some(10)),
            ("-1", Some(-1)),
            ("0x10", Some(16)),
            ("010", Some(8)),
            ("1_000", Some(1000)),
            ("zz", None),
            ("", None),
            ("--1", None),
            ("0x-1", None),
        ] {
            assert_eq!(parse_number(text), number, "{text:?}");
        }
    }
}
