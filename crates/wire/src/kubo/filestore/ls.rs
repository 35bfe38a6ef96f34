//! `filestore/ls`.

use super::FileBlock;
use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Lists the blocks that lie in files.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-filestore-ls>
    pub struct FilestoreLs: "filestore/ls" {
        arguments {
            /// Only these blocks, which are looked at as well.
            cids: Vec<String> = optional "obj",
        }
        options {
            /// In the order of the files.
            file_order: bool = "file-order", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::Many, FileBlock,
        xml: "ListRes",
        text: |_, block, out| {
            if block.error_msg.is_empty() {
                block.place(out);
                out.push('\n');
            }
        },
    }
}
