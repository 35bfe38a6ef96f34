//! What of an answer counts in a comparison.

use serde_json::{Map, Value, json};

use crate::recording::{Comparison, Mode, Response};

/// The headers that count.
const HEADERS: [&str; 7] = [
    "content-type",
    "x-chunked-output",
    "x-stream-output",
    "x-content-length",
    "trailer",
    "content-disposition",
    "allow",
];

/// An answer reduced to what counts: two answers are the same where this is equal.
#[must_use]
pub fn canon(response: &Response, compare: &Comparison) -> Map<String, Value> {
    let mut reduced = Map::new();
    reduced.insert("status".to_owned(), response.status.into());
    if compare.mode == Mode::Status {
        return reduced;
    }
    let header = |name: &str| {
        response
            .headers
            .get(name)
            .map_or(Value::Null, |value| Value::String(value.clone()))
    };
    reduced.insert(
        "headers".to_owned(),
        HEADERS
            .iter()
            .map(|name| ((*name).to_owned(), header(name)))
            .collect(),
    );
    if compare.mode == Mode::StatusCt {
        return reduced;
    }
    if compare.cors {
        let cors = response
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("access-control-allow"));
        reduced.insert(
            "cors".to_owned(),
            cors.map(|(name, value)| (name.clone(), Value::String(value.clone())))
                .collect(),
        );
    }
    let trailers = response
        .trailers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), Value::String(value.clone())));
    reduced.insert("trailers".to_owned(), trailers.collect());
    reduced.insert("aborted".to_owned(), response.aborted.into());
    reduced.insert("body".to_owned(), body(response, compare.mode));
    reduced
}

fn body(response: &Response, mode: Mode) -> Value {
    let body = &response.body;
    let shapeless = matches!(mode, Mode::Shape | Mode::ShapeLoose);
    match body["kind"].as_str() {
        Some("text") if shapeless => "text".into(),
        Some("json") => {
            let values = body["values"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            if response.status == 200 {
                reduce(values, mode)
            } else {
                values.into()
            }
        }
        _ => body.clone(),
    }
}

fn reduce(values: &[Value], mode: Mode) -> Value {
    let first = values.first();
    match mode {
        Mode::Shape | Mode::FirstShape => first.map(shape).into_iter().collect(),
        Mode::ShapeLoose => first.map(kind).into_iter().collect(),
        Mode::OnlinePing => {
            let successes: Vec<_> = values
                .iter()
                .map(|value| value["Success"].clone())
                .collect();
            json!([first.map(shape), values.len(), successes])
        }
        Mode::Unordered => sorted(values),
        Mode::UnorderedInner => values
            .iter()
            .map(|value| {
                value
                    .as_array()
                    .map_or_else(|| value.clone(), |items| sorted(items))
            })
            .collect(),
        Mode::Progress => json!([values.last(), values.len() > 1]),
        Mode::SortedEntries => values
            .iter()
            .map(|value| {
                sorted(
                    value["Entries"]
                        .as_array()
                        .map(Vec::as_slice)
                        .unwrap_or_default(),
                )
            })
            .collect(),
        Mode::Exact | Mode::Status | Mode::StatusCt => values.into(),
    }
}

/// Keys, and the kinds of their values. Go writes an empty list as null.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        _ => kind(value),
    }
}

fn kind(value: &Value) -> Value {
    match value {
        Value::Object(_) => "object",
        Value::Array(_) | Value::Null => "list",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
    }
    .into()
}

/// The values in an order that depends on nothing but them.
fn sorted(values: &[Value]) -> Value {
    let mut keyed: Vec<_> = values
        .iter()
        .map(|value| (text_of(value), value.clone()))
        .collect();
    keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
    keyed.into_iter().map(|(_, value)| value).collect()
}

/// JSON text with sorted keys.
fn text_of(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{name:?}:{}", text_of(value)))
                .collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(text_of).collect::<Vec<_>>().join(",")
        ),
        _ => value.to_string(),
    }
}
