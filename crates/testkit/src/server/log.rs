//! What a process printed, its last lines.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::socket_address;

/// How many lines of a daemon's output are kept.
const KEPT_LINES: usize = 2_000;

/// The last lines that a process printed.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: Mutex<VecDeque<String>>,
    grown: Condvar,
}

impl Log {
    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: String) {
        let mut lines = self.lines();
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
        self.grown.notify_all();
    }

    /// Waits until a line holds `text`; false where none does in time.
    pub(super) fn wait_for(&self, text: &str, patience: Duration) -> bool {
        let absent = |lines: &mut VecDeque<String>| !lines.iter().any(|line| line.contains(text));
        let waited = self
            .grown
            .wait_timeout_while(self.lines(), patience, absent);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// The address after `label` in the first line that has it.
    pub(super) fn address(&self, label: &str) -> Option<SocketAddr> {
        self.lines()
            .iter()
            .find_map(|line| socket_address(line.split_once(label)?.1.trim()))
    }

    pub(super) fn text(&self) -> String {
        self.lines()
            .iter()
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

/// Copies a stream's lines to `log` until it ends.
pub(super) fn keep(stream: impl Read + Send + 'static, log: &Arc<Log>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = reader.by_ref().take(64 * 1024).read_until(b'\n', &mut line) {
            log.push(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    });
}
