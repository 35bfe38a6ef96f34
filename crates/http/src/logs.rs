//! The levels of the log, which may change while the process runs.

use std::fmt::Debug;

/// Why a level was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogLevelError {
    /// There is no such level.
    #[error("{0:?} is no level: expected off, error, warn, info, debug or trace")]
    Level(String),
    /// A part of the program cannot be called so.
    #[error("{0:?} names no part of the program")]
    Part(String),
}

/// Whoever writes the log.
pub trait LogLevels: Debug + Send + Sync {
    /// What is logged now, in the form of <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>.
    fn filter(&self) -> String;

    /// Changes the level of one part of the program, such as `cairn_http`, or of everything (`None`), which forgets what was
    /// said about parts. It holds until the process ends.
    ///
    /// # Errors
    /// See [`LogLevelError`].
    fn set(&self, part: Option<&str>, level: &str) -> Result<(), LogLevelError>;
}
