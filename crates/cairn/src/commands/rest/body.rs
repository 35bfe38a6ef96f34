//! Request bodies from the command line.

use std::future::Future;
use std::path::PathBuf;

use cairn_client::rest::{Received, Rest, TakesBytes, TakesFiles, ValueOf};
use cairn_client::{RawUpload, Upload};
use cairn_wire::rest::Endpoint;
use cairn_wire::rest::openapi::{OpenApiContent, json_schema};
use cairn_wire::shape::{self, Record};
use clap::{Arg, ArgMatches, Command, ValueHint};
use http::HeaderValue;
use serde_json::{Map, Value};

use super::{given, id, long, one, pair, pairs, refused, typed, with_option};
use crate::commands::files;
use crate::error::Problem;

/// The identifier of the file arguments.
const FILES: &str = "rest:files";

/// A body that the command line can provide.
pub(crate) trait CommandBody<E: Endpoint<Reply: Received>>: shape::Body {
    /// Adds its arguments to the grammar.
    fn arguments(command: Command) -> Command;

    /// Sends the request.
    fn send(
        rest: &Rest<E::Api>,
        endpoint: &E,
        matches: &ArgMatches,
    ) -> impl Future<Output = Result<ValueOf<E>, Problem>>;
}

impl<E: Endpoint<Body = Self, Reply: Received>> CommandBody<E> for shape::NoBody {
    fn arguments(command: Command) -> Command {
        command
    }

    async fn send(
        rest: &Rest<E::Api>,
        endpoint: &E,
        _: &ArgMatches,
    ) -> Result<ValueOf<E>, Problem> {
        rest.call(endpoint).await.map_err(refused::<E::Api>)
    }
}

impl<E, T> CommandBody<E> for shape::Json<T>
where
    T: Record + Sync,
    Self: OpenApiContent,
    E: Endpoint<Body = Self, Reply: Received>,
{
    fn arguments(mut command: Command) -> Command {
        let schema = json_schema::<Self>().unwrap_or_default();
        for (name, field) in properties(&schema) {
            command = with_option(command, "body", field_option(&schema, name, field));
        }
        command
    }

    async fn send(
        rest: &Rest<E::Api>,
        endpoint: &E,
        matches: &ArgMatches,
    ) -> Result<ValueOf<E>, Problem> {
        let body: T = value::<Self, T>(matches)?;
        rest.send(endpoint, &body).await.map_err(refused::<E::Api>)
    }
}

impl<E: Endpoint<Body = Self, Reply: Received>> CommandBody<E> for shape::Files
where
    Self: TakesFiles,
{
    fn arguments(command: Command) -> Command {
        command.arg(paths().num_args(0..))
    }

    async fn send(
        rest: &Rest<E::Api>,
        endpoint: &E,
        matches: &ArgMatches,
    ) -> Result<ValueOf<E>, Problem> {
        let paths: Vec<_> = named(matches).into_iter().map(Into::into).collect();
        let upload = Upload::from_parts(files::plain(&paths, "file")?);
        rest.upload(endpoint, upload)
            .await
            .map_err(refused::<E::Api>)
    }
}

impl<E: Endpoint<Body = Self, Reply: Received>> CommandBody<E> for shape::RawBody
where
    Self: TakesBytes,
{
    fn arguments(command: Command) -> Command {
        command.arg(paths().num_args(1).required(true))
    }

    async fn send(
        rest: &Rest<E::Api>,
        endpoint: &E,
        matches: &ArgMatches,
    ) -> Result<ValueOf<E>, Problem> {
        let path = named(matches).into_iter().next().unwrap_or_default();
        let media_type = HeaderValue::from_static("application/octet-stream");
        rest.send_bytes(endpoint, media_type, RawUpload::file(path))
            .await
            .map_err(refused::<E::Api>)
    }
}

/// The JSON body made of the options.
pub(super) fn value<B: OpenApiContent, T: Record>(matches: &ArgMatches) -> Result<T, Problem> {
    let schema = json_schema::<B>().unwrap_or_default();
    let mut object = Map::new();
    for (name, field) in properties(&schema) {
        let values = given(matches, &id("body", name));
        if !values.is_empty() {
            object.insert(name.to_owned(), field_value(name, field, &values)?);
        }
    }
    serde_json::from_value(Value::Object(object)).map_err(|error| Problem::usage(error.to_string()))
}

fn paths() -> Arg {
    Arg::new(FILES)
        .value_name("FILE")
        .help("Files to send")
        .value_hint(ValueHint::AnyPath)
        .value_parser(clap::value_parser!(PathBuf))
}

fn named(matches: &ArgMatches) -> Vec<PathBuf> {
    let found = matches.try_get_many::<PathBuf>(FILES).ok().flatten();
    found.into_iter().flatten().cloned().collect()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let each = fields.into_iter().flatten();
    each.map(|(name, field)| (name.as_str(), field))
}

fn kind(field: &Value) -> &str {
    field.get("type").and_then(Value::as_str).unwrap_or("")
}

/// Whether a field is a map of strings.
fn is_map(field: &Value) -> bool {
    field
        .get("additionalProperties")
        .is_some_and(|each| kind(each) == "string")
}

fn field_option(schema: &Value, name: &str, field: &Value) -> Arg {
    let required = schema.get("required").and_then(Value::as_array);
    let text = |key: &str| field.get(key).and_then(Value::as_str).unwrap_or("");
    let arg = Arg::new(id("body", name))
        .long(long(name))
        .help(text("description").trim_end_matches('.').to_owned())
        .required(required.is_some_and(|all| all.iter().any(|known| known == name)));
    match (kind(field), field.get("items")) {
        ("array", Some(item)) => typed(arg, item).action(clap::ArgAction::Append),
        ("object", _) if is_map(field) => pairs(arg),
        ("object" | "array", _) => one(arg).value_name("JSON"),
        _ => typed(arg, field),
    }
}

fn field_value(name: &str, field: &Value, values: &[&str]) -> Result<Value, Problem> {
    let json = |text: &str| {
        serde_json::from_str::<Value>(text)
            .map_err(|error| Problem::usage(format!("--{}: {error}", long(name))))
    };
    let scalar = |kind: &str, text: &str| match kind {
        "integer" | "number" | "boolean" | "object" | "array" => json(text),
        _ => Ok(Value::from(text)),
    };
    match (kind(field), field.get("items")) {
        ("array", Some(item)) => {
            let items = values.iter().map(|text| scalar(kind(item), text));
            items.collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        ("object", _) if is_map(field) => {
            let fields = values.iter().map(|text| {
                let (key, value) = pair(text)?;
                Ok::<_, Problem>((key.to_owned(), Value::from(value)))
            });
            fields.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        (kind, _) => scalar(kind, values.last().copied().unwrap_or_default()),
    }
}
