//! NFTs: metadata, and the node of the metadata with its files, as nft.storage makes them.
//!
//! Metadata is a JSON object, in which the order of keys and the texts of numbers are kept. Each file lies in a directory of
//! its own, and has a place in the metadata: its URL in the text, a link to its directory in the node.
//!
//! Form: <https://eips.ethereum.org/EIPS/eip-1155#metadata>

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::codec::{CodecError, dag_cbor};
use crate::{Block, ByteString, Cid, Codec, Ipld, Multihash};

/// The form field of the metadata.
pub const META: &str = "meta";

/// The type of an NFT, in its node and of its upload.
pub const KIND: &str = "nft";

/// The name of the metadata, in its node and in URLs.
pub const METADATA: &str = "metadata.json";

/// Maximum size of metadata, in bytes.
pub const MAX_META: usize = 1 << 20;

/// The name of a file that was sent without one.
const UNNAMED: &str = "blob";

/// Maximum nesting of metadata.
const MAX_DEPTH: usize = 100;

/// The largest integer that JavaScript writes as one: the service wrote whole floats up to it as integers.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// Why metadata is not accepted.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// There is none.
    #[error("the form field `meta` is missing")]
    Missing,
    /// It is longer than allowed.
    #[error("the metadata has more than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// It is no JSON.
    #[error("the metadata is not valid JSON: {reason}")]
    Json {
        /// Why.
        reason: String,
    },
    /// It is not an object.
    #[error("the metadata must be a JSON object")]
    NoObject,
    /// It is nested too deep.
    #[error("the metadata is nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A number cannot be stored.
    #[error("the number {number} is out of range")]
    Number {
        /// The number.
        number: String,
    },
    /// A file has a place where the metadata has a value.
    #[error("the metadata already has a value at {path:?}, where a file is to be")]
    Taken {
        /// The path of the file.
        path: String,
    },
    /// A file has a place that does not exist and cannot be made.
    #[error("the metadata has no place for a file at {path:?}")]
    NoPlace {
        /// The path of the file.
        path: String,
    },
    /// The node cannot be encoded.
    #[error("cannot encode the NFT")]
    Encode(#[from] CodecError),
}

/// The name that a file has in its directory: the last part of its path.
#[must_use]
pub fn file_name(path: &ByteString) -> String {
    let text = path.to_text();
    match text.rsplit('/').next().unwrap_or_default() {
        "" | "." | ".." => UNNAMED.to_owned(),
        last => last.to_owned(),
    }
}

/// Metadata with its files.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata(Json);

/// A JSON value, or a file in its place.
#[derive(Clone, Debug, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    String(String),
    Array(Vec<Json>),
    /// In the order in which the keys were first written.
    Object(Vec<(String, Json)>),
    File {
        directory: Cid,
        name: String,
    },
}

/// The entries of an object that are not read yet.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Entries<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

fn invalid(error: &serde_json::Error) -> MetadataError {
    MetadataError::Json {
        reason: error.to_string(),
    }
}

impl Metadata {
    /// Reads metadata, which must be an object in at most [`MAX_META`] bytes.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn parse(text: &[u8]) -> Result<Self, MetadataError> {
        if text.len() > MAX_META {
            return Err(MetadataError::TooLong { limit: MAX_META });
        }
        let text = std::str::from_utf8(text).map_err(|error| MetadataError::Json {
            reason: error.to_string(),
        })?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| invalid(&error))?;
        match Json::read(raw.get(), 0)? {
            object @ Json::Object(_) => Ok(Self(object)),
            _ => Err(MetadataError::NoObject),
        }
    }

    /// Puts a file at a path with dots between its parts. Objects on the way that are absent are made; what is there must
    /// count as nothing in JavaScript.
    ///
    /// # Errors
    /// [`MetadataError::Taken`], [`MetadataError::NoPlace`].
    pub fn put_file(
        &mut self,
        path: &str,
        directory: Cid,
        name: String,
    ) -> Result<(), MetadataError> {
        self.0.put_file(path, directory, name)
    }

    /// As text without spaces. Files are their URLs.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = String::new();
        self.0.write_to(&mut out);
        out
    }

    /// The node of an NFT: the metadata with links to the directories of the files, a link to the metadata as a file, and
    /// its type.
    ///
    /// # Errors
    /// [`MetadataError::Number`], [`MetadataError::Encode`].
    pub fn into_node(self, metadata: Cid) -> Result<Block, MetadataError> {
        let Ipld::Map(mut entries) = self.0.into_ipld()? else {
            return Err(MetadataError::NoObject);
        };
        entries.retain(|(key, _)| {
            ![METADATA, "type"]
                .iter()
                .any(|own| key.as_bytes() == own.as_bytes())
        });
        entries.push((METADATA.into(), Ipld::Link(metadata)));
        entries.push(("type".into(), Ipld::from(KIND)));
        let data = Bytes::from(dag_cbor::encode(&Ipld::Map(entries))?);
        let cid = Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&data));
        Ok(Block::new(cid, data))
    }
}

