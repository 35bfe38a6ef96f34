//! Waiting for conditions.

use std::time::{Duration, Instant};

/// How long a condition may take. It is far more than any takes: machines differ.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until a condition holds; whether it does after a minute at most. The caller says what is missing then.
#[must_use]
pub fn until(mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}
