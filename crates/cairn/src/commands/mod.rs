//! The commands.
//!
//! The command of an endpoint calls it and prints its records ([`generic`]). Commands with more code than that, and
//! those without an endpoint, have a file each.

mod accounts;
mod add;
mod block_rm;
mod cat;
mod check;
mod cluster;
mod completions;
mod config_edit;
mod config_profile;
mod config_value;
mod daemon;
mod dag_export;
mod dag_stat;
mod db_copy;
mod diag_healthy;
mod diag_profile;
mod files;
mod files_chroot;
mod files_ls;
mod files_rm;
mod filestore;
mod generic;
mod get;
mod init;
mod items;
mod key_export;
mod key_rotate;
mod listing;
mod ls;
mod p2p;
mod partial_file;
mod pin_add;
mod pin_ls;
mod pin_rm;
mod pins;
mod piped;
mod pubsub;
mod record;
mod record_error;
mod reindex;
mod repair;
mod repo_gc;
mod repo_verify;
mod routing_get;
mod service;
mod shutdown;
mod status;
mod swarm_disconnect;
mod swarm_peers;
mod uploads;
mod version;

use std::future::Future;

use cairn_wire::kubo;
use cairn_wire::kubo::Command;
use cairn_wire::kubo::command::{Custom, Plain};
use futures_util::future::LocalBoxFuture;

use self::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::{self, Invocation};
use crate::output::Output;
use crate::session::Session;

/// A command without an endpoint.
pub(crate) struct OwnCommand {
    /// Its name, with `/` between words.
    pub(crate) path: &'static str,
    /// What it takes.
    pub(crate) command: fn() -> clap::Command,
    run: for<'a> fn(&'a Invocation, &'a Globals) -> LocalBoxFuture<'a, Result<(), Problem>>,
}

/// The commands without an endpoint.
pub(crate) const OWN: &[OwnCommand] = &[
    OwnCommand {
        path: "completions",
        command: completions::command,
        run: |invocation, _| Box::pin(async move { completions::run(invocation) }),
    },
    OwnCommand {
        path: "config/edit",
        command: config_edit::command,
        run: |_, globals| Box::pin(async move { config_edit::run(globals) }),
    },
    OwnCommand {
        path: "daemon",
        command: daemon::command,
        run: |invocation, globals| Box::pin(daemon::run(invocation, globals)),
    },
    OwnCommand {
        path: "db/copy",
        command: db_copy::command,
        run: |invocation, globals| Box::pin(db_copy::run(invocation, globals)),
    },
    OwnCommand {
        path: "files/chroot",
        command: files_chroot::command,
        run: |invocation, globals| Box::pin(files_chroot::run(invocation, globals)),
    },
    OwnCommand {
        path: "init",
        command: init::command,
        run: |invocation, globals| Box::pin(init::run(invocation, globals)),
    },
    OwnCommand {
        path: "key/export",
        command: key_export::command,
        run: |invocation, globals| Box::pin(async move { key_export::run(invocation, globals) }),
    },
    OwnCommand {
        path: "key/rotate",
        command: key_rotate::command,
        run: |invocation, globals| Box::pin(key_rotate::run(invocation, globals)),
    },
    OwnCommand {
        path: "pins/add",
        command: pins::add_command,
        run: |invocation, globals| Box::pin(pins::add(invocation, globals)),
    },
    OwnCommand {
        path: "pins/get",
        command: pins::get_command,
        run: |invocation, globals| Box::pin(pins::get(invocation, globals)),
    },
    OwnCommand {
        path: "pins/ls",
        command: pins::list_command,
        run: |invocation, globals| Box::pin(pins::list(invocation, globals)),
    },
    OwnCommand {
        path: "pins/replace",
        command: pins::replace_command,
        run: |invocation, globals| Box::pin(pins::replace(invocation, globals)),
    },
    OwnCommand {
        path: "pins/rm",
        command: pins::remove_command,
        run: |invocation, globals| Box::pin(pins::remove(invocation, globals)),
    },
    OwnCommand {
        path: "pins/stat",
        command: pins::stat_command,
        run: |invocation, globals| Box::pin(pins::stat(invocation, globals)),
    },
    OwnCommand {
        path: "pins/wait",
        command: pins::wait_command,
        run: |invocation, globals| Box::pin(pins::wait(invocation, globals)),
    },
    OwnCommand {
        path: "repo/reindex",
        command: reindex::command,
        run: |_, globals| Box::pin(reindex::run(globals)),
    },
    OwnCommand {
        path: "repo/repair",
        command: repair::command,
        run: |_, globals| Box::pin(repair::run(globals)),
    },
    OwnCommand {
        path: "status",
        command: status::command,
        run: |_, globals| Box::pin(status::run(globals)),
    },
    OwnCommand {
        path: "upload",
        command: uploads::upload_command,
        run: |invocation, globals| Box::pin(uploads::upload(invocation, globals)),
    },
    OwnCommand {
        path: "uploads/check",
        command: uploads::check_command,
        run: |invocation, globals| Box::pin(uploads::check(invocation, globals)),
    },
    OwnCommand {
        path: "uploads/ls",
        command: uploads::list_command,
        run: |invocation, globals| Box::pin(uploads::list(invocation, globals)),
    },
    OwnCommand {
        path: "uploads/rename",
        command: uploads::rename_command,
        run: |invocation, globals| Box::pin(uploads::rename(invocation, globals)),
    },
    OwnCommand {
        path: "uploads/rm",
        command: uploads::remove_command,
        run: |invocation, globals| Box::pin(uploads::remove(invocation, globals)),
    },
    OwnCommand {
        path: "uploads/status",
        command: uploads::status_command,
        run: |invocation, globals| Box::pin(uploads::status(invocation, globals)),
    },
    OwnCommand {
        path: "uploads/store",
        command: uploads::store_command,
        run: |invocation, globals| Box::pin(uploads::store(invocation, globals)),
    },
];

