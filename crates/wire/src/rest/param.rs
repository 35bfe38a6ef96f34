//! Parameters of paths, queries and headers: any serde type, read from text.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::Value;

/// Maximum number of pairs that a query may have.
const MAX_PAIRS: usize = 4096;

/// The serialization style of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One value.
    Value,
    /// Many values, separated by commas; a repeated parameter is read as well.
    List,
    /// Many values: the parameter is repeated; commas are read as well.
    Repeated,
    /// One JSON value.
    Json,
    /// One percent-encoded value: for headers, which are not reliable for other text.
    Escaped,
    /// A map of all parameters with this prefix.
    Prefix,
}

/// Bounds of a number, of the length of a text in characters, or of the number of items of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The minimum.
    pub least: i64,
    /// The maximum.
    pub most: i64,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static [&'static str],
    /// Its serialization style.
    pub style: Style,
    /// The bounds of its values.
    pub bounds: Option<Bounds>,
    /// The default.
    pub default: fn() -> Option<Value>,
    /// Its JSON schema.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

/// An invalid parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid parameter {name}: {reason}")]
pub struct Invalid {
    /// The parameter.
    pub name: String,
    /// The error.
    pub reason: String,
}

impl Invalid {
    /// A required parameter is missing.
    #[must_use]
    pub fn missing(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            reason: "missing".to_owned(),
        }
    }
}

/// The pairs of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query (`status=queued,pinned&limit=5`).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() >= MAX_PAIRS {
                return Err(Invalid {
                    name: "query".to_owned(),
                    reason: format!("more than {MAX_PAIRS} parameters"),
                });
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// Adds a pair.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds a pair whose value is percent-encoded once more, as in [`Style::Escaped`].
    pub fn push_escaped(&mut self, name: impl Into<String>, value: &str) {
        self.push(
            name,
            utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
        );
    }

    /// Adds the value of a header, which may be a list.
    pub fn push_header(&mut self, param: &Param, value: &[u8]) -> Result<(), Invalid> {
        let text = std::str::from_utf8(value).map_err(|_| Invalid {
            name: param.name.to_owned(),
            reason: "not UTF-8".to_owned(),
        })?;
        match param.style {
            Style::List | Style::Repeated => {
                for item in text.split(',') {
                    self.push(param.name, item.trim());
                }
            }
            _ => self.push(param.name, text),
        }
        Ok(())
    }

    /// Removes the pairs of these parameters that have no value; those of a [`Style::Prefix`] stay.
    pub fn remove_empty(&mut self, params: &[Param]) {
        self.0.retain(|(name, value)| {
            let known = |param: &Param| param.style != Style::Prefix && param.name == name;
            !value.is_empty() || !params.iter().any(known)
        });
    }

    /// The pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "&" };
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            write!(out, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

fn decode(text: &str) -> Result<String, Invalid> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Invalid {
            name: text.chars().take(64).collect(),
            reason: "not UTF-8".to_owned(),
        })
}

/// A value as JSON.
pub fn as_json<T: Serialize>(value: &T) -> Option<Value> {
    serde_json::to_value(value).ok()
}

/// Reads a path parameter; its declaration and its value must both exist.
pub fn read_part<T: DeserializeOwned + Serialize>(
    param: Option<&Param>,
    value: Option<&String>,
    name: &str,
) -> Result<T, Invalid> {
    let missing = || Invalid::missing(name);
    let (param, value) = param.zip(value).ok_or_else(missing)?;
    let mut one = Query::default();
    one.push(param.name, value.clone());
    read(param, &one)?.ok_or_else(missing)
}

/// As [`read`], with a declaration that must exist.
pub fn read_next<T: DeserializeOwned + Serialize>(
    param: Option<&Param>,
    query: &Query,
) -> Result<Option<T>, Invalid> {
    param.map_or(Ok(None), |param| read(param, query))
}

