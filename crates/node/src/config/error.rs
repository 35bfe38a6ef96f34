//! Why a configuration cannot be used.

use std::path::PathBuf;
use std::sync::Arc;

/// Why a configuration cannot be read, changed or written.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The failed action: `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The text is not JSON, or not a JSON object.
    #[error("the configuration is not a JSON object: {problem}")]
    Syntax {
        /// The error and its position.
        problem: String,
    },
    /// The file is too large.
    #[error("{} is too large: a configuration has at most {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Maximum number of bytes.
        limit: u64,
    },
    /// A value is invalid.
    #[error("{key}: {problem}")]
    Value {
        /// The key, dotted.
        key: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// There is no such key.
    #[error("{key} not found")]
    NotFound {
        /// The dotted key, up to the part that does not exist or is not a map.
        key: String,
    },
    /// A part of the key is not a map.
    #[error("{key} is not a map")]
    NotAMap {
        /// The dotted key, up to the part that does not exist or is not a map.
        key: String,
    },
}

impl ConfigError {
    /// The key that caused the error, if any.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Value { key, .. } | Self::NotFound { key } | Self::NotAMap { key } => Some(key),
            Self::Io { .. } | Self::Syntax { .. } | Self::TooLarge { .. } => None,
        }
    }
}