/// The commands of accounts and tokens.
pub(crate) const ACCOUNTS: &[OwnCommand] = accounts::COMMANDS;

/// The groups of these commands.
const OWN_GROUPS: &[kubo::Group] = &[
    kubo::Group {
        path: "account",
        summary: "Manage accounts of the pinning service and the upload API",
    },
    kubo::Group {
        path: "db",
        summary: "Manage the database of accounts, pin requests, uploads and the cluster",
    },
    kubo::Group {
        path: "pins",
        summary: "Manage pin requests at a pinning service",
    },
    kubo::Group {
        path: "token",
        summary: "Manage tokens of accounts",
    },
    kubo::Group {
        path: "uploads",
        summary: "Manage uploads at a server of nft.storage's API",
    },
];

/// All commands that are not of the Kubo RPC.
pub(crate) fn own_commands() -> impl Iterator<Item = &'static OwnCommand> {
    OWN.iter().chain(ACCOUNTS).chain(cluster::COMMANDS)
}

/// Their groups.
pub(crate) fn own_groups() -> impl Iterator<Item = &'static kubo::Group> {
    OWN_GROUPS.iter().chain(cluster::GROUPS)
}

/// Corrects the help of commands whose output here is not that of the RPC. `path` has `/` between words.
pub(crate) fn with_own_help(program: &str, path: &str, command: clap::Command) -> clap::Command {
    match path {
        // Under the other name, the output is Kubo's.
        "pin/ls" if program != "ipfs" => pin_ls::with_own_help(command),
        "config/profile" => config_profile::with_names(command),
        _ => command,
    }
}

/// Runs a declared command: [`Plain`] for those that send their request and print the answer, [`Custom`] for the others.
pub(crate) trait Runner<C: Command> {
    /// Opens the session of a command.
    fn open(globals: &Globals) -> impl Future<Output = Result<Session, Problem>> {
        async {
            if C::SPEC.needs_repository {
                Session::open(globals).await
            } else {
                Session::standalone(globals)
            }
        }
    }

    /// Runs it: sends the request, and prints the answer.
    fn run(
        session: &Session,
        request: &Request,
        globals: &Globals,
        output: &mut Output,
    ) -> impl Future<Output = Result<(), Problem>> {
        generic::run(session, request, globals, output)
    }
}

impl<C: Command> Runner<C> for Plain {}

