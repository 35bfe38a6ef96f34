//! dag-pb nodes as links and data.

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

use crate::text::escaped;

pub mod data;
pub mod diff;
pub mod get;
pub mod links;
pub mod new;
pub mod patch;
pub mod put;
pub mod stat;

/// The CID of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectCid {
    /// The CID.
    pub hash: String,
}

/// A link of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ObjectLink {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The CID that it leads to.
    #[serde(default)]
    pub hash: String,
    /// Bytes of all blocks that it leads to, as far as is known.
    #[serde(default)]
    pub size: u64,
}

impl ObjectLink {
    /// A link.
    #[must_use]
    pub fn new(name: Option<ByteString>, hash: String, size: Option<u64>) -> Self {
        Self {
            name: name.map(ByteString::into_text).unwrap_or_default(),
            hash,
            size: size.unwrap_or(0),
        }
    }
}

/// Writes the CID of a node.
fn line(object: &ObjectCid, out: &mut String) {
    out.push_str(&object.hash);
    out.push('\n');
}

/// Writes links as a table.
fn table(headers: bool, links: &[ObjectLink], out: &mut String) {
    let mut rows: Vec<[String; 3]> = Vec::with_capacity(links.len() + 1);
    if headers {
        rows.push(["Hash".to_owned(), "Size".to_owned(), "Name".to_owned()]);
    }
    for link in links {
        let mut name = String::new();
        escaped(&link.name, &mut name);
        rows.push([link.hash.clone(), link.size.to_string(), name]);
    }
    crate::text::columns(&rows, out);
}
