//! What of an answer counts when it is compared with one of another cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// The headers that count.
const HEADERS: [&str; 14] = [
    "content-type",
    "www-authenticate",
    "location",
    "allow",
    "vary",
    "cache-control",
    "x-chunked-output",
    "trailer",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// Fields whose values differ between two runs.
const VOLATILE: [&str; 20] = [
    "version",
    "commit",
    "rpc_protocol_version",
    "peername",
    "received_at",
    "expire",
    "value",
    "weight",
    "timestamp",
    "created",
    "triggered_at",
    "total_in",
    "total_out",
    "rate_in",
    "rate_out",
    "token",
    // Texts of errors.
    "message",
    "reason",
    "ipfs_peer_id",
    "id",
];

/// Lists of addresses.
const ADDRESSES: [&str; 3] = [
    "addresses",
    "cluster_peers_addresses",
    "ipfs_peer_addresses",
];

/// Fields that may be absent, null or empty alike.
const EMPTYISH: [&str; 4] = ["metadata", "origins", "user_allocations", "allocations"];

/// Cases whose details depend on timing: only the shape counts.
const TIMED: [&str; 5] = [
    "recover_all",
    "recover_all_local",
    "recover_unavailable",
    "status_unavailable",
    "pins_filter_pinning",
];

/// Cases in which the reference continues after an error: only its first line counts.
pub(super) const CONTINUES: [&str; 8] = [
    "pin_repl_text",
    "pin_shard_size_bad",
    "pin_expire_bad",
    "pin_expire_in_short",
    "pin_expire_in_bad",
    "pin_update_bad",
    "pin_origins_bad",
    "pin_origins_nopeer",
];

/// An answer.
pub(super) struct Seen<'a> {
    pub(super) status: u16,
    pub(super) headers: &'a BTreeMap<String, String>,
    pub(super) trailers: &'a BTreeMap<String, String>,
    pub(super) text: &'a str,
}

fn is_peer(text: &str) -> bool {
    text == "<SELF>" || text.starts_with("12D3KooW") && text.len() == 52
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20 && bytes[4] == b'-' && bytes[10] == b'T' && !text.starts_with("0001")
}

fn norm(value: &Value, key: &str) -> Value {
    let empty = match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if EMPTYISH.contains(&key) && empty {
        return json!("<empty>");
    }
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let name = if is_peer(name) {
                    "<peer>"
                } else {
                    name.as_str()
                };
                let value = match value {
                    Value::String(text) if name == "error" && !text.is_empty() => json!("<text>"),
                    value => norm(value, name),
                };
                (name.to_owned(), value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(_) if ADDRESSES.contains(&key) => json!("<addresses>"),
        Value::Array(_) if key == "keys" => json!("<keys>"),
        Value::Array(items) => items.iter().map(|item| norm(item, key)).collect(),
        Value::String(text) if key == "expire_at" => json!(text),
        Value::String(text) if text.starts_with("0001") => json!(text),
        value if VOLATILE.contains(&key) => json!(kind(value)),
        Value::String(text) if is_peer(text) => json!("<peer>"),
        Value::String(text) if is_time(text) => json!("<time>"),
        value => value.clone(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Array(_) => "<list>",
        Value::Bool(_) => "<bool>",
        Value::Number(_) => "<number>",
        Value::String(_) => "<string>",
        Value::Object(_) => "<object>",
    }
}

fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "metadata")
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        value => json!(kind(value)),
    }
}

fn sorted(values: impl IntoIterator<Item = Value>) -> Value {
    let texts: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    let mut texts = texts;
    texts.sort();
    json!(texts)
}

/// The JSON values of a body, or its text.
fn body(name: &str, text: &str) -> Value {
    let values: Option<Vec<Value>> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).ok())
        .collect();
    let Some(values) = values else {
        return json!(text);
    };
    let mut values: Vec<Value> = values.iter().map(|value| norm(value, "")).collect();
    if CONTINUES.contains(&name) {
        values.truncate(1);
    }
    if name.starts_with("pin_expire_in") {
        for value in &mut values {
            if let Some(field) = value.get_mut("expire_at") {
                *field = json!("<time>");
            }
        }
    }
    if name.starts_with("metrics_") || name == "metric_names" {
        let items = values
            .iter()
            .flat_map(|value| value.as_array().into_iter().flatten());
        let items: BTreeSet<String> = items.map(ToString::to_string).collect();
        return json!(items);
    }
    if TIMED.contains(&name) {
        let shapes: BTreeSet<String> = values
            .iter()
            .map(|value| shape(value).to_string())
            .collect();
        return json!(shapes);
    }
    // Listings are in no order.
    if name.starts_with("pins_") || name.starts_with("allocations") || name == "peers" {
        return sorted(values);
    }
    Value::Array(values)
}

/// An answer reduced to what counts.
pub(super) fn view(name: &str, seen: &Seen<'_>) -> Map<String, Value> {
    let headers: Map<String, Value> = HEADERS
        .iter()
        // The reference announces a trailer of responses without a body, which have none.
        .filter(|header| **header != "trailer" || seen.status != 204)
        .filter_map(|header| Some(((*header).to_owned(), json!(seen.headers.get(*header)?))))
        .collect();
    let trailers: Map<String, Value> = seen
        .trailers
        .iter()
        .map(|(name, value)| {
            let shown = if value.is_empty() { "" } else { "<text>" };
            (name.to_ascii_lowercase(), json!(shown))
        })
        .collect();
    let mut view = Map::new();
    view.insert("status".to_owned(), json!(seen.status));
    view.insert("headers".to_owned(), Value::Object(headers));
    view.insert("trailers".to_owned(), Value::Object(trailers));
    view.insert("body".to_owned(), body(name, seen.text));
    view
}