/// Assigns functions to the commands declared with `cli: Custom`.
macro_rules! custom {
    ($($command:ty: $run:expr),+ $(,)?) => { $(
        impl Runner<$command> for Custom {
            async fn run(
                session: &Session,
                request: &Request,
                globals: &Globals,
                output: &mut Output,
            ) -> Result<(), Problem> {
                $run(session, request, globals, output).await
            }
        }
    )+ };
}

custom! {
    kubo::add::Add: add::run,
    kubo::block::rm::BlockRm: block_rm::run,
    kubo::cat::Cat: cat::run,
    kubo::check::Check: check::run,
    kubo::cid::base32::CidBase32: record_error::run::<kubo::cid::format::Formatted>,
    kubo::cid::format::CidFormat: record_error::run::<kubo::cid::format::Formatted>,
    kubo::cid::inspect::CidInspect: record_error::run::<kubo::cid::inspect::CidParts>,
    kubo::config::profile::ConfigProfileApply: config_profile::run,
    kubo::config::value::Config: config_value::run,
    kubo::dag::export::DagExport: dag_export::run,
    kubo::dag::stat::DagStat: dag_stat::run,
    kubo::dht::get::DhtGet: routing_get::run,
    kubo::diag::profile::DiagProfile: diag_profile::run,
    kubo::files::ls::FilesLs: files_ls::run,
    kubo::files::rm::FilesRm: files_rm::run,
    kubo::filestore::dups::FilestoreDups: record_error::run::<kubo::refs::links::Ref>,
    kubo::filestore::ls::FilestoreLs: filestore::ls,
    kubo::filestore::verify::FilestoreVerify: filestore::verify,
    kubo::get::Get: get::run,
    kubo::ls::Ls: ls::run,
    kubo::p2p::forward::P2pForward: p2p::forward,
    kubo::p2p::listen::P2pListen: p2p::listen,
    kubo::pin::add::PinAdd: pin_add::run,
    kubo::pin::ls::PinLs: pin_ls::run,
    kubo::pin::rm::PinRm: pin_rm::run,
    kubo::pubsub::peers::PubsubPeers: pubsub::peers,
    kubo::pubsub::publish::PubsubPub: pubsub::publish,
    kubo::pubsub::sub::PubsubSub: pubsub::subscribe,
    kubo::refs::links::Refs: record_error::run::<kubo::refs::links::Ref>,
    kubo::refs::local::RefsLocal: record_error::run::<kubo::refs::links::Ref>,
    kubo::repo::gc::RepoGc: repo_gc::run,
    kubo::repo::ls::RepoLs: record_error::run::<kubo::refs::links::Ref>,
    kubo::repo::verify::RepoVerify: repo_verify::run,
    kubo::routing::get::RoutingGet: routing_get::run,
    kubo::swarm::disconnect::SwarmDisconnect: swarm_disconnect::run,
    kubo::swarm::peers::SwarmPeers: swarm_peers::run,
}

#[cfg(test)]
pub(crate) use completions::completion_grammar;

/// An option that is `true` or `false`, if it was given.
fn given_flag(request: &Request, names: &[&str]) -> Option<bool> {
    request
        .values
        .loose(names)
        .map(|text| !matches!(text, "0" | "f" | "F" | "false" | "FALSE" | "False"))
}

/// Runs the command of a command line.
pub(crate) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let path = invocation.path.join("/");
    // The last one has precedence, as in the grammar.
    if let Some(own) = own_commands().filter(|own| own.path == path).last() {
        return (own.run)(invocation, globals).await;
    }
    let Some(spec) = invocation.endpoint() else {
        let mut output = Output::stdout()?;
        output.text(&grammar::help(invocation.program, &invocation.path, false))?;
        return output.flush();
    };
    // Check before a node is opened.
    let mut request = Request::read(invocation, spec)?;
    piped::fill(&mut request)?;
    generic::check(&request)?;
    generic::run_as_declared(&request, globals).await
}

/// Opens the session of a command, and runs it.
async fn run_with<C: Command, R: Runner<C>>(
    request: &Request,
    globals: &Globals,
) -> Result<(), Problem> {
    let session = R::open(globals).await?;
    let mut output = Output::stdout()?;
    let outcome = R::run(&session, request, globals, &mut output).await;
    // Output before an error is printed before it.
    let flushed = output.flush();
    let closed = session.close().await;
    outcome.and(flushed).and(closed)
}
