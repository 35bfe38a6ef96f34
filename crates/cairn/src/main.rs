//! Cairn: the daemon and its command line.

mod allocator;
mod cluster_link;
mod commands;
mod environment;
mod error;
mod globals;
mod grammar;
mod interrupt;
mod kubo_backend;
mod logging;
mod output;
mod progress;
mod remote_pins;
mod run;
mod session;
mod table;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

fn main() -> ExitCode {
    allocator::keep_pages();
    run::run(std::env::args_os().collect())
}
