//! `block/put`.

use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};

/// A block and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BlockSize {
    /// Its CID.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
}

endpoint! {
    /// Stores files as raw blocks, one each.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-put>
    pub struct BlockPut: "block/put" {
        arguments {}
        options {
            /// Codec of the CIDs.
            cid_codec: String = "cid-codec", "raw".to_owned();
            /// Hash function of the CIDs.
            mhtype: String = "mhtype", "sha2-256".to_owned();
            /// Bytes of the digest; -1 for all.
            mhlen: i32 = "mhlen", -1;
            /// Pin the blocks.
            pin: bool = "pin", false;
            /// Take blocks larger than 2 MiB, which peers do not exchange.
            allow_big_block: bool = "allow-big-block", false;
            /// The older way to say the codec: `v0`, `protobuf`, `cbor`, `raw`.
            format: Option<String> = "format" | "f", None;
        }
        body: Body::Files { name: "data", many: true, recursive: false },
        reply: ReplyKind::Many, BlockSize,
        xml: "BlockStat",
        text: |_, block, out| {
            out.push_str(&block.key);
            out.push('\n');
        },
    }
}
