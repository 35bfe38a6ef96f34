//! Arguments and options as text, and the typed fields read from them.
//!

mod error;
mod field;

use cairn_primitives::ByteString;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

pub use self::error::ParseError;
pub use self::field::{ArgumentField, OptionField};
use crate::kubo::{OptionSpec, Spec};

/// Maximum number of pairs that a query may have; more are refused.
const MAX_PAIRS: usize = 65_536;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// The type of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
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

impl OptionKind {
    /// The name in Kubo's messages and in `commands`.
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

    /// What a value must be, in words.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int | Self::Int64 => "an integer",
            Self::Uint | Self::Uint64 => "an integer that is not negative",
            Self::String | Self::Strings => "text",
        }
    }
}

/// The arguments and options of one request, as text. Arguments may be paths, whose names need not be UTF-8, so they
/// are byte strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    arguments: Vec<ByteString>,
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
            let (name, value) = (unescape(name).into_text(), unescape(value));
            if name == "arg" {
                values.argument(value);
            } else {
                values.option(name, value.into_text());
            }
        }
        Ok(values)
    }

    /// Writes a query.
    #[must_use]
    pub fn to_query(&self) -> String {
        let arguments = self.arguments.iter().map(|value| ("arg", value.as_bytes()));
        let options = self
            .options
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()));
        let mut query = String::new();
        for (name, value) in arguments.chain(options) {
            if !query.is_empty() {
                query.push('&');
            }
            query.extend(percent_encode(name.as_bytes(), UNRESERVED));
            query.push('=');
            query.extend(percent_encode(value, UNRESERVED));
        }
        query
    }

    /// Adds an argument.
    pub fn argument(&mut self, value: impl Into<ByteString>) {
        self.arguments.push(value.into());
    }

    /// Adds an argument before the others.
    pub fn first_argument(&mut self, value: impl Into<ByteString>) {
        self.arguments.insert(0, value.into());
    }

    /// Adds an option.
    pub fn option(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.options.push((name.into(), value.into()));
    }

    /// The same without an option.
    #[must_use]
    pub fn without(mut self, option: &str) -> Self {
        self.options.retain(|(name, _)| name != option);
        self
    }

    /// The same with an option at this value.
    #[must_use]
    pub fn with(self, option: &str, value: impl Into<String>) -> Self {
        let mut values = self.without(option);
        values.option(option, value);
        values
    }

    /// The arguments in order.
    #[must_use]
    pub fn arguments(&self) -> &[ByteString] {
        &self.arguments
    }

    /// The options in order, with the names that were used.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The last value of an undeclared option, under any of these names.
    #[must_use]
    pub fn loose(&self, names: &[&str]) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
    }

    /// The value of an undeclared switch, under any of these names; off if its value is invalid.
    #[must_use]
    pub fn loose_switch(&self, names: &[&str]) -> Option<bool> {
        self.loose(names)
            .map(|text| field::parse_bool(text).unwrap_or(false))
    }

    /// All values of an option, under any of its names.
    fn all<'a>(&'a self, option: &'a OptionSpec) -> impl Iterator<Item = &'a str> {
        self.options
            .iter()
            .filter(|(name, _)| option.names.contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
    }

    /// The value of an option that may be given once.
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

    /// Assigns values to the declared arguments, as Kubo does: optional ones are only filled when enough values are
    /// left.
    #[must_use]
    pub fn place<'a>(&'a self, spec: &Spec) -> Vec<&'a [ByteString]> {
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

/// The value of an option's field as text; `None` if it has none.
#[must_use]
pub fn written(field: &impl OptionField) -> Option<String> {
    let mut values = Values::default();
    field.write("", &mut values);
    values.options.pop().map(|(_, value)| value)
}

fn unescape(text: &str) -> ByteString {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return text.into();
    }
    let spaced = if text.contains('+') {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    percent_decode_str(&spaced).collect::<Vec<u8>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_round_trip() {
        let values = Values::from_query("arg=a%2Fb&offset=1&arg=x+y&zz").unwrap();
        assert_eq!(values.arguments(), ["a/b", "x y"]);
        assert_eq!(values.loose(&["offset", "o"]), Some("1"));
        assert_eq!(Values::from_query(&values.to_query()).unwrap(), values);
        let latin1 = Values::from_query("arg=caf%E9&name=%E9").unwrap();
        assert_eq!(latin1.arguments(), [ByteString::from(&b"caf\xe9"[..])]);
        assert_eq!(latin1.loose(&["name"]), Some("\u{fffd}"));
        assert_eq!(Values::from_query(&latin1.to_query()).unwrap(), latin1);
    }
}
