//! Stopping the daemon.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop the daemon.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Installs the signal handlers.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

/// Ends the process after this time, or at the next signal: everything that was answered is on disk.
pub(super) fn limit(limit: Duration, mut signals: Signals) {
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        eprintln!("error: the daemon did not stop in time");
        std::process::exit(1);
    });
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(1);
    });
}
