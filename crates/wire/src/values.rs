//! Arguments and options as text, and how typed fields are read from them.
//!
//! The texts of [`ParseError`] are Kubo's: clients match on them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::endpoint::{Argument, OptionSpec, Spec};

/// Most pairs that a query may have; more are refused.
const MAX_PAIRS: usize = 65_536;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// How an option's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true`, `false` and their short forms.
    Bool,
    /// A signed number of 32 bits.
    Int,
    /// A signed number of 64 bits.
    Int64,
    /// An unsigned number of 32 bits.
    Uint,
    /// An unsigned number of 64 bits.
    Uint64,
    /// Any text.
    String,
    /// Any texts: the option may be repeated.
    Strings,
}

impl Kind {
    /// The name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint64 => "uint64",
            Self::String => "string",
            Self::Strings => "array",
        }
    }
}

/// Why a request's arguments or options are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// A required argument is missing.
    #[error("argument {0:?} is required")]
    MissingArgument(&'static str),
    /// The request carries no file and must.
    #[error("file argument '{0}' is required")]
    MissingFile(&'static str),
    /// A value cannot be read as its option's kind.
    #[error("could not convert {} to type {:?} (for option \"-{name}\")", quoted(value), kind.name())]
    BadOption {
        /// The option.
        name: &'static str,
        /// The value.
        value: String,
        /// The option's kind.
        kind: Kind,
    },
    /// A value is of the right kind and means nothing.
    #[error("invalid value for option {name:?}: {reason}")]
    Meaningless {
        /// The option.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// An option that is no list came twice.
    #[error("expected key {name} to have only a single value, received [{}]", values.join(" "))]
    Repeated {
        /// The option.
        name: &'static str,
        /// Its values.
        values: Vec<String>,
    },
    /// The query has more pairs than any request needs.
    #[error("the query has more than {MAX_PAIRS} parameters")]
    TooMany,
}

fn quoted(value: &str) -> String {
    if value.is_empty() {
        "empty value".to_owned()
    } else {
        format!("value {value:?}")
    }
}

/// The arguments and options of one request, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    arguments: Vec<String>,
    options: Vec<(String, String)>,
}

impl Values {
    /// Reads a query (`arg=a&offset=1`).
    pub fn from_query(query: &str) -> Result<Self, ParseError> {
        let mut values = Self::default();
        for (count, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            if count >= MAX_PAIRS {
                return Err(ParseError::TooMany);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (unescape(name), unescape(value));
            if name == "arg" {
                values.argument(value);
            } else {
                values.option(name, value);
            }
        }
        Ok(values)
    }

    /// Writes a query.
    #[must_use]
    pub fn to_query(&self) -> String {
        let arguments = self.arguments.iter().map(|value| ("arg", value.as_str()));
        let options = self
            .options
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut query = String::new();
        for (name, value) in arguments.chain(options) {
            if !query.is_empty() {
                query.push('&');
            }
            query.extend(utf8_percent_encode(name, UNRESERVED));
            query.push('=');
            query.extend(utf8_percent_encode(value, UNRESERVED));
        }
        query
    }

    /// Adds an argument.
    pub fn argument(&mut self, value: impl Into<String>) {
        self.arguments.push(value.into());
    }

    /// Adds an argument before the others.
    pub fn first_argument(&mut self, value: impl Into<String>) {
        self.arguments.insert(0, value.into());
    }

    /// Adds an option.
    pub fn option(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.options.push((name.into(), value.into()));
    }

    /// The arguments in order.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The last value of an option that no declaration names, by any of these names.
    #[must_use]
    pub fn loose(&self, names: &[&str]) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
    }

    /// All values of an option, whichever of its names they came under.
    fn all<'a>(&'a self, option: &'a OptionSpec) -> impl Iterator<Item = &'a str> {
        self.options
            .iter()
            .filter(|(name, _)| option.names.contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
    }

    /// The value of an option that may come once.
    pub fn single<'a>(&'a self, option: &'a OptionSpec) -> Result<Option<&'a str>, ParseError> {
        let mut found = self.all(option);
        match (found.next(), found.next()) {
            (value, None) => Ok(value),
            _ => Err(ParseError::Repeated {
                name: option.name(),
                values: self.all(option).map(str::to_owned).collect(),
            }),
        }
    }

    /// Gives each declared argument its values, as Kubo does: optional ones are filled only when enough are left.
    #[must_use]
    pub fn place<'a>(&'a self, spec: &Spec) -> Vec<&'a [String]> {
        let mut rest = self.arguments.as_slice();
        let mut required = spec
            .arguments
            .iter()
            .filter(|argument| argument.required)
            .count();
        spec.arguments
            .iter()
            .map(|argument| {
                if rest.len() <= required && !argument.required {
                    return [].as_slice();
                }
                required -= usize::from(argument.required);
                let take = if argument.variadic {
                    rest.len()
                } else {
                    rest.len().min(1)
                };
                let (mine, left) = rest.split_at(take);
                rest = left;
                mine
            })
            .collect()
    }
}

