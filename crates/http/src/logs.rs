//! Log levels, which can be changed while the process runs.

use std::fmt::Debug;

/// Why a level was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogLevelError {
    /// There is no such level.
    #[error("invalid log level {0:?}: expected off, error, warn, info, debug or trace")]
    Level(String),
    /// The target name is invalid.
    #[error("invalid log target {0:?}")]
    Part(String),
}

/// Gets and sets log levels.
pub trait LogLevels: Debug + Send + Sync {
    /// The current filter, in the form of
    /// <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>.
    fn filter(&self) -> String;

    /// Changes the level of one target, such as `cairn_http`, or of everything (`None`), which discards the levels of
    /// single targets. The change lasts until the process ends.
    ///
    /// # Errors
    /// See [`LogLevelError`].
    fn set(&self, part: Option<&str>, level: &str) -> Result<(), LogLevelError>;
}
