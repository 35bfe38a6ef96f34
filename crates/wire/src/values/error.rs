//! Why a request is refused before it runs.

use super::{MAX_PAIRS, OptionKind};

/// Why a request's arguments or options are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// A required argument is missing.
    #[error("the argument {0:?} is required")]
    MissingArgument(&'static str),
    /// A required file is missing.
    #[error("a file is required for the argument {0:?}")]
    MissingFile(&'static str),
    /// A value does not have the type of its option.
    #[error("invalid value {value:?} for the option --{name}: expected {}", kind.expected())]
    BadOption {
        /// The option.
        name: &'static str,
        /// The value.
        value: String,
        /// The option's kind.
        kind: OptionKind,
    },
    /// A value has the right type and no meaning.
    #[error("invalid value for the option --{name}: {reason}")]
    Meaningless {
        /// The option.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// An option that takes one value was given more than once.
    #[error("the option --{name} was given {} times, expected once", values.len())]
    Repeated {
        /// The option.
        name: &'static str,
        /// Its values.
        values: Vec<String>,
    },
    /// The query has too many pairs.
    #[error("the query has more than {MAX_PAIRS} parameters")]
    TooMany,
}
