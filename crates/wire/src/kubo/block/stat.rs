//! `block/stat`.

use cairn_primitives::ByteString;
use std::fmt::Write as _;

use super::put::BlockSize;
use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Show the size of a block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-stat>
    pub struct BlockStat: "block/stat" {
        arguments {
            /// CID of the block.
            cid: ByteString = required "cid",
        }
        options {}
        body: Body::Nothing,
        reply: ReplyKind::One, BlockSize,
        xml: "BlockStat",
        text: |_, block, out| {
            let _ = writeln!(out, "Key: {}\nSize: {}", block.key, block.size);
        },
    }
}
