//! `object/get`.

use serde::{Deserialize, Serialize};

use super::ObjectLink;

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ObjectNode {
    /// Its links.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub links: Vec<ObjectLink>,
    /// Its data: text of which each character stands for one byte (ISO-8859-1), or base64.
    #[serde(default)]
    pub data: String,
}

command! {
    /// Print a dag-pb node as JSON.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7.
    /// <https://github.com/ipfs/kubo/blob/v0.7.0/core/commands/object/object.go>
    pub struct ObjectGet: "object/get" {
        arguments {
            /// Path of the node.
            key: String = required "key",
        }
        options {
            /// Encoding of the data: `text`, in which each character stands for one byte, or `base64`.
            data_encoding: String = "data-encoding", "text".to_owned(), values ["text", "base64"];
        }
        body: NoBody,
        reply: One<ObjectNode>,
        safe: true,
        needs: Repository,
        text: |_, node, out| {
            out.push_str(&crate::text::pretty(node, b"  "));
            out.push('\n');
        },
    }
}
