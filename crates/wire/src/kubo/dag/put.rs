//! `dag/put`.

use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::kubo::CidLink;

/// A node that was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredNode {
    /// Its CID.
    pub cid: CidLink,
}

endpoint! {
    /// Stores nodes of any codec, one a file.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-put>
    pub struct DagPut: "dag/put" {
        arguments {}
        options {
            /// Codec to store in.
            store_codec: String = "store-codec", "dag-cbor".to_owned();
            /// Codec of the files.
            input_codec: String = "input-codec", "dag-json".to_owned();
            /// Pin the nodes.
            pin: bool = "pin", false;
            /// Hash function of the CIDs.
            hash: Option<String> = "hash", None;
            /// Take nodes larger than 2 MiB, which peers do not exchange.
            allow_big_block: bool = "allow-big-block", false;
        }
        body: Body::Files { name: "object data", many: true, recursive: false },
        reply: ReplyKind::Many, StoredNode,
        xml: "OutputObject",
        text: |_, node, out| {
            out.push_str(&node.cid.cid);
            out.push('\n');
        },
    }
}
