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
        /// What was being done: `read`, `write`.
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
        /// What is wrong, and where.
        problem: String,
    },
    /// The file is larger than any configuration.
    #[error("{} is larger than the {limit} bytes that a configuration may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Maximum number of bytes.
        limit: u64,
    },
    /// A value has the wrong type or form.
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
        /// The key, dotted, as far as it leads.
        key: String,
    },
    /// A key leads through something that has no keys.
    #[error("{key} is not a map")]
    NotAMap {
        /// The key, dotted, as far as it leads.
        key: String,
    },
}

impl ConfigError {
    /// The key at fault, where one is.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Value { key, .. } | Self::NotFound { key } | Self::NotAMap { key } => Some(key),
            Self::Io { .. } | Self::Syntax { .. } | Self::TooLarge { .. } => None,
        }
    }
}
