//! CIDs as text.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use cairn_primitives::Cid;
use cairn_primitives::cid::CidError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A CID that is text in JSON and in parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CidText(pub Cid);

impl From<Cid> for CidText {
    fn from(cid: Cid) -> Self {
        Self(cid)
    }
}

impl From<CidText> for Cid {
    fn from(CidText(cid): CidText) -> Self {
        cid
    }
}

impl Deref for CidText {
    type Target = Cid;

    fn deref(&self) -> &Cid {
        &self.0
    }
}

impl FromStr for CidText {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for CidText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Serialize for CidText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CidText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = CidText;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a CID")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<CidText, E> {
                text.parse().map_err(E::custom)
            }
        }

        from.deserialize_str(Text)
    }
}

impl schemars::JsonSchema for CidText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cid".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}
