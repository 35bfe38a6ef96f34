//! Errors of requests: their arguments, options and bodies.

use cairn_wire::ParseError;
use cairn_wire::multipart::MultipartError;

use super::KuboText;

impl KuboText for ParseError {
    fn kubo(&self) -> Option<String> {
        Some(match self {
            Self::MissingArgument(name) => format!("argument {name:?} is required"),
            Self::MissingFile(name) => format!("file argument '{name}' is required"),
            Self::BadOption { name, value, kind } => {
                let value = match value.as_str() {
                    "" => "empty value".to_owned(),
                    value => format!("value {value:?}"),
                };
                format!(
                    "could not convert {value} to type {:?} (for option \"-{name}\")",
                    kind.name()
                )
            }
            Self::Meaningless { name, reason } => {
                format!("invalid value for option {name:?}: {reason}")
            }
            Self::Repeated { name, values } => format!(
                "expected key {name} to have only a single value, received [{}]",
                values.join(" ")
            ),
            _ => return None,
        })
    }
}

impl KuboText for MultipartError {
    fn kubo(&self) -> Option<String> {
        let known = match self {
            Self::Boundary => "no multipart boundary param in Content-Type",
            Self::Truncated => "unexpected EOF",
            _ => return None,
        };
        Some(known.to_owned())
    }
}
