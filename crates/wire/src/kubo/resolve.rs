//! `resolve`.

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// The target of a name or path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResolvedPath {
    /// The path of the last block, with the rest of the path inside it.
    pub path: String,
}

command! {
    /// Resolve a name or path.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-resolve>
    pub struct Resolve: "resolve" {
        arguments {
            /// Name or path to resolve.
            name: ByteString = required "name",
        }
        options {
            /// Resolve until the result is not a name.
            recursive: bool = "recursive" | "r", true;
            /// Number of DHT records to request.
            dht_record_count: Option<i32> = "dht-record-count" | "dhtrc", None;
            /// Timeout of DHT lookups, as in `30s`.
            dht_timeout: Option<String> = "dht-timeout" | "dhtt", None;
        }
        body: NoBody,
        reply: One<ResolvedPath>,
        safe: true,
        needs: Repository,
        xml: "ResolvedPath",
        text: |_, resolved, out| {
            escaped(&resolved.path, out);
            out.push('\n');
        },
    }
}
