//! `block/get`.

use cairn_primitives::ByteString;

command! {
    /// Print a raw block.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-get>
    pub struct BlockGet: "block/get" {
        arguments {
            /// CID of the block.
            cid: ByteString = required "cid",
        }
        options {}
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        text: |_, (), _| (),
    }
}
