//! `dag/resolve`.

use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::kubo::CidLink;
use crate::text::escaped;

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResolvedNode {
    /// The last block.
    pub cid: CidLink,
    /// The path that is left inside it, as in `/a/b`; empty when none is.
    pub rem_path: String,
}

endpoint! {
    /// Follows a path to its last block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-resolve>
    pub struct DagResolve: "dag/resolve" {
        arguments {
            /// The path.
            path: String = required "ref",
        }
        options {}
        body: Body::Nothing,
        reply: ReplyKind::One, ResolvedNode,
        xml: "ResolveOutput",
        // No line end, as in Kubo's output.
        text: |_, resolved, out| {
            out.push_str(&resolved.cid.cid);
            escaped(&resolved.rem_path, out);
        },
    }
}
