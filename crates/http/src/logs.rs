//! The log: its levels, which may change while the process runs, and its messages as they are written.

use std::collections::BTreeMap;
use std::fmt::Debug;

use bytes::Bytes;
use futures_util::stream::BoxStream;

/// The levels by the names that Kubo has for them, and two more (`off`, `trace`).
pub const LEVELS: &[&str] = &[
    "off", "fatal", "panic", "dpanic", "error", "warn", "info", "debug", "trace",
];

/// Why a level was not changed or a reader not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogLevelError {
    /// There is no such level.
    #[error(
        "{0:?} is no level: expected one of off, fatal, panic, dpanic, error, warn, info, debug and trace"
    )]
    Level(String),
    /// A part of the program cannot be called so, or too many were named.
    #[error("{0:?} names no part of the program")]
    Part(String),
    /// As many readers follow the log as may.
    #[error("{0} readers follow the log already")]
    Readers(usize),
}

/// Messages as JSON, one with its line end at a time, from now on until dropped. What a reader is too slow for is lost, and
/// a message tells how much it was.
pub type LogLines = BoxStream<'static, Bytes>;

/// Whoever writes the log.
pub trait LogLevels: Debug + Send + Sync {
    /// What is logged now, in the form of <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>.
    fn filter(&self) -> String;

    /// Changes the level of one part of the program, such as `cairn_http`, or of everything (`None`), which forgets what was
    /// said about parts. A level is one of [`LEVELS`]; `default` is that of everything. It holds until the process ends.
    ///
    /// # Errors
    /// See [`LogLevelError`].
    fn set(&self, part: Option<&str>, level: &str) -> Result<(), LogLevelError>;

    /// The level of everything of which nothing else was said.
    fn default_level(&self) -> String;

    /// The level of each part: those of which something was said, and those that the program has.
    fn levels(&self) -> BTreeMap<String, String>;

    /// Follows the log: messages of this level of [`LEVELS`] and worse ones, or all, as far as they are logged.
    ///
    /// # Errors
    /// [`LogLevelError::Level`], [`LogLevelError::Readers`].
    fn follow(&self, level: Option<&str>) -> Result<LogLines, LogLevelError>;
}
