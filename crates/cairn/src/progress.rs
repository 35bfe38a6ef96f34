//! Progress bars on standard error, only on a terminal.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Redraws per second.
const RATE: u8 = 10;

/// Whether progress is shown: as requested, or by default on a terminal.
pub(crate) fn is_enabled(asked: Option<bool>) -> bool {
    asked.unwrap_or_else(|| stderr().is_terminal())
}

/// Columns that the wide bar needs; on a narrower terminal it would wrap, and each redraw start a new line.
const WIDE: usize = 76;

/// Template for bytes: `{wide_bar}` fills the rest of the line and never wraps.
fn byte_style(total: Option<u64>) -> Result<ProgressStyle, indicatif::style::TemplateError> {
    let columns = usize::from(console::Term::stderr().size().1);
    ProgressStyle::with_template(match (total, columns >= WIDE) {
        (Some(_), true) => "{bytes} / {total_bytes} [{wide_bar}] {percent}% {bytes_per_sec} {eta}",
        (Some(_), false) => "{bytes} / {total_bytes} {percent}%",
        (None, true) => "{spinner} {bytes} {bytes_per_sec} {elapsed}",
        (None, false) => "{spinner} {bytes} {elapsed}",
    })
}

/// A progress bar, or nothing. It is removed on drop.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// No bar.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// A bar that counts bytes.
    pub(crate) fn bytes(shown: bool, total: Option<u64>) -> Self {
        // A total of 0 means unknown: standard input, or files without a size.
        let total = total.filter(|total| *total > 0);
        let progress = Self::begin(shown, total);
        progress.styled(byte_style(total))
    }

    /// A count of things.
    pub(crate) fn count(shown: bool, what: &str) -> Self {
        Self::begin(shown, None).styled(ProgressStyle::with_template(&format!(
            "{{spinner}} {{pos}} {what} {{wide_msg}}"
        )))
    }

    fn begin(shown: bool, total: Option<u64>) -> Self {
        if !shown {
            return Self::hidden();
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(RATE));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    fn styled(self, style: Result<ProgressStyle, indicatif::style::TemplateError>) -> Self {
        if let Ok(style) = style {
            self.0.set_style(style);
        }
        self
    }

    /// Sets the total.
    pub(crate) fn total(&self, total: u64) {
        if total == 0 {
            return;
        }
        self.0.set_length(total);
        if let Ok(style) = byte_style(Some(total)) {
            self.0.set_style(style);
        }
    }

    /// Advances by this much.
    pub(crate) fn add(&self, amount: u64) {
        self.0.inc(amount);
    }

    /// Sets the position.
    pub(crate) fn set(&self, place: u64) {
        self.0.set_position(place);
    }

    /// Sets the message.
    pub(crate) fn message(&self, message: String) {
        self.0.set_message(message);
    }

    /// Runs something that prints, with the bar hidden.
    pub(crate) fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
