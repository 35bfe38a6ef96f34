//! Cairn: the daemon and its command line.

mod allocator;
mod commands;
mod environment;
mod error;
mod globals;
mod grammar;
mod logging;
mod output;
mod progress;
mod remote_pins;
mod run;
mod session;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

fn main() -> ExitCode {
    allocator::keep_pages();
    run::run(std::env::args_os().collect())
}
