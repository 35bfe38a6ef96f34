//! The log: its levels, which can be changed while the process runs, and its messages as they are written.

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
        "invalid log level {0:?}: expected off, fatal, panic, dpanic, error, warn, info, debug or trace"
    )]
    Level(String),
    /// The target name is invalid, or too many targets have a level of their own.
    #[error("invalid log target {0:?}")]
    Part(String),
    /// As many readers follow the log as may.
    #[error("{0} readers follow the log already")]
    Readers(usize),
}

/// Log messages as JSON lines, from now on until dropped. A reader that is too slow loses messages, and a message states how
/// many.
pub type LogLines = BoxStream<'static, Bytes>;

/// Gets and sets log levels, and follows the log.
pub trait LogLevels: Debug + Send + Sync {
    /// The current filter, in the form of
    /// <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>.
    fn filter(&self) -> String;

    /// Changes the level of one target, such as `cairn_http`, or of everything (`None`), which discards the levels of
    /// single targets. A level is one of [`LEVELS`]; `default` is the general level. The change lasts until the process
    /// ends.
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
