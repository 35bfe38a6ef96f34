//! `upload`: sends files and directories.

use std::path::{Path, PathBuf};

use cairn_client::Source;
use cairn_client::nft_storage::{PinStatus, Upload, UploadContent};
use cairn_node::config::parse_size;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use super::{Server, command, missing};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::progress::{self, Progress};

const PATHS: &str = "upload:paths";
const NAME: &str = "upload:name";
const WRAP: &str = "upload:wrap";
const HIDDEN: &str = "upload:hidden";
const CAR: &str = "upload:car";
const PART_SIZE: &str = "upload:part-size";
const CONCURRENT: &str = "upload:concurrent";
const ONLY_HASH: &str = "upload:only-hash";
const PROGRESS: &str = "upload:progress";

pub(in crate::commands) fn upload_command() -> Command {
    let switch = |id, long, help| {
        Arg::new(id)
            .long(long)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    let command = command(
        "upload",
        "Upload files and directories to a server",
        "Computes the CID here, sends the content in CARs of bounded size, and compares the server's CID with its own. Several paths become the entries of a directory. Prints the CID; with `--json` the upload, as the API has it.",
    );
    command
        .arg(
            Arg::new(PATHS)
                .value_name("PATH")
                .help("Files and directories; standard input for `-`")
                .value_hint(ValueHint::AnyPath)
                .value_parser(value_parser!(PathBuf))
                .num_args(1..)
                .required(true),
        )
        .arg(
            Arg::new(NAME)
                .long("name")
                .value_name("NAME")
                .help("Name of the upload"),
        )
        .arg(
            switch(
                WRAP,
                "wrap",
                "Put a single file into a directory, so that its name is kept",
            )
            .short('w'),
        )
        .arg(switch(HIDDEN, "hidden", "Include hidden files in directories").short('H'))
        .arg(
            switch(
                CAR,
                "car",
                "The path is a CAR with one root, whose blocks are sent as they are",
            )
            .conflicts_with_all([WRAP, HIDDEN]),
        )
        .arg(
            switch(
                ONLY_HASH,
                "only-hash",
                "Only compute the CID, and send nothing",
            )
            .short('n'),
        )
        .arg(
            Arg::new(PART_SIZE)
                .long("part-size")
                .value_name("SIZE")
                .help("Maximum size of a request, as in `50MB`; at least 8 MiB [default: 32MiB]"),
        )
        .arg(
            Arg::new(CONCURRENT)
                .long("concurrent")
                .value_name("NUMBER")
                .value_parser(value_parser!(u8).range(1..=64))
                .help("Number of requests at the same time [default: 2]"),
        )
        .arg(
            Arg::new(PROGRESS)
                .long("progress")
                .short('p')
                .value_name("BOOL")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(value_parser!(bool))
                .hide_possible_values(true)
                .help("Show progress on standard error [default: on a terminal]"),
        )
}

pub(in crate::commands) async fn upload(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (server, matches) = Server::connect(invocation, globals)?;
    let call = described(&server, &matches)?;
    let shown = progress::is_enabled(matches.get_one::<bool>(PROGRESS).copied());
    let progress = Progress::bytes(shown, None);
    let call = call.on_progress(move |now| match now.total {
        // Reading to compute the CID comes first.
        None => progress.set(now.packed),
        Some(total) => {
            progress.total(total);
            progress.set(now.sent.min(total));
        }
    });
    let mut output = Output::stdout()?;
    if matches.get_flag(ONLY_HASH) {
        let cid = call.compute_cid().await;
        let cid = cid.map_err(|error| server.problem(error))?;
        let text = if globals.format.is_json() {
            format!("{}\n", serde_json::json!({ "cid": cid.to_string() }))
        } else {
            format!("{cid}\n")
        };
        output.text(&text)?;
        return output.flush();
    }
    let upload = call.await.map_err(|error| server.problem(error))?;
    if globals.format.is_json() {
        super::manage::print(&upload, globals, &mut output)?;
    } else {
        output.text(&format!("{}\n", upload.cid))?;
    }
    output.flush()?;
    incomplete(&upload)
}

/// The problem of an upload that failed on the server.
fn incomplete(upload: &Upload) -> Result<(), Problem> {
    if upload.pin.status == PinStatus::Failed {
        return Err(Problem::failed(format!(
            "the server could not pin {}",
            upload.cid
        )));
    }
    Ok(())
}

/// The call with the options of the command line.
fn described(server: &Server, matches: &ArgMatches) -> Result<UploadContent, Problem> {
    let paths: Vec<&PathBuf> = matches
        .get_many::<PathBuf>(PATHS)
        .into_iter()
        .flatten()
        .collect();
    let mut call = match (paths.as_slice(), matches.get_flag(CAR)) {
        ([path], true) => server.client.upload_car(*path),
        ([], _) => return Err(missing("PATH")),
        (_, true) => return Err(Problem::usage("`--car` takes one path")),
        (paths, false) => {
            let sources: Vec<Source> = paths.iter().map(|path| source(path)).collect();
            server.client.upload(sources)
        }
    };
    if let Some(name) = matches.get_one::<String>(NAME) {
        call = call.name(name);
    }
    if matches.get_flag(WRAP) {
        call = call.wrap(true);
    }
    if let Some(text) = matches.get_one::<String>(PART_SIZE) {
        let size =
            parse_size(text).map_err(|error| Problem::usage(format!("--part-size: {error}")))?;
        call = call.part_size(usize::try_from(size).unwrap_or(usize::MAX));
    }
    if let Some(count) = matches.get_one::<u8>(CONCURRENT) {
        call = call.concurrent(usize::from(*count));
    }
    Ok(call.hidden(matches.get_flag(HIDDEN)))
}

fn source(path: &Path) -> Source {
    if path == Path::new("-") {
        Source::blocking_reader(std::io::stdin()).named("stdin")
    } else {
        Source::path(path)
    }
}
