//! `filestore/dups`.

use crate::endpoint::{Body, ReplyKind};
use crate::kubo::refs::links::Ref;

endpoint! {
    /// Lists the blocks that lie in a file and in the block store as well.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-filestore-dups>
    pub struct FilestoreDups: "filestore/dups" {
        arguments {}
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Many, Ref,
        xml: "RefWrapper",
        text: |_, block, out| block.text(out),
    }
}
