//! Why a request is refused before it is run.

use super::{Kind, MAX_PAIRS};

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
