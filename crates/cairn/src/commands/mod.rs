//! What the commands do.
//!
//! An endpoint's command calls the endpoint and prints its records ([`generic`]); those that do something of their own on
//! this side of the request have a file each, as have the commands that no server knows.

mod add;
mod block_rm;
mod cat;
mod completions;
mod config_edit;
mod config_profile;
mod daemon;
mod dag_export;
mod dag_stat;
mod files;
mod filestore;
mod generic;
mod get;
mod init;
mod ls;
mod pin_add;
mod pin_ls;
mod piped;
mod reindex;
mod repair;
mod repo_gc;
mod repo_verify;
mod shutdown;
mod told;
mod version;

use cairn_http::kubo::is_standalone;
use cairn_wire::kubo::cid::format::Formatted;
use cairn_wire::kubo::cid::inspect::CidParts;
use cairn_wire::kubo::refs::links::Ref;
use clap::Command;

use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::{self, Invocation};
use crate::output::Output;
use crate::session::Session;

/// The commands that no endpoint declares, and where an endpoint's command takes more than the endpoint.
pub(crate) fn own() -> Vec<(&'static str, Command)> {
    vec![
        ("completions", completions::command()),
        ("config/edit", config_edit::command()),
        ("daemon", daemon::command()),
        ("init", init::command()),
        ("repo/reindex", reindex::command()),
        ("repo/repair", repair::command()),
    ]
}

#[cfg(test)]
pub(crate) use completions::offered;

/// An option that is `true` or `false`, if it was given.
fn given_flag(request: &generic::Request, names: &[&str]) -> Option<bool> {
    request
        .values
        .loose(names)
        .map(|text| !matches!(text, "0" | "f" | "F" | "false" | "FALSE" | "False"))
}

/// What a group of commands is about.
pub(crate) fn group_summary(name: &str) -> &'static str {
    match name {
        "bitswap" => "Exchange blocks with peers",
        "block" => "Read and store raw blocks",
        "bootstrap" => "Manage bootstrap peers",
        "cid" => "Convert and inspect CIDs",
        "config" => "Manage the configuration",
        "dag" => "Read and store IPLD DAGs and CAR files",
        "diag" => "Show diagnostics",
        "files" => "Manage MFS, the mutable file system",
        "filestore" => "Manage files that are referenced in place (filestore)",
        "key" => "Manage IPNS keys",
        "log" => "Manage the log of the daemon",
        "multibase" => "Encode and decode multibase text",
        "name" => "Publish and resolve IPNS names",
        "object" => "Read dag-pb nodes (deprecated)",
        "pin" => "Manage pinned objects",
        "profile" => "Apply configuration profiles",
        "pubsub" => "Publish and receive messages by topic",
        "repo" => "Manage the repository",
        "routing" => "Find content and peers",
        "stats" => "Show statistics",
        "swarm" => "Manage connections to peers",
        _ => "More commands",
    }
}

/// Runs the command of a command line.
pub(crate) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let path: Vec<&str> = invocation.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["completions"] => completions::run(invocation),
        ["config", "edit"] => config_edit::run(globals),
        ["daemon"] => Box::pin(daemon::run(invocation, globals)).await,
        ["init"] => init::run(invocation, globals).await,
        ["repo", "reindex"] => reindex::run(globals).await,
        ["repo", "repair"] => repair::run(globals).await,
        ["version"] => version::run(invocation, globals),
        ["shutdown"] => shutdown::run(globals, invocation.program).await,
        _ => endpoint(invocation, globals).await,
    }
}

/// A setting that no API shows stands in a file that its owner can read.
fn config_file_hint(problem: Problem, globals: &Globals) -> Problem {
    match globals.repository() {
        Ok(repository) if problem.message().starts_with("cannot show") => problem.hint(format!(
            "whoever owns the repository reads it in {}",
            repository.join("config").display()
        )),
        _ => problem,
    }
}

/// Runs an endpoint's command; prints the help of a group.
async fn endpoint(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let Some(spec) = invocation.endpoint() else {
        let mut output = Output::stdout()?;
        output.text(&grammar::help(invocation.program, &invocation.path, false))?;
        return output.flush();
    };
    // Checked before a node is opened for it.
    let mut request = generic::Request::read(invocation, spec)?;
    piped::fill(&mut request)?;
    generic::check(&request)?;
    let session = match is_standalone(spec.path) {
        true => Session::standalone(globals)?,
        false => Session::open(globals).await?,
    };
    let mut output = Output::stdout()?;
    let outcome = match spec.path {
        "add" => add::run(&session, &request, globals, &mut output).await,
        "block/rm" => block_rm::run(&session, &request, globals, &mut output).await,
        "cat" => cat::run(&session, &request, &mut output).await,
        "dag/export" => dag_export::run(&session, &request, &mut output).await,
        "cid/base32" | "cid/format" => {
            told::run::<Formatted>(&session, &request, globals, &mut output).await
        }
        "cid/inspect" => told::run::<CidParts>(&session, &request, globals, &mut output).await,
        // Under our own name a few commands print what people look for; as `ipfs`, what Kubo prints.
        "config/profile/apply" if invocation.program != "ipfs" => {
            config_profile::run(&session, &request, globals, &mut output).await
        }
        "pin/ls" if invocation.program != "ipfs" => {
            pin_ls::run(&session, &request, globals, &mut output).await
        }
        "repo/gc" if invocation.program != "ipfs" => {
            repo_gc::run(&session, &request, globals, &mut output).await
        }
        "dag/stat" => dag_stat::run(&session, &request, globals, &mut output).await,
        "filestore/dups" => told::run::<Ref>(&session, &request, globals, &mut output).await,
        "filestore/ls" => filestore::ls(&session, &request, globals, &mut output).await,
        "filestore/verify" => filestore::verify(&session, &request, globals, &mut output).await,
        "get" => get::run(&session, &request, &mut output).await,
        "ls" => ls::run(&session, &request, globals, &mut output).await,
        "pin/add" => pin_add::run(&session, &request, globals, &mut output).await,
        "refs" | "refs/local" | "repo/ls" => {
            told::run::<Ref>(&session, &request, globals, &mut output).await
        }
        "repo/verify" => repo_verify::run(&session, &request, globals, &mut output).await,
        _ => generic::run(&session, &request, globals, &mut output).await,
    };
    let outcome = match outcome {
        Err(problem) if spec.path == "config" && globals.api.is_none() => {
            Err(config_file_hint(problem, globals))
        }
        outcome => outcome,
    };
    // What came before an error is printed before it.
    let flushed = output.flush();
    let closed = session.close().await;
    outcome.and(flushed).and(closed)
}
