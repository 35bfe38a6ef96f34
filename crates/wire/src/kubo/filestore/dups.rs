//! `filestore/dups`.

use crate::endpoint::{Body, ReplyKind};
use crate::kubo::refs::links::Ref;

endpoint! {
    /// List blocks that are both in the filestore and in the block store.
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
