//! Commands of REST endpoints, generated from their declarations.
//!
//! The parameters of the path are arguments; those of the query, headers and the fields of a JSON body are options.

mod body;
mod print;

use cairn_client::rest::{CallError, Received, Rest};
use cairn_client::{Address, Http};
use cairn_wire::rest::openapi::{OpenApiContent, is_required, parameter_schema};
use cairn_wire::rest::{Api, Endpoint, Param, Parameters, Query, Style};
use clap::{Arg, ArgAction, ArgMatches, Command};
use http::HeaderValue;
use serde_json::Value;

use self::body::CommandBody;
use self::print::PrintableReply;
use crate::error::Problem;
use crate::globals::{self, Globals};
use crate::grammar::{self, Invocation};
use crate::output::Output;

const SERVICE: &str = "rest:service";
const TOKEN_FILE: &str = "rest:token-file";

/// The grammar of an endpoint's command.
pub(crate) fn command<E>() -> Command
where
    E: Endpoint<Body: CommandBody<E> + OpenApiContent, Reply: Received>,
{
    let spec = E::SPEC;
    let name = spec.command.rsplit('/').next().unwrap_or(spec.command);
    let mut command = Command::new(name)
        .about(spec.summary())
        .long_about(grammar::text(spec.docs))
        // No server of this program has these APIs yet.
        .hide(true);
    for param in spec.path_parameters {
        let place = Arg::new(id("path", param.name))
            .value_name(param.name.to_uppercase())
            .help(grammar::text(param.docs))
            .required(true);
        command = command.arg(place);
    }
    let service = Arg::new(SERVICE)
        .long("service")
        .value_name("URL")
        .help(format!("URL of a server of the {}", E::Api::INFO.title))
        .required(true);
    let token = Arg::new(TOKEN_FILE)
        .long("token-file")
        .value_name("FILE")
        .value_parser(clap::value_parser!(std::path::PathBuf))
        .help("Read the access token from this file [default: $CAIRN_SERVICE_TOKEN]");
    command = command.arg(service).arg(token);
    for (place, params) in [("query", spec.query), ("header", spec.headers)] {
        for param in params {
            command = with_option(command, place, option(place, param));
        }
    }
    <E::Body as CommandBody<E>>::arguments(command)
}

/// Adds an option. If its name is taken, it is prefixed with its location, as in `--body-meta`.
fn with_option(command: Command, place: &str, option: Arg) -> Command {
    let taken = |name: &str| {
        command
            .get_arguments()
            .any(|own| own.get_long() == Some(name))
    };
    let option = match option.get_long().filter(|name| taken(name)) {
        Some(name) => {
            let longer = format!("{place}-{name}");
            option.long(longer)
        }
        None => option,
    };
    command.arg(option)
}

/// Calls an endpoint and prints its reply.
pub(crate) async fn run<E>(invocation: &Invocation, globals: &Globals) -> Result<(), Problem>
where
    E: Endpoint<Body: CommandBody<E> + OpenApiContent, Reply: PrintableReply<E::Api>>,
{
    let Some(matches) = invocation.matches() else {
        return Err(Problem::usage("a command is missing"));
    };
    let endpoint = E::from_request(&parameters::<E>(matches)?)
        .map_err(|error| Problem::usage(error.to_string()))?;
    let rest = connect(invocation, globals)?;
    let answer = <E::Body as CommandBody<E>>::send(&rest, &endpoint, matches).await?;
    let mut output = Output::stdout()?;
    let printed = E::Reply::print(answer, globals.format.is_json(), &mut output).await;
    let flushed = output.flush();
    printed.and(flushed)
}

fn connect<A: Api>(invocation: &Invocation, globals: &Globals) -> Result<Rest<A>, Problem> {
    let address: Address = invocation
        .own::<String>(SERVICE)
        .unwrap_or_default()
        .parse()
        .map_err(|error: cairn_client::address::AddressError| {
            Problem::usage(format!("--service: {error}"))
        })?;
    let rest = Rest::new(Http::new(&address)?, "");
    let token = match invocation.own::<std::path::PathBuf>(TOKEN_FILE) {
        Some(path) => Some(globals::read_secret(&path)?),
        None => globals.service_token.clone(),
    };
    match token {
        None => Ok(rest),
        Some(token) => HeaderValue::from_str(&format!("Bearer {token}"))
            .map(|value| rest.with_authorization(value))
            .map_err(|_| {
                Problem::usage("the access token contains characters that are invalid in a header")
            }),
    }
}

