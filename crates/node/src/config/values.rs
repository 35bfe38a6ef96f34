//! Kubo's special value types.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// `true`, `false`, or `null` for the default.
pub type Flag = Option<bool>;

/// A string or a list of strings: `"a"`, `["a", "b"]`, and `null`, `""` or `[]` for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringOrList(pub Vec<String>);

impl StringOrList {
    /// One text.
    #[must_use]
    pub fn one(text: impl Into<String>) -> Self {
        Self(vec![text.into()])
    }
}

impl Serialize for StringOrList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [] => serializer.serialize_none(),
            [one] => serializer.serialize_str(one),
            many => many.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StringOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = StringOrList;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string or a list of strings")
            }
            fn visit_unit<E: de::Error>(self) -> Result<StringOrList, E> {
                Ok(StringOrList(Vec::new()))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<StringOrList, E> {
                Ok(if text.is_empty() {
                    StringOrList::default()
                } else {
                    StringOrList::one(text)
                })
            }
            fn visit_seq<A: de::SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> Result<StringOrList, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(StringOrList(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The priority of a protocol: a positive number (lower is tried first), `false` for never, `null` for the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// The default.
    #[default]
    Default,
    /// Never.
    Disabled,
    /// This priority, positive.
    At(i64),
}

impl Priority {
    /// Whether it is the default.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

impl Serialize for Priority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Default => serializer.serialize_none(),
            Self::Disabled => serializer.serialize_bool(false),
            Self::At(priority) => serializer.serialize_i64(*priority),
        }
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Priority;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a positive number, false, or null")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Priority, E> {
                Ok(Priority::Default)
            }
            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Priority, E> {
                if on {
                    Err(E::custom("'true' is not a valid priority"))
                } else {
                    Ok(Priority::Disabled)
                }
            }
            fn visit_u64<E: de::Error>(self, priority: u64) -> Result<Priority, E> {
                match i64::try_from(priority) {
                    Ok(priority) if priority > 0 => Ok(Priority::At(priority)),
                    _ => Err(E::custom(format!(
                        "a priority is positive and fits in 64 bits, {priority} is not"
                    ))),
                }
            }
            fn visit_i64<E: de::Error>(self, priority: i64) -> Result<Priority, E> {
                Err(E::custom(format!(
                    "a priority is positive, {priority} is not"
                )))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Omits a key from the file while it is not set.
pub(crate) fn none<T>(value: &Option<T>) -> bool {
    value.is_none()
}

/// Omits a key from the file while it has its default.
pub(crate) fn default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A secret text: written to the file, never to a log.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.is_empty() { "none" } else { "hidden" })
    }
}
