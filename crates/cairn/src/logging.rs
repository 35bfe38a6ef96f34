//! Logging, always to standard error.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cairn_http::logs::{LogLevelError, LogLevels};
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

use crate::globals::Globals;

/// Levels of single targets, which override the general level.
type Parts = Vec<(String, String)>;

static LEVELS: OnceLock<Arc<Levels>> = OnceLock::new();

/// Starts logging. A daemon logs what it does, a command only errors.
pub(crate) fn start(globals: &Globals, daemon: bool) {
    let level = match (&globals.log, globals.debug, daemon) {
        (_, true, _) => "debug",
        (Some(level), ..) => level,
        (None, false, true) => "info",
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
    // A second subscriber is refused, which only happens in tests that share a process.
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    if started.is_ok() {
        let _ = LEVELS.set(Arc::new(Levels {
            handle,
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
}

/// The levels after a change.
fn changed(
    all: &str,
    parts: &Parts,
    part: Option<&str>,
    level: &str,
) -> Result<(String, Parts), LogLevelError> {
    let level = level.to_ascii_lowercase();
    if !matches!(
        level.as_str(),
        "off" | "error" | "warn" | "info" | "debug" | "trace"
    ) {
        return Err(LogLevelError::Level(level));
    }
    let Some(part) = part else {
        return Ok((level, Parts::new()));
    };
    // Only identifiers, so that a name cannot contain other filter syntax.
    let is_name = part.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && part.len() <= 128
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
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

fn text(all: &str, parts: &Parts) -> String {
    let mut text = all.to_owned();
    for (part, level) in parts {
        text.push_str(&format!(",{part}={level}"));
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
        for name in ["", "a b", "a=b", "a,b", "[x]"] {
            assert!(
                changed(&all, &parts, Some(name), "info").is_err(),
                "{name:?}"
            );
        }
    }
}
