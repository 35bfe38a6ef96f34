//! `pins add` and `pins replace`.

use cairn_client::pinning::AddPin;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Service, command, given_requests, missing, pair, parse_cid, print, requests};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

const CID: &str = "pins:cid";
const NAME: &str = "pins:name";
const ORIGIN: &str = "pins:origin";
const META: &str = "pins:meta";
const WAIT: &str = "pins:wait";
const KEY: &str = "pins:idempotency-key";

pub(in crate::commands) fn add_command() -> Command {
    let command = command(
        "add",
        "Ask a pinning service to pin a CID",
        "The service fetches the content from its peers, and then keeps it. Prints the pin request. With `--wait`, the command ends when the content is pinned, or fails if it cannot be.",
    );
    let cid = Arg::new(CID)
        .value_name("CID")
        .help("Root of the DAG to pin")
        .required(true);
    let key = Arg::new(KEY)
        .long("idempotency-key")
        .value_name("TEXT")
        .help("Text that identifies the request: with the same text again, services that know it add no further pin request [default: random]");
    options(command.arg(cid)).arg(key)
}

pub(in crate::commands) fn replace_command() -> Command {
    let command = command(
        "replace",
        "Replace a pin request by one for another CID",
        "The service keeps the blocks that both have in common. Name and metadata are those given here; the new pin request has another ID.",
    );
    let cid = Arg::new(CID)
        .value_name("CID")
        .help("Root of the DAG to pin instead")
        .required(true);
    options(command.arg(requests(false)).arg(cid))
}

fn options(command: Command) -> Command {
    command
        .arg(
            Arg::new(NAME)
                .long("name")
                .short('n')
                .value_name("NAME")
                .help("Name of the pin, at most 255 characters"),
        )
        .arg(
            Arg::new(META)
                .long("meta")
                .value_name("KEY=VALUE")
                .action(ArgAction::Append)
                .help("Metadata to keep with the pin; may be repeated"),
        )
        .arg(
            Arg::new(ORIGIN)
                .long("origin")
                .value_name("MULTIADDR")
                .action(ArgAction::Append)
                .help("Address of a peer that has the content, with `/p2p/PEER` at its end; may be repeated"),
        )
        .arg(
            Arg::new(WAIT)
                .long("wait")
                .short('w')
                .action(ArgAction::SetTrue)
                .help("Wait until the content is pinned"),
        )
}

pub(in crate::commands) async fn add(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (service, matches) = Service::connect(invocation, globals)?;
    let cid = parse_cid(text(&matches, CID)?)?;
    let mut call = service.client.add(&cid);
    if let Some(key) = matches.get_one::<String>(KEY) {
        call = call.idempotency_key(key);
    }
    run(&service, filled(call, &matches)?, &matches, globals).await
}

pub(in crate::commands) async fn replace(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (service, matches) = Service::connect(invocation, globals)?;
    let cid = parse_cid(text(&matches, CID)?)?;
    let ids = given_requests(&matches)?;
    let id = ids.first().ok_or_else(|| missing("REQUESTID"))?;
    let call = service.client.replace(id, &cid);
    run(&service, filled(call, &matches)?, &matches, globals).await
}

fn text<'a>(matches: &'a ArgMatches, id: &str) -> Result<&'a str, Problem> {
    let given = matches.get_one::<String>(id);
    given.map(String::as_str).ok_or_else(|| missing("CID"))
}

/// The call with the options of the command line.
fn filled(mut call: AddPin, matches: &ArgMatches) -> Result<AddPin, Problem> {
    if let Some(name) = matches.get_one::<String>(NAME) {
        call = call.name(name);
    }
    for given in matches.get_many::<String>(META).into_iter().flatten() {
        let (key, value) = pair(given)?;
        call = call.meta(key, value);
    }
    for given in matches.get_many::<String>(ORIGIN).into_iter().flatten() {
        let address = given.parse().map_err(|error| {
            Problem::usage(format!("--origin: {given:?} is not a multiaddr")).because(&error)
        })?;
        call = call.origin(&address);
    }
    Ok(call)
}

async fn run(
    service: &Service,
    call: AddPin,
    matches: &ArgMatches,
    globals: &Globals,
) -> Result<(), Problem> {
    let mut pin = call.await.map_err(|error| service.problem(error))?;
    if matches.get_flag(WAIT) {
        pin = service.wait(&pin.id).await?;
    }
    let mut output = Output::stdout()?;
    print(&pin, globals, &mut output)?;
    output.flush()
}
