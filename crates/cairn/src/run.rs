//! From a command line to an exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::commands;
use crate::environment::Environment;
use crate::error::{ErrorStyle, Problem};
use crate::globals::Globals;
use crate::grammar::{self, Invocation};
use crate::logging;

/// Runs a command line.
pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    let program = program_name(&arguments);
    let mut style = ErrorStyle::new(program);
    match parse_and_execute(&mut style, as_ipfs(program, arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.report(&style),
    }
}

fn parse_and_execute(style: &mut ErrorStyle, arguments: Vec<OsString>) -> Result<(), Problem> {
    // Until the command line is parsed, guess.
    style.json = asks_for_json(&arguments);
    let invocation = grammar::parse(style.program, arguments)?;
    style.json = invocation.global::<bool>("global:json") == Some(true);
    let globals = Globals::read(&invocation, &Environment::read())?;
    style.json = globals.format.is_json();
    style.repository.clone_from(&globals.named_repository);
    execute(&invocation, &globals)
}

/// Whether an unparsed command line seems to ask for JSON. `config --json` means something else.
fn asks_for_json(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .take_while(|argument| *argument != "--" && *argument != "config")
        .any(|argument| argument == "--json" || argument == "--json=true")
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
    // Some command futures are large, so not on this thread's stack.
    let work = Box::pin(commands::run(invocation, globals));
    let outcome = runtime.block_on(async {
        match globals.timeout {
            // A daemon has no timeout.
            Some(limit) if !daemon => tokio::time::timeout(limit, work)
                .await
                .unwrap_or_else(|_| Err(Problem::failed("timed out"))),
            _ => work.await,
        }
    });
    // Do not wait for threads that block on a terminal or a disk.
    runtime.shutdown_background();
    outcome
}

/// The name of the program: as `ipfs` it prints `--version` as Kubo does.
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
