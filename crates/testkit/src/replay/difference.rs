//! Where two reduced answers part, told for people.

use std::fmt;

use serde_json::{Map, Value};

/// No more differences than these are told of one recording.
const LIMIT: usize = 12;
/// Values longer than this many characters are cut where they are told.
const LONG: usize = 300;

/// One place where an answer differs from the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: keys and indexes from the outside in.
    pub place: String,
    /// What was recorded; `None` where there was nothing.
    pub recorded: Option<String>,
    /// What came; `None` where there is nothing.
    pub answered: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(nothing)".to_owned());
        write!(
            f,
            "{}\n      recorded {}\n      answered {}",
            self.place,
            side(&self.recorded),
            side(&self.answered)
        )
    }
}

/// What differs between two reduced answers, the first few places.
pub(super) fn between(
    recorded: &Map<String, Value>,
    answered: &Map<String, Value>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    objects("", recorded, answered, &mut found);
    found
}

fn compare(place: &str, recorded: &Value, answered: &Value, found: &mut Vec<Difference>) {
    if found.len() >= LIMIT || same(recorded, answered) {
        return;
    }
    match (recorded, answered) {
        (Value::Object(left), Value::Object(right)) => objects(place, left, right, found),
        (Value::Array(left), Value::Array(right)) => arrays(place, left, right, found),
        _ => note(place, Some(recorded), Some(answered), found),
    }
}

/// Equality that does not tell 1 from 1.0, nor a no-break space from a space: Go's protobuf library writes either in
/// its messages, at random a build, so that nobody relies on them.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64() && (left.is_f64() || right.is_f64())
        }
        (Value::String(left), Value::String(right)) => {
            left == right || left.replace('\u{a0}', " ") == right.replace('\u{a0}', " ")
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

fn objects(
    place: &str,
    recorded: &Map<String, Value>,
    answered: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    for (name, left) in recorded {
        let place = format!("{place}.{name}");
        match answered.get(name) {
            Some(right) => compare(&place, left, right, found),
            None => note(&place, Some(left), None, found),
        }
    }
    for (name, right) in answered {
        if !recorded.contains_key(name) {
            note(&format!("{place}.{name}"), None, Some(right), found);
        }
    }
}

/// Lists: what the common start and the common end leave in between.
fn arrays(place: &str, recorded: &[Value], answered: &[Value], found: &mut Vec<Difference>) {
    if recorded.len() == answered.len() {
        for (index, (left, right)) in recorded.iter().zip(answered).enumerate() {
            compare(&format!("{place}[{index}]"), left, right, found);
        }
        return;
    }
    found.push(Difference {
        place: format!("{place} (length)"),
        recorded: Some(recorded.len().to_string()),
        answered: Some(answered.len().to_string()),
    });
    let start = recorded
        .iter()
        .zip(answered)
        .take_while(|(left, right)| same(left, right))
        .count();
    let (recorded, answered) = (recorded.split_at(start).1, answered.split_at(start).1);
    let end = recorded
        .iter()
        .rev()
        .zip(answered.iter().rev())
        .take_while(|(left, right)| same(left, right))
        .count();
    for (index, left) in recorded.iter().enumerate().take(recorded.len() - end) {
        if !answered.iter().any(|right| same(left, right)) {
            note(
                &format!("{place}[{}]", start + index),
                Some(left),
                None,
                found,
            );
        }
    }
    for (index, right) in answered.iter().enumerate().take(answered.len() - end) {
        if !recorded.iter().any(|left| same(left, right)) {
            note(
                &format!("{place}[{}]", start + index),
                None,
                Some(right),
                found,
            );
        }
    }
}

fn note(
    place: &str,
    recorded: Option<&Value>,
    answered: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    if found.len() < LIMIT {
        found.push(Difference {
            place: place.to_owned(),
            recorded: recorded.map(cut),
            answered: answered.map(cut),
        });
    }
}

fn cut(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!(
            "{}… ({} bytes)",
            text.get(..end).unwrap_or_default(),
            text.len()
        ),
        None => text,
    }
}
