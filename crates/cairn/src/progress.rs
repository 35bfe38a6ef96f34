//! Progress on standard error: only for people, only on a terminal.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Redraws a second.
const RATE: u8 = 10;

/// Whether progress is shown: as asked, or else where someone sees it.
pub(crate) fn is_enabled(asked: Option<bool>) -> bool {
    asked.unwrap_or_else(|| stderr().is_terminal())
}

/// Columns that the wide bar needs; below them a terminal would wrap it, and each redraw begin a new line.
const WIDE: usize = 76;

/// Bytes as far as a terminal's width goes: `{wide_bar}` fills what is left of it and never wraps.
fn byte_style(total: Option<u64>) -> Result<ProgressStyle, indicatif::style::TemplateError> {
    let columns = usize::from(console::Term::stderr().size().1);
    ProgressStyle::with_template(match (total, columns >= WIDE) {
        (Some(_), true) => "{bytes} / {total_bytes} [{wide_bar}] {percent}% {bytes_per_sec} {eta}",
        (Some(_), false) => "{bytes} / {total_bytes} {percent}%",
        (None, true) => "{spinner} {bytes} {bytes_per_sec} {elapsed}",
        (None, false) => "{spinner} {bytes} {elapsed}",
    })
}

/// A bar, or nothing at all. It goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// No bar.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// A bar that counts bytes.
    pub(crate) fn bytes(shown: bool, total: Option<u64>) -> Self {
        // Nothing in all is not known rather than empty: standard input, or files that do not say.
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

    /// Says how much there is, once that is known.
    pub(crate) fn total(&self, total: u64) {
        if total == 0 {
            return;
        }
        self.0.set_length(total);
        if let Ok(style) = byte_style(Some(total)) {
            self.0.set_style(style);
        }
    }

    /// Goes on by this much.
    pub(crate) fn add(&self, amount: u64) {
        self.0.inc(amount);
    }

    /// Goes to this place.
    pub(crate) fn set(&self, place: u64) {
        self.0.set_position(place);
    }

    /// Says something beside the count.
    pub(crate) fn message(&self, message: String) {
        self.0.set_message(message);
    }

    /// Does something that prints, with the bar out of the way.
    pub(crate) fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
