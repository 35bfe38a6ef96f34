//! JSON bodies, whose records are objects.
//!
//! The code that serde derives also reads the fields of a record from an array, by their order. No API documents that, and
//! a client that sends such a body has made a mistake.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// Reads a record. It and the records in it must be JSON objects.
///
/// # Errors
/// When the text is not JSON, or not such a record.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_slice(text);
    let record = T::deserialize(Strict(&mut source))?;
    source.end()?;
    Ok(record)
}

/// A deserializer, or a part of one, that reads records only from objects.
struct Strict<T>(T);

/// The visitor of a record or a map. Its error says what is expected in JSON, not which type of Rust.
struct Object<V>(V);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Strict(visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Object(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Strict(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Strict(visitor))
    }

    // The records in variants are not looked at: no body has any.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct identifier
    }
}

macro_rules! visit_same {
    ($($method:ident($value:ty)),+ $(,)?) => { $(
        fn $method<E: Error>(self, value: $value) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )+ };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(out)
    }

    visit_same! {
        visit_bool(bool),
        visit_i64(i64),
        visit_i128(i128),
        visit_u64(u64),
        visit_u128(u128),
        visit_f64(f64),
        visit_str(&str),
        visit_borrowed_str(&'de str),
        visit_string(String),
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(value))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(entries))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(entries))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(source))
    }
}

#[cfg(test)]
mod tests {
    use cairn_wire::accounts::{AccountChange, NewAccount, NewToken};
    use cairn_wire::cluster::peers::PeerToAdd;
    use cairn_wire::pinning::Pin;
    use cairn_wire::upload::NewName;

    use super::*;

    fn error<T: DeserializeOwned>(text: &str) -> Option<String> {
        read::<T>(text.as_bytes())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn records_are_objects() {
        type Read = fn(&str) -> Option<String>;
        let kinds: [(&str, Read, &str); 6] = [
            (
                "Pin",
                error::<Pin>,
                r#"{"cid": "x", "name": "n", "origins": ["/ip4/1.2.3.4"], "meta": {"a": "b"}, "more": [1, {}]}"#,
            ),
            ("NewName", error::<NewName>, r#"{"name": "n"}"#),
            ("PeerToAdd", error::<PeerToAdd>, r#"{"peer_id": "x"}"#),
            (
                "NewAccount",
                error::<NewAccount>,
                r#"{"name": "n", "quota": {"pins": 1, "bytes": null}}"#,
            ),
            (
                "AccountChange",
                error::<AccountChange>,
                r#"{"quota": null}"#,
            ),
            (
                "NewToken",
                error::<NewToken>,
                r#"{"name": "n", "scopes": ["pin"], "expires_in": 1, "form": "jwt"}"#,
            ),
        ];
        for (name, read, good) in kinds {
            assert_eq!(read(good), None, "{name}");
            let after = read(&format!("{good} x"));
            assert!(
                after.is_some_and(|error| error.contains("trailing")),
                "{name}"
            );
            for bad in [
                "[]",
                r#"["x"]"#,
                r#"["x","n",[],{"a":"b"}]"#,
                "null",
                "5",
                "true",
                r#""x""#,
            ] {
                let error = read(bad).unwrap_or_default();
                assert!(
                    error.contains("expected a JSON object"),
                    "{name} {bad}: {error:?}"
                );
            }
            assert!(read("{").is_some() && read("").is_some(), "{name}");
        }
    }

    #[test]
    fn what_is_in_a_record_is_read_as_strictly() {
        for (text, expected) in [
            (r#"{"name": "n", "quota": [1, 2]}"#, "a JSON object"),
            (r#"{"name": "n", "quota": []}"#, "a JSON object"),
            (r#"{"name": "n", "quota": "x"}"#, "a JSON object"),
            (r#"{"name": 5}"#, "a string"),
        ] {
            let error = error::<NewAccount>(text).unwrap_or_default();
            let expected = format!("expected {expected}");
            assert!(error.contains(&expected), "{text}: {error:?}");
        }
        let pin: Pin = read(br#"{"cid": "x", "origins": null, "meta": null}"#).unwrap();
        assert_eq!((pin.origins.len(), pin.meta.len()), (0, 0));
        assert!(error::<Pin>(r#"{"cid": "x", "meta": ["a", "b"]}"#).is_some());
    }
}
