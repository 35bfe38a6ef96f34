//! Logging, always to standard error, and the log messages that clients of a daemon follow.

mod tail;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cairn_http::logs::{LEVELS as LEVEL_NAMES, LogLevelError, LogLevels, LogLines};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

use self::tail::Readers;
use crate::globals::Globals;

/// Levels of single targets, which override the general level.
type Parts = Vec<(String, String)>;

static LEVELS: OnceLock<Arc<Levels>> = OnceLock::new();

/// What a daemon logs by default. The libraries below would report each connection and lookup.
const DAEMON_LEVELS: &str =
    "info,libp2p=warn,hickory=warn,quinn=warn,yamux=warn,multistream_select=warn";

/// Starts logging. A daemon logs what it does, a command only errors.
pub(crate) fn start(globals: &Globals, daemon: bool) {
    let level = match (&globals.log, globals.debug, daemon) {
        (_, true, _) => "debug",
        (Some(level), ..) => level,
        (None, false, true) => DAEMON_LEVELS,
        // Log lines of faces and the store would repeat what the response says.
        (None, false, false) => "warn,cairn_http=error,cairn_store=error",
    };
    let Ok(filter) = EnvFilter::try_new(level) else {
        eprintln!(
            "warning: {level:?} is no log filter; expected something like \"info\" or \"cairn_http=debug\""
        );
        return;
    };
    let (filter, handle) = reload::Layer::new(filter);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = if globals.log_json {
        lines.json().boxed()
    } else {
        lines
            .fmt_fields(fmt::format::debug_fn(write_field).delimited(" "))
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .boxed()
    };
    let readers = Readers::default();
    // A second subscriber is refused, which only happens in tests that share a process.
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(readers.clone())
        .try_init();
    if started.is_ok() {
        let _ = LEVELS.set(Arc::new(Levels {
            handle,
            readers,
            said: Mutex::new((level.to_owned(), Parts::new())),
        }));
    }
}

/// Writes a field of a line. Untrusted values may contain line ends, which would forge lines, and terminal escapes.
fn write_field(
    out: &mut fmt::format::Writer<'_>,
    field: &tracing::field::Field,
    value: &dyn std::fmt::Debug,
) -> std::fmt::Result {
    let mut shown = String::new();
    cairn_wire::text::escaped(&format!("{value:?}"), &mut shown);
    match field.name() {
        "message" => out.write_str(&shown),
        name => write!(out, "{name}={shown}"),
    }
}

/// The levels of the log that was started.
pub(crate) fn levels() -> Option<Arc<dyn LogLevels>> {
    LEVELS
        .get()
        .map(|levels| -> Arc<dyn LogLevels> { Arc::clone(levels) as _ })
}

/// The current levels, and the handle to change them.
struct Levels {
    handle: reload::Handle<EnvFilter, Registry>,
    readers: Readers,
    said: Mutex<(String, Parts)>,
}

impl std::fmt::Debug for Levels {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Levels").field(&self.filter()).finish()
    }
}

impl LogLevels for Levels {
    fn filter(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        text(&said.0, &said.1)
    }

    fn set(&self, part: Option<&str>, level: &str) -> Result<(), LogLevelError> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, parts) = changed(&said.0, &said.1, part, level)?;
        let unusable = || LogLevelError::Part(part.unwrap_or_default().to_owned());
        let filter = EnvFilter::try_new(text(&all, &parts)).map_err(|_| unusable())?;
        self.handle.reload(filter).map_err(|_| unusable())?;
        *said = (all, parts);
        Ok(())
    }

    fn default_level(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        split(&said.0).0
    }

    fn levels(&self) -> BTreeMap<String, String> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, first) = split(&said.0);
        let known = PARTS.iter().map(|part| ((*part).to_owned(), all.clone()));
        known.chain(first).chain(said.1.iter().cloned()).collect()
    }

    fn follow(&self, level: Option<&str>) -> Result<LogLines, LogLevelError> {
        let level = match level {
            None => LevelFilter::TRACE,
            Some(name) => written_level(name)?
                .parse()
                .map_err(|_| LogLevelError::Level(name.to_owned()))?,
        };
        self.readers.add(level)
    }
}

/// The parts of the program that write to the log.
const PARTS: &[&str] = &[
    "cairn",
    "cairn_client",
    "cairn_dag",
    "cairn_http",
    "cairn_http::access",
    "cairn_network",
    "cairn_node",
    "cairn_services",
    "cairn_store",
    "h2",
    "hickory",
    "hyper",
    "hyper_util",
    "libp2p",
    "multistream_select",
    "quinn",
    "reqwest",
    "rustls",
    "sqlx",
    "yamux",
];

