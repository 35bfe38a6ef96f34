//! `block/get`.

use crate::endpoint::{Body, ReplyKind};
use cairn_primitives::ByteString;

endpoint! {
    /// Print a raw block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-get>
    pub struct BlockGet: "block/get" {
        arguments {
            /// CID of the block.
            cid: ByteString = required "cid",
        }
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Bytes("application/vnd.ipld.raw"), (),
        text: |_, (), _| (),
    }
}
