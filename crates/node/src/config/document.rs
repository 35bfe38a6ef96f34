//! The file as written: all keys are kept, including unknown ones.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Config, ConfigError};

/// Maps in which `null` is a distinct value; elsewhere it means the same as an absent key.
const NULL_IS_VALUE: &[&str] = &["Gateway.PublicGateways"];

/// A configuration file's JSON object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    keys: Map<String, Value>,
}

impl Document {
    /// Parses a file's text.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] for what is not a JSON object.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(keys)) => Ok(Self { keys }),
            Ok(_) => Err(ConfigError::Syntax {
                problem: "the outermost value is something else".to_owned(),
            }),
            // These errors of serde_json have positions and expectations, and no values.
            Err(error) => Err(ConfigError::Syntax {
                problem: error.to_string(),
            }),
        }
    }

    /// A configuration as a document, with all keys of its sections.
    ///
    /// # Errors
    /// None in practice: JSON can represent all sections.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        match serde_json::to_value(config) {
            Ok(Value::Object(keys)) => Ok(Self { keys }),
            Ok(_) => Ok(Self::default()),
            Err(error) => Err(ConfigError::Syntax {
                problem: error.to_string(),
            }),
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{:#}", Value::Object(self.keys.clone()));
        text.push('\n');
        text
    }

    /// The typed configuration, and the unknown keys, dotted.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first invalid value.
    pub fn interpret(&self) -> Result<(Config, Vec<String>), ConfigError> {
        let mut keys = Value::Object(self.keys.clone());
        drop_nulls(&mut keys, "");
        let mut unknown = Vec::new();
        let mut track = serde_path_to_error::Track::new();
        let reader = serde_path_to_error::Deserializer::new(keys, &mut track);
        let mut ignored = |path: serde_ignored::Path<'_>| unknown.push(dotted(&path));
        let config = Config::deserialize(serde_ignored::Deserializer::new(reader, &mut ignored));
        match config {
            // Derived deserializers accept a list in place of a map; nobody means that.
            Ok(config) => match list_for_map(&self.keys, &Self::of(&config)?.keys, "") {
                Some(key) => Err(ConfigError::Value {
                    key,
                    problem: "expected a map, found a list".to_owned(),
                }),
                None => Ok((config, unknown)),
            },
            Err(error) => {
                let key = track.path().to_string();
                let problem = rewrite_type_error(&error.to_string(), is_secret(&key));
                Err(ConfigError::Value { key, problem })
            }
        }
    }

    /// The value of a dotted key.
    ///
    /// # Errors
    /// [`ConfigError::NotFound`], or [`ConfigError::NotAMap`] when the key leads through something else.
    pub fn get(&self, key: &str) -> Result<&Value, ConfigError> {
        let mut map = &self.keys;
        let mut parts = parts(key).peekable();
        while let Some((sofar, part)) = parts.next() {
            let value = map.get(part).ok_or_else(|| ConfigError::NotFound {
                key: sofar.to_owned(),
            })?;
            if parts.peek().is_none() {
                return Ok(value);
            }
            map = value.as_object().ok_or_else(|| ConfigError::NotAMap {
                key: sofar.to_owned(),
            })?;
        }
        Err(ConfigError::NotFound {
            key: key.to_owned(),
        })
    }

    /// Sets the value of a dotted key, creating the maps on the way.
    ///
    /// # Errors
    /// [`ConfigError::NotAMap`] when the key leads through something else.
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), ConfigError> {
        let mut map = &mut self.keys;
        let mut parts = parts(key).peekable();
        while let Some((sofar, part)) = parts.next() {
            if parts.peek().is_none() {
                map.insert(part.to_owned(), value);
                break;
            }
            let next = map.entry(part).or_insert(Value::Null);
            if next.is_null() {
                *next = Value::Object(Map::new());
            }
            map = next.as_object_mut().ok_or_else(|| ConfigError::NotAMap {
                key: sofar.to_owned(),
            })?;
        }
        Ok(())
    }

    /// Removes a dotted key, if present.
    pub fn remove(&mut self, key: &str) {
        let (path, last) = key
            .rsplit_once('.')
            .map_or((None, key), |(path, last)| (Some(path), last));
        let map = match path {
            None => Some(&mut self.keys),
            Some(path) => path.split('.').try_fold(&mut self.keys, |map, part| {
                map.get_mut(part).and_then(Value::as_object_mut)
            }),
        };
        if let Some(map) = map {
            map.shift_remove(last);
        }
    }

    /// Adds the keys of another document that this one lacks.
    pub fn fill(&mut self, other: Self) {
        fill(&mut self.keys, other.keys);
    }

    /// Applies the difference between two documents to this one: keys that are equal in both are unchanged.
    pub fn repeat(&mut self, before: &Self, after: &Self) {
        repeat(&mut self.keys, &before.keys, &after.keys);
    }

    /// All keys and values without secrets, sorted.
    #[must_use]
    pub fn show(&self) -> Value {
        let mut value = Value::Object(self.without_secrets().keys);
        value.sort_all_objects();
        value
    }

    /// The same without secrets: secret keys are left out, a database URL loses its password.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut shown = self.clone();
        for secret in SECRETS {
            remove_path(&mut shown.keys, secret);
        }
        for (section, database) in &mut shown.keys {
            if !section.eq_ignore_ascii_case("Database") {
                continue;
            }
            for (key, url) in database.as_object_mut().into_iter().flatten() {
                if key.eq_ignore_ascii_case("URL")
                    && let Value::String(text) = url
                {
                    *text = without_password(text);
                }
            }
        }
        shown
    }
}

