//! `pins ls` and `pins stat`.

use std::time::SystemTime;

use cairn_client::pinning::{ListPins, NameMatch, Status};
use cairn_primitives::rfc3339;
use cairn_wire::pinning::PinStatus;
use clap::{Arg, ArgAction, ArgMatches, Command};
use futures_util::StreamExt as _;
use serde_json::json;

use super::{Service, command, pair, parse_cid};
use crate::commands::listing::{self, Limit};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

const CID: &str = "pins:cid";
const NAME: &str = "pins:name";
const MATCH: &str = "pins:match";
const STATUS: &str = "pins:status";
const BEFORE: &str = "pins:before";
const AFTER: &str = "pins:after";
const META: &str = "pins:meta";
const LIMIT: &str = "pins:limit";
const COUNT: &str = "pins:count";

pub(in crate::commands) fn list_command() -> Command {
    let command = command(
        "ls",
        "List pin requests, the newest first",
        "Lists all pin requests that match the options, whatever their status. Prints ID, status, creation time, CID and name; with `--json` one pin request per line, as the API has it.",
    );
    let option = |id, long, value, help| Arg::new(id).long(long).value_name(value).help(help);
    command
        .arg(
            option(CID, "cid", "CID", "Only pins of this CID; may be repeated")
                .action(ArgAction::Append),
        )
        .arg(option(NAME, "name", "NAME", "Only pins with this name").short('n'))
        .arg(
            option(
                MATCH,
                "match",
                "HOW",
                "How names are compared: as a whole or in part, and with `i` in either case",
            )
            .value_parser(["exact", "iexact", "partial", "ipartial"])
            .requires(NAME),
        )
        .arg(
            option(
                STATUS,
                "status",
                "STATUS",
                "Only pins with this status; may be repeated [default: any]",
            )
            .short('s')
            .value_parser(Status::ALL.map(Status::name))
            .value_delimiter(',')
            .action(ArgAction::Append),
        )
        .arg(option(
            BEFORE,
            "before",
            "TIME",
            "Only pins created before this time, as in `2026-01-31T12:00:00Z`",
        ))
        .arg(option(
            AFTER,
            "after",
            "TIME",
            "Only pins created after this time",
        ))
        .arg(
            option(
                META,
                "meta",
                "KEY=VALUE",
                "Only pins with this metadata; may be repeated",
            )
            .action(ArgAction::Append),
        )
        .arg(listing::limit(LIMIT, "List at most this many pins"))
        .arg(
            Arg::new(COUNT)
                .long("count")
                .action(ArgAction::SetTrue)
                .conflicts_with(LIMIT)
                .help("Print only the number of pins that match"),
        )
}

pub(in crate::commands) async fn list(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (service, matches) = Service::connect(invocation, globals)?;
    let call = filtered(service.client.list(), &matches)?;
    if matches.get_flag(COUNT) {
        let mut output = Output::stdout()?;
        let count = call.count().await.map_err(|error| service.problem(error))?;
        let text = if globals.format.is_json() {
            format!("{}\n", json!({ "count": count }))
        } else {
            format!("{count}\n")
        };
        output.text(&text)?;
        return output.flush();
    }
    let limit = Limit::of(&matches, LIMIT);
    let pins = call.limit(limit.page()).stream().map(|pin| {
        let pin = pin.map_err(|error| service.problem(error))?;
        Ok(pin.to_record())
    });
    let heads = ["REQUEST ID", "STATUS", "CREATED", "CID", "NAME"];
    listing::print(pins, limit, heads, row, globals).await
}

fn row(record: PinStatus) -> [String; 5] {
    [
        record.requestid,
        record.status.name().to_owned(),
        record.created,
        record.pin.cid,
        record.pin.name.unwrap_or_default(),
    ]
}

/// The call with the filters of the command line.
fn filtered(mut call: ListPins, matches: &ArgMatches) -> Result<ListPins, Problem> {
    let texts = |id: &str| matches.get_many::<String>(id).into_iter().flatten();
    for text in texts(CID) {
        call = call.cid(&parse_cid(text)?);
    }
    if let Some(name) = matches.get_one::<String>(NAME) {
        call = call.name(name);
    }
    if let Some(how) = matches.get_one::<String>(MATCH) {
        call = call.name_match(match how.as_str() {
            "iexact" => NameMatch::IExact,
            "partial" => NameMatch::Partial,
            "ipartial" => NameMatch::IPartial,
            _ => NameMatch::Exact,
        });
    }
    let given: Vec<&String> = texts(STATUS).collect();
    call = match given.as_slice() {
        [] => call.any_status(),
        names => Status::ALL
            .into_iter()
            .filter(|status| names.iter().any(|name| *name == status.name()))
            .fold(call, ListPins::status),
    };
    if let Some(text) = matches.get_one::<String>(BEFORE) {
        call = call.before(time("--before", text)?);
    }
    if let Some(text) = matches.get_one::<String>(AFTER) {
        call = call.after(time("--after", text)?);
    }
    for text in texts(META) {
        let (key, value) = pair(text)?;
        call = call.meta(key, value);
    }
    Ok(call)
}

/// Parses a time of the command line: RFC 3339, or a date.
pub(in crate::commands) fn time(option: &str, text: &str) -> Result<SystemTime, Problem> {
    let parsed = rfc3339::parse(text).or_else(|| rfc3339::parse(&format!("{text}T00:00:00Z")));
    parsed
        .and_then(|(seconds, nanos)| rfc3339::to_system(seconds, nanos))
        .ok_or_else(|| {
            Problem::usage(format!("{option}: {text:?} is not a time")).hint(
                "examples: `2026-01-31`, `2026-01-31T12:00:00Z`, `2026-01-31T12:00:00.5+01:00`",
            )
        })
}

pub(in crate::commands) fn stat_command() -> Command {
    command(
        "stat",
        "Print the number of pin requests with each status",
        "With `--json`, prints an object with a field for each status.",
    )
}

pub(in crate::commands) async fn stat(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (service, _) = Service::connect(invocation, globals)?;
    let totals = service.client.totals().await;
    let totals = totals.map_err(|error| service.problem(error))?;
    let mut output = Output::stdout()?;
    if globals.format.is_json() {
        let object = json!({
            "queued": totals.queued,
            "pinning": totals.pinning,
            "pinned": totals.pinned,
            "failed": totals.failed,
        });
        output.text(&format!("{object}\n"))?;
    } else {
        for (name, count) in [
            ("queued", totals.queued),
            ("pinning", totals.pinning),
            ("pinned", totals.pinned),
            ("failed", totals.failed),
        ] {
            output.text(&format!("{name:<8} {count}\n"))?;
        }
    }
    output.flush()
}
