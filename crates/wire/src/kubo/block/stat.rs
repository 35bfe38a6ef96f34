//! `block/stat`.

use cairn_primitives::ByteString;
use std::fmt::Write as _;

use super::put::BlockSize;

command! {
    /// Show the size of a block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-stat>
    pub struct BlockStat: "block/stat" {
        arguments {
            /// CID of the block.
            cid: ByteString = required "cid",
        }
        options {}
        body: NoBody,
        reply: One<BlockSize>,
        safe: true,
        needs: Repository,
        xml: "BlockStat",
        text: |_, block, out| {
            let _ = writeln!(out, "Key: {}\nSize: {}", block.key, block.size);
        },
    }
}
