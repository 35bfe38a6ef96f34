//! `object/links`.

use serde::{Deserialize, Serialize};

use super::{ObjectLink, table};

/// The links of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectLinkList {
    /// The node.
    pub hash: String,
    /// Its links; absent from JSON when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ObjectLink>,
}

command! {
    /// List the links of a node.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7.
    /// <https://github.com/ipfs/kubo/blob/v0.7.0/core/commands/object/object.go>
    pub struct ObjectLinks: "object/links" {
        arguments {
            /// Path of the node.
            key: String = required "key",
        }
        options {
            /// Print table headers.
            headers: bool = "headers" | "v", false;
        }
        body: NoBody,
        reply: One<ObjectLinkList>,
        safe: true,
        needs: Repository,
        text: |request, list, out| table(request.headers, &list.links, out),
    }
}