impl Json {
    fn read(text: &str, depth: usize) -> Result<Self, MetadataError> {
        if depth > MAX_DEPTH {
            return Err(MetadataError::TooDeep { limit: MAX_DEPTH });
        }
        let text = text.trim();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Entries(entries) =
                    serde_json::from_str(text).map_err(|error| invalid(&error))?;
                let mut object: Vec<(String, Self)> = Vec::with_capacity(entries.len());
                let mut places = std::collections::HashMap::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = Self::read(value.get(), depth + 1)?;
                    // A repeated key keeps its first place and its last value.
                    let place = *places.entry(key.clone()).or_insert(object.len());
                    match object.get_mut(place) {
                        Some((_, old)) => *old = value,
                        None => object.push((key, value)),
                    }
                }
                Self::Object(object)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> =
                    serde_json::from_str(text).map_err(|error| invalid(&error))?;
                let items = items
                    .into_iter()
                    .map(|item| Self::read(item.get(), depth + 1));
                Self::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => {
                Self::String(serde_json::from_str(text).map_err(|error| invalid(&error))?)
            }
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            _ => Self::Number(text.to_owned()),
        })
    }

    fn put_file(&mut self, path: &str, directory: Cid, name: String) -> Result<(), MetadataError> {
        let no_place = || MetadataError::NoPlace {
            path: path.to_owned(),
        };
        let mut place = self;
        for part in path.split('.') {
            if matches!(place, Self::Null) {
                *place = Self::Object(Vec::new());
            }
            place = match place {
                Self::Object(entries) => {
                    let at = entries.iter().position(|(key, _)| key == part);
                    let at = at.unwrap_or_else(|| {
                        entries.push((part.to_owned(), Self::Null));
                        entries.len() - 1
                    });
                    entries.get_mut(at).map(|(_, value)| value)
                }
                Self::Array(items) => {
                    let at: usize = part.parse().map_err(|_| no_place())?;
                    if at == items.len() {
                        items.push(Self::Null);
                    }
                    items.get_mut(at)
                }
                _ => None,
            }
            .ok_or_else(no_place)?;
        }
        let is_free = match place {
            Self::Null | Self::Bool(false) => true,
            Self::String(text) => text.is_empty(),
            Self::Number(text) => text.parse::<f64>().is_ok_and(|number| number == 0.0),
            _ => false,
        };
        if !is_free {
            return Err(MetadataError::Taken {
                path: path.to_owned(),
            });
        }
        *place = Self::File { directory, name };
        Ok(())
    }

    fn write_to(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::String(text) => write_text(text, out),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_to(out);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write_to(out);
                }
                out.push('}');
            }
            Self::File { directory, name } => {
                write_text(&format!("ipfs://{directory}/{name}"), out);
            }
        }
    }

    /// As a value of the data model. Files are links to their directories.
    fn into_ipld(self) -> Result<Ipld, MetadataError> {
        Ok(match self {
            Self::Null => Ipld::Null,
            Self::Bool(value) => Ipld::Bool(value),
            Self::Number(text) => number(text)?,
            Self::String(text) => Ipld::from(text),
            Self::Array(items) => Ipld::List(
                items
                    .into_iter()
                    .map(Self::into_ipld)
                    .collect::<Result<_, _>>()?,
            ),
            Self::Object(entries) => Ipld::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Ok((ByteString::from(key), value.into_ipld()?)))
                    .collect::<Result<_, MetadataError>>()?,
            ),
            Self::File { directory, .. } => Ipld::Link(directory),
        })
    }
}