/// Reads a parameter; `None` if it was not sent and its type has no default.
pub fn read<T: DeserializeOwned + Serialize>(
    param: &Param,
    query: &Query,
) -> Result<Option<T>, Invalid> {
    let invalid = |reason: String| Invalid {
        name: param.name.to_owned(),
        reason,
    };
    let mut values = Vec::new();
    let mut map = Vec::new();
    for (name, value) in &query.0 {
        if param.style == Style::Prefix {
            if let Some(key) = name.strip_prefix(param.name) {
                map.push((key, value.as_str()));
            }
        } else if name == param.name {
            values.push(value.as_str());
        }
    }
    let parsed = match param.style {
        Style::Prefix => T::deserialize(MapDeserializer::<_, Error>::new(map.into_iter())),
        // An absent list is empty, unless it has a default.
        Style::List | Style::Repeated if values.is_empty() && (param.default)().is_some() => {
            return Ok(None);
        }
        Style::List | Style::Repeated => {
            let items = values
                .iter()
                .flat_map(|value| value.split(','))
                .filter(|item| !item.is_empty());
            T::deserialize(SeqDeserializer::<_, Error>::new(
                items.map(TextDeserializer),
            ))
        }
        Style::Value | Style::Json | Style::Escaped => match values.as_slice() {
            [] => return Ok(T::deserialize(AbsentValue).ok()),
            [text] if param.style == Style::Json => {
                serde_json::from_str(text).map_err(|error| Error(error.to_string()))
            }
            [text] if param.style == Style::Escaped => {
                match percent_decode_str(text).decode_utf8() {
                    Ok(plain) => T::deserialize(TextDeserializer(&plain)),
                    Err(_) => Err(Error("not UTF-8".to_owned())),
                }
            }
            [text] => T::deserialize(TextDeserializer(text)),
            _ => return Err(invalid("sent more than once".to_owned())),
        },
    }
    .map_err(|error| invalid(error.0))?;
    if let Some(bounds) = param.bounds
        && let Ok(value) = serde_json::to_value(&parsed)
    {
        bounds.check(&value).map_err(invalid)?;
    }
    Ok(Some(parsed))
}

impl Bounds {
    fn check(self, value: &Value) -> Result<(), String> {
        let Self { least, most } = self;
        let length = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        let (found, unit) = match value {
            Value::Number(number) => (number.as_i64().unwrap_or(i64::MAX), ""),
            Value::String(text) => (length(text.chars().count()), " letters"),
            // An empty list is not sent.
            Value::Array(items) if !items.is_empty() => (length(items.len()), " items"),
            _ => return Ok(()),
        };
        if (least..=most).contains(&found) {
            return Ok(());
        }
        Err(format!("{found}{unit} where {least} to {most} are allowed"))
    }
}

/// Adds a parameter to a query.
pub fn write<T: Serialize>(param: &Param, value: &T, query: &mut Query) {
    let Ok(value) = serde_json::to_value(value) else {
        return;
    };
    match (param.style, value) {
        (_, Value::Null) => {}
        (Style::Json, value) => query.push(param.name, value.to_string()),
        (Style::Prefix, Value::Object(map)) => {
            for (key, value) in &map {
                query.push(format!("{}{key}", param.name), text(value));
            }
        }
        (Style::List, Value::Array(items)) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(text).collect();
            query.push(param.name, items.join(","));
        }
        (Style::Escaped, value) => query.push_escaped(param.name, &text(&value)),
        (_, Value::Array(items)) => {
            for item in &items {
                query.push(param.name, text(item));
            }
        }
        (_, value) => query.push(param.name, text(&value)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Why a text cannot be read as its type.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Error(String);

impl serde::de::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A deserializer of an absent value.
struct AbsentValue;

impl<'de> Deserializer<'de> for AbsentValue {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A deserializer of a text value.
struct TextDeserializer<'a>(&'a str);

impl<'de> IntoDeserializer<'de, Error> for TextDeserializer<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $what:literal),+ $(,)?) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let value = self.0.parse().map_err(|_| Error(format!("{:?} is not {}", self.0, $what)))?;
            visitor.$visit(value)
        }
    )+ };
}

impl<'de> Deserializer<'de> for TextDeserializer<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool "true or false",
        deserialize_i8 visit_i8 "a whole number",
        deserialize_i16 visit_i16 "a whole number",
        deserialize_i32 visit_i32 "a whole number",
        deserialize_i64 visit_i64 "a whole number",
        deserialize_u8 visit_u8 "a whole number",
        deserialize_u16 visit_u16 "a whole number",
        deserialize_u32 visit_u32 "a whole number",
        deserialize_u64 visit_u64 "a whole number",
        deserialize_f64 visit_f64 "a number",
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        StrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        f32 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
