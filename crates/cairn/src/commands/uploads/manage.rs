//! The commands for existing uploads.

use cairn_client::nft_storage::Upload;
use cairn_wire::upload::Nft;
use clap::{Arg, Command};
use futures_util::StreamExt as _;

use super::{Server, cids, command, given_cids};
use crate::commands::listing::{self, Limit};
use crate::commands::pins::{missing, time};
use crate::commands::record::{RecordPrinter, print_record};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

const BEFORE: &str = "uploads:before";
const LIMIT: &str = "uploads:limit";
const NAME: &str = "uploads:name";

pub(in crate::commands) fn list_command() -> Command {
    let command = command(
        "ls",
        "List uploads, the newest first",
        "Prints CID, status, size in bytes, creation time and name; with `--json` one upload per line, as the API has it.",
    );
    let before = Arg::new(BEFORE)
        .long("before")
        .value_name("TIME")
        .help("Only uploads created before this time, as in `2026-01-31T12:00:00Z`");
    let limit = listing::limit(LIMIT, "List at most this many uploads");
    command.arg(before).arg(limit)
}

pub(in crate::commands) async fn list(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (server, matches) = Server::connect(invocation, globals)?;
    let mut call = server.client.list();
    if let Some(text) = matches.get_one::<String>(BEFORE) {
        call = call.before(time("--before", text)?);
    }
    let limit = Limit::of(&matches, LIMIT);
    let uploads = call.limit(limit.page()).stream().map(|upload| {
        let upload = upload.map_err(|error| server.problem(error))?;
        Ok(upload.to_record())
    });
    let heads = ["CID", "STATUS", "SIZE", "CREATED", "NAME"];
    listing::print(uploads, limit, heads, row, globals).await
}

fn row(record: Nft) -> [String; 5] {
    [
        record.cid,
        record.pin.status.name().to_owned(),
        record.size.to_string(),
        record.created,
        record.name.unwrap_or_default(),
    ]
}

/// Prints an upload: a line of JSON, or its fields.
pub(super) fn print(
    upload: &Upload,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    print_record(&upload.to_record(), globals.format.is_json(), output)
}

pub(in crate::commands) fn status_command() -> Command {
    let command = command(
        "status",
        "Print uploads and the state of their pins",
        "An upload has the status `pinning` until all parts of its CAR have arrived.",
    );
    command.arg(cids(true))
}

pub(in crate::commands) async fn status(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (server, matches) = Server::connect(invocation, globals)?;
    let mut records = RecordPrinter::stdout(globals)?;
    for cid in &given_cids(&matches)? {
        let upload = server.client.status(cid).await;
        let upload = upload.map_err(|error| server.problem_of(cid, error))?;
        records.print(&upload.to_record())?;
    }
    Ok(())
}

pub(in crate::commands) fn check_command() -> Command {
    let command = command(
        "check",
        "Check whether anyone stores CIDs at a server",
        "Needs no access token.",
    );
    command.arg(cids(true))
}

pub(in crate::commands) async fn check(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (server, matches) = Server::connect(invocation, globals)?;
    let mut records = RecordPrinter::stdout(globals)?;
    for cid in &given_cids(&matches)? {
        let checked = server.client.check(cid).await.map_err(|error| {
            if error.is_not_found() {
                Problem::failed(format!("nobody stores {cid} there")).because(&error)
            } else {
                server.problem(error)
            }
        })?;
        records.print(&checked.to_record())?;
    }
    Ok(())
}

pub(in crate::commands) fn remove_command() -> Command {
    let command = command(
        "rm",
        "Remove uploads",
        "The server keeps the content no longer, unless others store it, too. Prints the CIDs of the removed uploads.",
    );
    command.arg(cids(true))
}

pub(in crate::commands) async fn remove(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (server, matches) = Server::connect(invocation, globals)?;
    let mut output = Output::stdout()?;
    for cid in given_cids(&matches)? {
        let removed = server.client.delete(&cid).await;
        removed.map_err(|error| server.problem_of(&cid, error))?;
        output.text(&format!("{cid}\n"))?;
        output.flush()?;
    }
    Ok(())
}

pub(in crate::commands) fn rename_command() -> Command {
    let command = command(
        "rename",
        "Change the name of an upload",
        "Prints the upload.",
    );
    let name = Arg::new(NAME)
        .value_name("NAME")
        .help("The new name")
        .required(true);
    command.arg(cids(false)).arg(name)
}

pub(in crate::commands) async fn rename(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (server, matches) = Server::connect(invocation, globals)?;
    let name = matches.get_one::<String>(NAME);
    let name = name.ok_or_else(|| missing("NAME"))?;
    let mut output = Output::stdout()?;
    for cid in given_cids(&matches)? {
        let upload = server.client.rename(&cid, name).await;
        let upload = upload.map_err(|error| server.problem_of(&cid, error))?;
        print(&upload, globals, &mut output)?;
    }
    output.flush()
}