fn unescape(text: &str) -> String {
    let spaced = if text.contains('+') {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// A type that an option can have.
pub trait OptionField: Sized {
    /// How its value is written.
    const KIND: Kind;
    /// Reads it; `None` when it was not given.
    fn read(values: &Values, option: &'static OptionSpec) -> Result<Option<Self>, ParseError>;
    /// Adds it to a request.
    fn write(&self, name: &'static str, values: &mut Values);
}

/// A type that an argument can have.
pub trait ArgumentField: Sized {
    /// Whether it takes all that is left.
    const VARIADIC: bool;
    /// Reads it from the values at its place.
    fn read(values: &[String], argument: &'static Argument) -> Result<Self, ParseError>;
    /// Adds it to a request.
    fn write(&self, values: &mut Values);
}

fn parse_bool(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Numbers as Go reads them with base 0: `0x`, `0o`, `0b` and `_` between digits.
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
            const KIND: Kind = $kind;
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
            const KIND: Kind = $kind;
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

option_field!(bool, Kind::Bool, |value| parse_bool(value), |field| field
    .to_string());
option_field!(
    i32,
    Kind::Int,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    i64,
    Kind::Int64,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    u32,
    Kind::Uint,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    u64,
    Kind::Uint64,
    |value| parse_number(value).and_then(|n| n.try_into().ok()),
    |field| field.to_string()
);
option_field!(
    String,
    Kind::String,
    |value| Some(value.to_owned()),
    |field| field.clone()
);

impl OptionField for Vec<String> {
    const KIND: Kind = Kind::Strings;
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

impl ArgumentField for String {
    const VARIADIC: bool = false;
    fn read(values: &[String], argument: &'static Argument) -> Result<Self, ParseError> {
        values
            .first()
            .cloned()
            .ok_or(ParseError::MissingArgument(argument.name))
    }
    fn write(&self, values: &mut Values) {
        values.argument(self.clone());
    }
}

impl ArgumentField for Option<String> {
    const VARIADIC: bool = false;
    fn read(values: &[String], argument: &'static Argument) -> Result<Self, ParseError> {
        if argument.required && values.is_empty() {
            return Err(ParseError::MissingArgument(argument.name));
        }
        Ok(values.first().cloned())
    }
    fn write(&self, values: &mut Values) {
        if let Some(value) = self {
            values.argument(value.clone());
        }
    }
}

impl ArgumentField for Vec<String> {
    const VARIADIC: bool = true;
    fn read(values: &[String], argument: &'static Argument) -> Result<Self, ParseError> {
        if argument.required && values.is_empty() {
            return Err(ParseError::MissingArgument(argument.name));
        }
        Ok(values.to_vec())
    }
    fn write(&self, values: &mut Values) {
        for value in self {
            values.argument(value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn queries_round_trip() {
        let values = Values::from_query("arg=a%2Fb&offset=1&arg=x+y&zz").unwrap();
        assert_eq!(values.arguments(), ["a/b", "x y"]);
        assert_eq!(values.loose(&["offset", "o"]), Some("1"));
        assert_eq!(Values::from_query(&values.to_query()).unwrap(), values);
    }
}
