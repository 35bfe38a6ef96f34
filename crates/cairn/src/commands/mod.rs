//! What the commands do.
//!
//! An endpoint's command calls the endpoint and prints its records ([`generic`]); those that do something of their own on
//! this side of the request have a file each, as have the commands that no server knows.

mod add;
mod block_rm;
mod cat;
mod completions;
mod config_edit;
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
mod piped;
mod reindex;
mod repair;
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
        "bitswap" => "The exchange of blocks with peers",
        "block" => "Raw blocks",
        "bootstrap" => "The peers that are dialled first",
        "cid" => "CIDs and their forms",
        "config" => "The configuration",
        "dag" => "DAGs of any codec, and CARs of them",
        "diag" => "What the node is doing",
        "files" => "The mutable file system",
        "filestore" => "Files that are referred to in place of being stored",
        "key" => "Keys that names are published with",
        "log" => "Log lines of the daemon",
        "multibase" => "Texts of bytes",
        "name" => "Names that keys own",
        "object" => "Nodes of dag-pb, as older programs name them",
        "pin" => "What is kept from collection",
        "profile" => "Named sets of changes to the configuration",
        "pubsub" => "Messages by topic",
        "repo" => "The repository",
        "routing" => "Finding content and peers",
        "stats" => "Numbers",
        "swarm" => "Connections to peers",
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
        ["shutdown"] => shutdown::run(globals).await,
        _ => endpoint(invocation, globals).await,
    }
}

/// Runs an endpoint's command; prints the help of a group.
async fn endpoint(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let Some(spec) = invocation.endpoint() else {
        let mut output = Output::stdout()?;
        output.text(&grammar::help(invocation))?;
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
    // What came before an error is printed before it.
    let flushed = output.flush();
    let closed = session.close().await;
    outcome.and(flushed).and(closed)
}
