//! `resolve`.

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::text::escaped;

/// Where a name or path leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResolvedPath {
    /// The path of the last block, with what is left inside it.
    pub path: String,
}

endpoint! {
    /// Follows a name or a path to its end.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-resolve>
    pub struct Resolve: "resolve" {
        arguments {
            /// The name or path.
            name: ByteString = required "name",
        }
        options {
            /// Follow names that lead to names.
            recursive: bool = "recursive" | "r", true;
            /// Records to ask the network for.
            dht_record_count: Option<i32> = "dht-record-count" | "dhtrc", None;
            /// Longest time to ask the network, as in `30s`.
            dht_timeout: Option<String> = "dht-timeout" | "dhtt", None;
        }
        body: Body::Nothing,
        reply: ReplyKind::One, ResolvedPath,
        xml: "ResolvedPath",
        text: |_, resolved, out| {
            escaped(&resolved.path, out);
            out.push('\n');
        },
    }
}
