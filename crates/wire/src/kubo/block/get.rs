//! `block/get`.

use crate::endpoint::{Body, ReplyKind};
use cairn_primitives::ByteString;

endpoint! {
    /// Reads a block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-get>
    pub struct BlockGet: "block/get" {
        arguments {
            /// The block.
            cid: ByteString = required "cid",
        }
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Bytes("application/vnd.ipld.raw"), (),
        text: |_, (), _| (),
    }
}
