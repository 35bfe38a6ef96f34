//! `pins`: pin requests at any pinning service.

mod add;
mod list;
mod manage;

use cairn_client::pinning::{Pin, PinningError, PinningService, RequestId};
use cairn_client::rest::CallError;
use cairn_client::{Cid, TransportError};
use cairn_node::config::Face;
use clap::{Arg, ArgAction, ArgMatches, Command};

pub(super) use self::add::{add, add_command, replace, replace_command};
pub(super) use self::list::{list, list_command, stat, stat_command, time};
pub(super) use self::manage::{get, get_command, remove, remove_command, wait, wait_command};
use super::service::{self, Connected};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;

/// A connection to a service.
struct Service {
    client: PinningService,
    is_local: bool,
}

impl Service {
    fn connect(invocation: &Invocation, globals: &Globals) -> Result<(Self, ArgMatches), Problem> {
        let matches = invocation
            .matches()
            .ok_or_else(|| Problem::usage("a command is missing"))?;
        let Connected { client, is_local } =
            service::connect::<PinningService>(matches, globals, Face::Pinning)?;
        let client = client.with_idempotent_adds(is_local);
        Ok((Self { client, is_local }, matches.clone()))
    }

    /// The problem of a failed call.
    fn problem(&self, error: PinningError) -> Problem {
        let status = error.status();
        let mut scope = false;
        let problem = match error {
            PinningError::Call(CallError::Transport(error)) => {
                return unreachable(error, self.is_local);
            }
            PinningError::Refused(refusal) => {
                let text = refusal.details.unwrap_or(refusal.reason);
                // Their codes do not tell the reasons apart.
                scope = text.contains("scope");
                Problem::failed(format!("{text} ({})", refusal.status))
            }
            other => Problem::from_error(&other),
        };
        service::with_hint(problem, status, scope, self.is_local)
    }

    /// The problem of a failed call about a pin request.
    fn problem_of(&self, id: &RequestId, error: PinningError) -> Problem {
        if error.is_not_found() {
            Problem::failed(format!("there is no pin request {:?}", id.as_str()))
                .because(&error)
                .hint("`{program} pins ls` lists the pin requests")
        } else {
            self.problem(error)
        }
    }
}

/// A service that cannot be reached.
pub(super) fn unreachable(error: TransportError, is_local: bool) -> Problem {
    match error {
        TransportError::Connect { .. } | TransportError::ConnectTimeout { .. } => {
            let problem = Problem::from_error(&error);
            if is_local {
                problem.hint("is the daemon running? Start it with `{program} daemon`, or name another service with `--service`")
            } else {
                problem
            }
        }
        other => other.into(),
    }
}

fn command(name: &'static str, about: &'static str, more: &str) -> Command {
    let command = Command::new(name)
        .about(about)
        .long_about(format!("{about}.\n\n{more}"));
    service::options(command, Face::Pinning)
}

const REQUEST: &str = "pins:requestid";

/// The argument for pin requests.
fn requests(many: bool) -> Arg {
    let argument = Arg::new(REQUEST)
        .value_name("REQUESTID")
        .help("ID of the pin request, as printed by `pins add` and `pins ls`")
        .required(true);
    if many {
        argument.num_args(1..).action(ArgAction::Append)
    } else {
        argument
    }
}

fn given_requests(matches: &ArgMatches) -> Result<Vec<RequestId>, Problem> {
    let ids = matches.get_many::<String>(REQUEST).into_iter().flatten();
    let ids: Vec<_> = ids.map(|id| RequestId::from(id.as_str())).collect();
    // The grammar lets arguments be missing, as standard input may have them for other commands.
    if ids.is_empty() {
        return Err(missing("REQUESTID"));
    }
    Ok(ids)
}

/// The problem of an argument that is missing.
pub(super) fn missing(name: &str) -> Problem {
    Problem::usage(format!("the argument {name} is missing"))
}

/// Parses a CID, also as part of a path or URL.
pub(super) fn parse_cid(text: &str) -> Result<Cid, Problem> {
    let bare = text
        .strip_prefix("/ipfs/")
        .or_else(|| text.strip_prefix("ipfs://"))
        .unwrap_or(text);
    bare.trim_end_matches('/')
        .parse()
        .map_err(|error| Problem::usage(format!("{text:?} is not a CID")).because(&error))
}

/// Splits `KEY=VALUE`.
fn pair(text: &str) -> Result<(&str, &str), Problem> {
    text.split_once('=')
        .ok_or_else(|| Problem::usage(format!("--meta: {text:?} is not KEY=VALUE")))
}

/// Prints a pin request: a line of JSON, or its fields.
fn print(pin: &Pin, globals: &Globals, output: &mut Output) -> Result<(), Problem> {
    super::record::print_record(&pin.to_record(), globals.format.is_json(), output)
}
