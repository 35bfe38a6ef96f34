//! `dag/put`.

use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;

/// A node that was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StoredNode {
    /// Its CID.
    pub cid: CidLink,
}

command! {
    /// Store each file as one IPLD node.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-put>
    pub struct DagPut: "dag/put" {
        examples: [
            "echo '{\"hello\": \"world\"}' | {program} dag put",
        ],
        arguments {}
        options {
            /// Codec of the stored node.
            store_codec: String = "store-codec", "dag-cbor".to_owned(), values ["dag-cbor", "dag-json", "dag-pb", "json", "cbor", "raw"];
            /// Codec of the input.
            input_codec: String = "input-codec", "dag-json".to_owned(), values ["dag-json", "dag-cbor", "dag-pb", "json", "cbor", "raw"];
            /// Pin the nodes recursively.
            pin: bool = "pin", false;
            /// Multihash function [default: `Import.HashFunction`, or sha2-256].
            hash: Option<String> = "hash", None;
            /// Allow nodes larger than 2 MiB, which peers do not exchange.
            allow_big_block: bool = "allow-big-block", false;
        }
        body: Files { name: "object data", many: true, recursive: false },
        reply: Many<StoredNode>,
        never_empty: true,
        safe: false,
        needs: Repository,
        xml: "OutputObject",
        text: |_, node, out| {
            out.push_str(&node.cid.cid);
            out.push('\n');
        },
    }
}