/// A level as the filter writes it. What only Kubo's levels for broken programs let through, this program does not write.
fn written_level(level: &str) -> Result<&'static str, LogLevelError> {
    let level = level.to_ascii_lowercase();
    let known = LEVEL_NAMES.iter().copied().find(|known| *known == level);
    match known {
        Some("fatal" | "panic" | "dpanic") => Ok("off"),
        Some(known) => Ok(known),
        None => Err(LogLevelError::Level(level)),
    }
}

/// The level of everything that a filter sets, and those of parts.
fn split(filter: &str) -> (String, Parts) {
    let mut all = "error".to_owned();
    let mut parts = Parts::new();
    for directive in filter.split(',').map(str::trim) {
        match directive.split_once('=') {
            Some((part, level)) => parts.push((part.to_owned(), level.to_owned())),
            None if !directive.is_empty() => directive.clone_into(&mut all),
            None => {}
        }
    }
    (all, parts)
}

/// The levels after a change.
fn changed(
    all: &str,
    parts: &Parts,
    part: Option<&str>,
    level: &str,
) -> Result<(String, Parts), LogLevelError> {
    let level = level.to_ascii_lowercase();
    written_level(&level)?;
    let Some(part) = part else {
        return Ok((level, Parts::new()));
    };
    // As in Kubo, a part need not exist. Only characters of names, so that a name cannot contain other filter syntax.
    let is_name = part.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && part.len() <= 128
        && part.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'/' | b'.')
        });
    if !is_name {
        return Err(LogLevelError::Part(part.to_owned()));
    }
    let mut parts = parts.clone();
    parts.retain(|(known, _)| known != part);
    if parts.len() >= MOST_PARTS {
        return Err(LogLevelError::Part(part.to_owned()));
    }
    parts.push((part.to_owned(), level));
    Ok((all.to_owned(), parts))
}

/// Maximum number of targets with their own level; more are refused.
const MOST_PARTS: usize = 64;

/// The filter. Parts whose names no part of this program can have say nothing to it.
fn text(all: &str, parts: &Parts) -> String {
    let written =
        |level: &str| written_level(level).map_or_else(|_| level.to_owned(), str::to_owned);
    let mut text = written(all);
    let is_target = |part: &str| !part.contains(['-', '/', '.']);
    for (part, level) in parts.iter().filter(|(part, _)| is_target(part)) {
        text.push_str(&format!(",{part}={}", written(level)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log writer for tests.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn foreign_text_makes_no_lines_and_steers_no_terminal() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .fmt_fields(fmt::format::debug_fn(write_field).delimited(" "));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let forged = "a\n2026-01-01T00:00:00Z ERROR forged \u{1b}[31m";
            tracing::warn!(path = %forged, text = forged, "seen {forged}");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text:?}");
        assert!(
            !text.contains('\u{1b}') && text.contains("path=a\\u{a}2026"),
            "{text:?}"
        );
    }

    #[test]
    fn levels_change_for_a_part_or_for_all() {
        let none = Parts::new();
        let (all, parts) = changed("info", &none, Some("cairn_http"), "DEBUG").unwrap();
        assert_eq!(text(&all, &parts), "info,cairn_http=debug");
        let (all, parts) = changed(&all, &parts, Some("cairn_http"), "trace").unwrap();
        assert_eq!(text(&all, &parts), "info,cairn_http=trace");
        let (all, parts) = changed(&all, &parts, None, "error").unwrap();
        assert_eq!(text(&all, &parts), "error");
        assert!(changed(&all, &parts, None, "loud").is_err());
        let (all, parts) = changed(&all, &parts, Some("cairn_dag"), "fatal").unwrap();
        assert_eq!(parts, [("cairn_dag".to_owned(), "fatal".to_owned())]);
        assert_eq!(text(&all, &parts), "error,cairn_dag=off");
        // Names of Kubo's parts are kept, and change nothing.
        let (all, parts) = changed(&all, &parts, Some("no-such-part"), "debug").unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(text(&all, &parts), "error,cairn_dag=off");
        let (all, first) = split("warn,cairn_http=error");
        assert_eq!(all, "warn");
        assert_eq!(first, [("cairn_http".to_owned(), "error".to_owned())]);
        let (all, parts) = ("error".to_owned(), none);
        for name in ["", "a b", "a=b", "a,b", "[x]"] {
            assert!(
                changed(&all, &parts, Some(name), "info").is_err(),
                "{name:?}"
            );
        }
    }
}