fn write_text(text: &str, out: &mut String) {
    // Texts are always written.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn number(text: String) -> Result<Ipld, MetadataError> {
    if let Ok(integer) = text.parse::<i128>()
        && u64::try_from(integer.unsigned_abs()).is_ok()
    {
        return Ok(Ipld::Integer(integer));
    }
    match text.parse::<f64>() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a whole number within range"
        )]
        Ok(float) if float.fract() == 0.0 && float.abs() <= MAX_SAFE => {
            Ok(Ipld::Integer(float as i128))
        }
        Ok(float) if float.is_finite() => Ok(Ipld::Float(float)),
        _ => Err(MetadataError::Number { number: text }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Metadata, MetadataError> {
        Metadata::parse(text.as_bytes())
    }

    fn directory() -> Cid {
        "bafybeidd2gyhagleh47qeg77xqndy2qy3yzn4vkxmk775bg2t5lpuy7pcu"
            .parse()
            .unwrap()
    }

    #[test]
    fn order_and_numbers_are_kept() {
        for (text, written) in [
            (
                r#"{ "z": 1.0, "a": [1e3, -0, 12345678901234567890123],  "10": {"b":null,"a":true} }"#,
                r#"{"z":1.0,"a":[1e3,-0,12345678901234567890123],"10":{"b":null,"a":true}}"#,
            ),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (
                "{\"\\u00fc\\n\": \"\\u0001\\/\"}",
                "{\"ü\\n\":\"\\u0001/\"}",
            ),
            ("{}", "{}"),
        ] {
            assert_eq!(parse(text).unwrap().write(), written);
        }
        assert!(matches!(parse("[]"), Err(MetadataError::NoObject)));
        assert!(matches!(parse("{"), Err(MetadataError::Json { .. })));
        let bytes = Metadata::parse(b"{\"\xff\":1}");
        assert!(matches!(bytes, Err(MetadataError::Json { .. })));
        let long = " ".repeat(MAX_META);
        assert!(parse(&long[1..]).is_err_and(|error| matches!(error, MetadataError::Json { .. })));
        let long = parse(&format!("{long}{{}}"));
        assert!(matches!(long, Err(MetadataError::TooLong { .. })));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(101), "]".repeat(101));
        assert!(matches!(parse(&deep), Err(MetadataError::TooDeep { .. })));
    }

    #[test]
    fn files_take_their_places() {
        let text = r#"{"image":"","name":"n","properties":{"a":[null,{"b":0}],"c":1},"d":null}"#;
        let mut json = parse(text).unwrap();
        for path in [
            "image",
            "properties.a.0",
            "properties.a.1.b",
            "properties.a.2",
            "d.e",
            "f",
        ] {
            json.put_file(path, directory(), "x y.png".to_owned())
                .unwrap();
        }
        let url = format!("\"ipfs://{}/x y.png\"", directory());
        assert_eq!(
            json.write(),
            format!(
                r#"{{"image":{url},"name":"n","properties":{{"a":[{url},{{"b":{url}}},{url}],"c":1}},"d":{{"e":{url}}},"f":{url}}}"#
            )
        );
        for path in ["name", "image", "properties", "properties.c"] {
            let put = json.put_file(path, directory(), String::new());
            assert!(matches!(put, Err(MetadataError::Taken { .. })), "{path}");
        }
        for path in ["name.x", "properties.a.9", "properties.a.x"] {
            let put = json.put_file(path, directory(), String::new());
            assert!(matches!(put, Err(MetadataError::NoPlace { .. })), "{path}");
        }
        let ipld = json.0.clone().into_ipld().unwrap();
        let link = ipld
            .get("properties")
            .and_then(|value| value.get("a")?.get("2"));
        assert_eq!(link, Some(&Ipld::Link(directory())));
        let node = json.into_node(directory()).unwrap();
        let node = dag_cbor::decode(&node.data).unwrap();
        assert_eq!(node.get("type"), Some(&Ipld::from(KIND)));
        assert_eq!(node.get(METADATA), Some(&Ipld::Link(directory())));
    }

    #[test]
    fn names_are_those_of_one_entry() {
        for (path, name) in [
            ("a/b.png", "b.png"),
            ("b c", "b c"),
            ("", "blob"),
            ("a/..", "blob"),
            ("a/", "blob"),
        ] {
            assert_eq!(file_name(&path.into()), name);
        }
    }

    #[test]
    fn numbers_are_integers_where_they_are_whole() {
        for (text, expected) in [
            ("1", Ipld::Integer(1)),
            ("-0", Ipld::Integer(0)),
            ("1.0", Ipld::Integer(1)),
            ("1e3", Ipld::Integer(1000)),
            ("1.5", Ipld::Float(1.5)),
            (
                "18446744073709551615",
                Ipld::Integer(18_446_744_073_709_551_615),
            ),
            ("1e300", Ipld::Float(1e300)),
        ] {
            assert_eq!(number(text.to_owned()).unwrap(), expected, "{text}");
        }
        assert!(number("1e999".to_owned()).is_err());
    }
}
