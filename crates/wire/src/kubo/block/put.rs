//! `block/put`.

use serde::{Deserialize, Serialize};

/// A block and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BlockSize {
    /// Its CID.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
}

command! {
    /// Store each file as one block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-put>
    pub struct BlockPut: "block/put" {
        examples: [
            "{program} block put block.bin",
            "{program} block put --cid-codec=dag-pb node.bin",
        ],
        arguments {}
        options {
            /// Multicodec of the CID.
            cid_codec: String = "cid-codec", "raw".to_owned();
            /// Multihash function.
            mhtype: String = "mhtype", "sha2-256".to_owned();
            /// Length of the digest in bytes; -1 for the function's own.
            mhlen: i32 = "mhlen", -1;
            /// Pin the blocks recursively.
            pin: bool = "pin", false;
            /// Allow blocks larger than 2 MiB, which peers do not exchange.
            allow_big_block: bool = "allow-big-block", false;
            /// Deprecated codec option: `v0`, `protobuf`, `cbor` or `raw`; use --cid-codec.
            format: Option<String> = "format" | "f", None, values ["v0", "protobuf", "cbor", "raw"];
        }
        body: Files { name: "data", many: true, recursive: false },
        reply: Many<BlockSize>,
        never_empty: true,
        safe: false,
        needs: Repository,
        xml: "BlockStat",
        text: |_, block, out| {
            out.push_str(&block.key);
            out.push('\n');
        },
    }
}
