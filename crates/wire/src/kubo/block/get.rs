//! `block/get`.

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Print a raw block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-get>
    pub struct BlockGet: "block/get" {
        arguments {
            /// CID of the block.
            cid: String = required "cid",
        }
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Bytes("application/vnd.ipld.raw"), (),
        text: |_, (), _| (),
    }
}
