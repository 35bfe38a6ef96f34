//! Where log lines go: to standard error, never into the output.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::globals::Globals;

/// Starts logging. A daemon tells what it does, a command only what went wrong.
pub(crate) fn start(globals: &Globals, daemon: bool) {
    let level = match (&globals.log, globals.debug, daemon) {
        (_, true, _) => "debug",
        (Some(level), ..) => level,
        (None, false, true) => "info",
        // What a face or the store tells along the way is told in the answer as well.
        (None, false, false) => "warn,cairn_http=error,cairn_store=error",
    };
    let Ok(filter) = EnvFilter::try_new(level) else {
        eprintln!(
            "warning: {level:?} is no log filter; expected something like \"info\" or \"cairn_http=debug\""
        );
        return;
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A second subscriber is refused, which happens only where tests share a process.
    let _ = if globals.log_json {
        lines.json().try_init()
    } else {
        lines
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .try_init()
    };
}
