//! Answers that are a list of texts.

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// A list of texts. An empty one is `null` in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StringList {
    /// The texts.
    #[serde(
        default,
        serialize_with = "crate::json::empty_as_null",
        deserialize_with = "crate::json::null_as_default"
    )]
    pub strings: Vec<String>,
}

impl From<Vec<String>> for StringList {
    fn from(strings: Vec<String>) -> Self {
        Self { strings }
    }
}

impl StringList {
    /// Writes a line for each text.
    pub(crate) fn lines(&self, out: &mut String) {
        for text in &self.strings {
            escaped(text, out);
            out.push('\n');
        }
    }
}
