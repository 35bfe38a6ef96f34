//! The commands for existing uploads.

use cairn_client::nft_storage::Upload;
use clap::{Arg, Command, value_parser};

use super::{Server, cids, command, given_cids};
use crate::commands::pins::{missing, time};
use crate::commands::record::{RecordPrinter, print_record};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::table::Table;

const BEFORE: &str = "uploads:before";
const LIMIT: &str = "uploads:limit";
const NAME: &str = "uploads:name";

/// The largest page of the API.
const PAGE: u64 = 1000;

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
    let limit = Arg::new(LIMIT)
        .long("limit")
        .short('l')
        .value_name("NUMBER")
        .value_parser(value_parser!(u64).range(1..))
        .help("List at most this many uploads");
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
    let limit = matches.get_one::<u64>(LIMIT).copied().unwrap_or(u64::MAX);
    let page = u32::try_from(limit.min(PAGE)).unwrap_or(u32::MAX);
    let mut uploads = call.limit(page).stream();
    let mut output = Output::stdout()?;
    let mut table = Table::stdout(["CID", "STATUS", "SIZE", "CREATED", "NAME"]);
    let mut listed = 0;
    let outcome = loop {
        if listed == limit {
            break Ok(());
        }
        listed += 1;
        match uploads.try_next().await {
            Ok(Some(upload)) if globals.format.is_json() => {
                print(&upload, globals, &mut output)?;
            }
            Ok(Some(upload)) => table.row(row(&upload), &mut output)?,
            Ok(None) => break Ok(()),
            // What was listed before is printed before the error.
            Err(error) => break Err(server.problem(error)),
        }
    };
    table.print(&mut output)?;
    output.flush()?;
    outcome
}

fn row(upload: &Upload) -> [String; 5] {
    let record = upload.to_record();
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
