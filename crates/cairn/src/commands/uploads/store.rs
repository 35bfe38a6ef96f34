//! `uploads store`: NFTs of metadata and files.

use std::path::{Path, PathBuf};

use cairn_client::Source;
use clap::{Arg, ArgAction, Command, ValueHint, value_parser};
use serde_json::json;
use serde_json::value::RawValue;

use super::{Server, command, missing};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

const METADATA: &str = "store:metadata";
const FILES: &str = "store:files";

/// Maximum size of metadata in bytes.
const LIMIT: u64 = 16 << 20;

pub(in crate::commands) fn store_command() -> Command {
    let command = command(
        "store",
        "Store an NFT: metadata and its files",
        "The metadata is a JSON object as in ERC-1155. The server stores the files, puts their URLs into the metadata, and stores that. Prints the CID and the URL of the metadata.\n\nExample: cairn uploads store nft.json --file image=cat.jpg",
    );
    command
        .arg(
            Arg::new(METADATA)
                .value_name("METADATA")
                .help("File with the metadata; standard input for `-`")
                .value_hint(ValueHint::FilePath)
                .value_parser(value_parser!(PathBuf))
                .required(true),
        )
        .arg(
            Arg::new(FILES)
                .long("file")
                .short('f')
                .value_name("PLACE=PATH")
                .action(ArgAction::Append)
                .help("File at a place in the metadata, such as `image` or `properties.video`; may be repeated"),
        )
}

pub(in crate::commands) async fn store(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (server, matches) = Server::connect(invocation, globals)?;
    let path = matches.get_one::<PathBuf>(METADATA);
    let metadata = read(path.ok_or_else(|| missing("METADATA"))?)?;
    let mut call = server.client.store(&metadata);
    for given in matches.get_many::<String>(FILES).into_iter().flatten() {
        let (place, path) = given
            .split_once('=')
            .ok_or_else(|| Problem::usage(format!("--file: {given:?} is not PLACE=PATH")))?;
        call = call.file(place, Source::path(path));
    }
    let stored = call.await.map_err(|error| server.problem(error))?;
    let mut output = Output::stdout()?;
    if globals.format.is_json() {
        let object = json!({
            "ipnft": stored.cid.to_string(),
            "url": stored.url,
            "data": stored.metadata,
        });
        output.text(&format!("{object}\n"))?;
    } else {
        output.text(&format!("{}\n{}\n", stored.cid, stored.url))?;
    }
    output.flush()
}

/// Reads metadata, with the order of its keys.
fn read(path: &Path) -> Result<Box<RawValue>, Problem> {
    use std::io::Read as _;
    let failed = |error: &dyn std::error::Error| {
        Problem::failed(format!("cannot read the metadata in {}", path.display())).because(error)
    };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(LIMIT).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text))
    };
    read.map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}