/// Keys that are never shown; `*` matches any.
const SECRETS: &[&[&str]] = &[
    &["Identity", "PrivKey"],
    &["API", "Authorizations"],
    &["Pinning", "RemoteServices", "*", "API", "Key"],
];

/// Whether the value at a dotted key is, contains or is part of a secret, so that errors must not quote it.
fn is_secret(key: &str) -> bool {
    let parts: Vec<&str> = key.split('.').collect();
    SECRETS
        .iter()
        .chain([&["Database", "URL"][..]].iter())
        .any(|secret| {
            parts
                .iter()
                .zip(*secret)
                .all(|(part, word)| *word == "*" || part.eq_ignore_ascii_case(word))
        })
}

/// A database URL with its passwords replaced: in the authority and in the parameters.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = match authority
        .rsplit_once('@')
        .and_then(|(user, host)| Some((user.split_once(':')?.0, host)))
    {
        Some((user, host)) => format!("{user}:***@{host}"),
        None => authority.to_owned(),
    };
    let path = match path.split_once('?') {
        Some((path, query)) => {
            let pairs = query.split('&').map(|pair| match pair.split_once('=') {
                Some((name, _)) if name.to_ascii_lowercase().contains("password") => {
                    format!("{name}=***")
                }
                _ => pair.to_owned(),
            });
            format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
        }
        None => path.to_owned(),
    };
    format!("{scheme}://{authority}{path}")
}

/// The parts of a dotted key, each with the key up to its end.
fn parts(key: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut end = 0;
    key.split('.').map(move |part| {
        let start = end;
        end += part.len() + 1;
        (&key[..start + part.len()], part)
    })
}

fn drop_nulls(value: &mut Value, path: &str) {
    match value {
        Value::Object(map) => {
            if !NULL_IS_VALUE.contains(&path) {
                map.retain(|_, value| !value.is_null());
            }
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                drop_nulls(value, &path);
            }
        }
        Value::Array(items) => {
            for item in items {
                drop_nulls(item, &format!("{path}.*"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The dotted form of a path.
fn dotted(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    let under = |parent: &Path<'_>, last: &dyn std::fmt::Display| match dotted(parent) {
        parent if parent.is_empty() => last.to_string(),
        parent => format!("{parent}.{last}"),
    };
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => under(parent, index),
        Path::Map { parent, key } => under(parent, key),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => dotted(parent),
    }
}

/// The first key with a list where a map is expected.
fn list_for_map(
    found: &Map<String, Value>,
    made: &Map<String, Value>,
    path: &str,
) -> Option<String> {
    found.iter().find_map(|(key, found)| {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (found, made.get(key)?) {
            (Value::Array(_), Value::Object(_)) => Some(path),
            (Value::Object(found), Value::Object(made)) => list_for_map(found, made, &path),
            _ => None,
        }
    })
}

/// Rewrites a type error of serde's as `expected A, found B`; without the value where that is secret.
fn rewrite_type_error(error: &str, secret: bool) -> String {
    let Some((found, expected)) = error
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return if secret {
            "the value cannot be used; it is not shown, as it may hold a secret".to_owned()
        } else {
            error.to_owned()
        };
    };
    let expected = match expected {
        "i64" => "an integer",
        "a sequence" => "a list",
        other => other.strip_prefix("struct ").map_or(other, |_| "a map"),
    };
    if secret {
        // The type of a value, as in `string "…"`, without the value.
        let kind = found.split([' ', '"', '`']).next().unwrap_or_default();
        return format!("expected {expected}, found {kind}");
    }
    format!("expected {expected}, found {found}")
}

fn fill(map: &mut Map<String, Value>, other: Map<String, Value>) {
    for (key, value) in other {
        match (map.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(value)) => fill(inner, value),
            (Some(_), _) => {}
            (None, value) => {
                map.insert(key, value);
            }
        }
    }
}

fn repeat(map: &mut Map<String, Value>, before: &Map<String, Value>, after: &Map<String, Value>) {
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        map.shift_remove(key);
    }
    for (key, value) in after {
        let old = before.get(key);
        if old == Some(value) {
            continue;
        }
        match (map.get_mut(key), old, value) {
            (Some(Value::Object(map)), Some(Value::Object(old)), Value::Object(new)) => {
                repeat(map, old, new);
            }
            _ => {
                map.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Removes a path from a map. As in Kubo, a map at its end stays, empty.
fn remove_path(map: &mut Map<String, Value>, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    map.retain(|key, value| {
        if *first != "*" && !key.eq_ignore_ascii_case(first) {
            return true;
        }
        match value {
            Value::Object(inner) => {
                if rest.is_empty() {
                    inner.clear();
                } else {
                    remove_path(inner, rest);
                }
                true
            }
            _ => false,
        }
    });
}