/// The error of a failed call.
fn refused<A: Api>(error: CallError<A::Error>) -> Problem {
    match error {
        CallError::Refused { status, error } => {
            let problem = Problem::failed(format!("{} ({status})", A::message(&error)));
            if status == http::StatusCode::UNAUTHORIZED {
                problem.hint("give the access token with `--token-file` or CAIRN_SERVICE_TOKEN")
            } else {
                problem
            }
        }
        CallError::Interrupted { error } => Problem::failed(A::message(&error)),
        CallError::Transport(error) => Problem::from_error(&error),
        other => Problem::from_error(&other),
    }
}

/// The identifier of an argument, distinct for each location.
fn id(place: &str, name: &str) -> String {
    format!("{place}:{name}")
}

/// The name of a parameter as an option.
fn long(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let name = name.strip_prefix("x-").unwrap_or(&name);
    name.trim_end_matches('-').to_owned()
}

fn option(place: &str, param: &Param) -> Arg {
    let mut help = grammar::text(param.docs);
    let default = (param.default)();
    match default {
        None | Some(Value::Bool(false)) => {}
        Some(Value::String(text)) => help.push_str(&format!(" [default: {text}]")),
        Some(other) => help.push_str(&format!(" [default: {other}]")),
    }
    let schema = parameter_schema(param);
    let arg = Arg::new(id(place, param.name))
        .long(long(param.name))
        .help(help)
        .required(is_required(param));
    match param.style {
        Style::Prefix => pairs(arg),
        Style::Json => one(arg).value_name("JSON"),
        Style::List | Style::Repeated => {
            let item = schema.get("items").unwrap_or(&Value::Null);
            typed(arg, item)
                .action(ArgAction::Append)
                .value_delimiter(',')
        }
        Style::Value | Style::Escaped => typed(arg, &schema),
    }
}

/// An option with one value.
fn one(arg: Arg) -> Arg {
    arg.num_args(1).allow_hyphen_values(true)
}

/// An option that may be repeated: a map.
fn pairs(arg: Arg) -> Arg {
    one(arg).action(ArgAction::Append).value_name("KEY=VALUE")
}

/// An option whose values are of this schema.
fn typed(arg: Arg, schema: &Value) -> Arg {
    let choices: Vec<String> = choices(schema);
    if !choices.is_empty() {
        return one(arg).value_parser(choices).value_name("VALUE");
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL"),
        Some("integer" | "number") => one(arg).value_name("NUMBER"),
        _ => one(arg).value_name("TEXT"),
    }
}

/// The strings that a schema allows, if it is an enum.
fn choices(schema: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(all) = schema.get("enum").and_then(Value::as_array) {
        return all.iter().filter_map(text).collect();
    }
    let of = schema.get("oneOf").and_then(Value::as_array);
    let each = of.into_iter().flatten();
    each.filter_map(|choice| choice.get("const").and_then(text))
        .collect()
}

fn given<'a>(matches: &'a ArgMatches, id: &str) -> Vec<&'a str> {
    let found = matches.try_get_many::<String>(id).ok().flatten();
    found.into_iter().flatten().map(String::as_str).collect()
}

/// Splits `KEY=VALUE`.
fn pair(text: &str) -> Result<(&str, &str), Problem> {
    text.split_once('=')
        .ok_or_else(|| Problem::usage(format!("{text:?} is not KEY=VALUE")))
}

/// The parameters of the command line.
fn parameters<E: Endpoint>(matches: &ArgMatches) -> Result<Parameters, Problem> {
    let spec = E::SPEC;
    let mut request = Parameters::default();
    for param in spec.path_parameters {
        let values = given(matches, &id("path", param.name));
        request.path.extend(values.into_iter().map(str::to_owned));
    }
    fill("query", spec.query, matches, &mut request.query)?;
    fill("header", spec.headers, matches, &mut request.headers)?;
    Ok(request)
}

fn fill(
    place: &str,
    params: &[Param],
    matches: &ArgMatches,
    query: &mut Query,
) -> Result<(), Problem> {
    for param in params {
        for value in given(matches, &id(place, param.name)) {
            match param.style {
                Style::Prefix => {
                    let (key, value) = pair(value)?;
                    query.push(format!("{}{key}", param.name), value);
                }
                Style::Escaped => query.push_escaped(param.name, value),
                _ => query.push(param.name, value),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
