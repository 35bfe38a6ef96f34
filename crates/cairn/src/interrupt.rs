//! Signals that end a command which has something to clean up first.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Problem;

/// The signals that end a command. While it exists, they do not end the process by themselves.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Installs the signal handlers.
    pub(crate) fn new() -> Result<Self, Problem> {
        let failed =
            |error: io::Error| Problem::failed("cannot listen for signals").because(&error);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        }
    }

    /// From now on the signals end the process again. The handlers of tokio stay installed, so a task waits for them.
    pub(crate) fn release(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            end(signal);
        });
    }
}

/// Ends the process by a signal, as if it had no handler: the parent process sees which one it was.
pub(crate) fn end(signal: SignalKind) -> ! {
    let number = signal.as_raw_value();
    #[expect(
        unsafe_code,
        reason = "signal and raise have no safe wrapper; the default action runs no code of this process"
    )]
    unsafe {
        libc::signal(number, libc::SIG_DFL);
        libc::raise(number);
    }
    // Only reached if the signal is blocked.
    std::process::exit(128 + number)
}
