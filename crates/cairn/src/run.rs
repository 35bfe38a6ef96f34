//! From a command line to an exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::commands;
use crate::environment::Environment;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::{self, Invocation};
use crate::logging;

/// Runs a command line.
pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    let program = program_name(&arguments);
    match understand_and_execute(program, as_ipfs(program, arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.report(program),
    }
}

fn understand_and_execute(program: &'static str, arguments: Vec<OsString>) -> Result<(), Problem> {
    let invocation = grammar::parse(program, arguments)?;
    let globals = Globals::read(&invocation, &Environment::read())?;
    execute(&invocation, &globals)
}

fn execute(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let daemon = invocation.is(&["daemon"]);
    logging::start(globals, daemon);
    let mut builder = if daemon {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Problem::failed("cannot start").because(&error))?;
    // Some commands hold much while they wait: not on this thread's stack.
    let work = Box::pin(commands::run(invocation, globals));
    let outcome = runtime.block_on(async {
        match globals.timeout {
            // A daemon has no end to wait for.
            Some(limit) if !daemon => tokio::time::timeout(limit, work)
                .await
                .unwrap_or_else(|_| Err(Problem::failed("timed out"))),
            _ => work.await,
        }
    });
    // Threads that wait for a terminal or a disk do not keep the program.
    runtime.shutdown_background();
    outcome
}

/// What the program is called: as `ipfs` it answers `--version` as Kubo does.
fn program_name(arguments: &[OsString]) -> &'static str {
    let name = arguments
        .first()
        .and_then(|path| Path::new(path).file_stem());
    if name.is_some_and(|name| name == "ipfs") {
        "ipfs"
    } else {
        "cairn"
    }
}

/// Kubo's `--version` is its `version` command.
fn as_ipfs(program: &str, mut arguments: Vec<OsString>) -> Vec<OsString> {
    match arguments.get_mut(1) {
        Some(first) if program == "ipfs" && first == "--version" => *first = "version".into(),
        _ => {}
    }
    arguments
}
