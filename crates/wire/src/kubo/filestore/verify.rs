//! `filestore/verify`.

use super::FileBlock;
use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Looks whether the blocks that lie in files can still be read there.
    ///
    /// `ok`: it can. `changed`: the file was changed. `no-file`: the file is gone. `error`: the file cannot be read.
    /// `missing`: the block is in no file. `ERROR`: something else is wrong.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-filestore-verify>
    pub struct FilestoreVerify: "filestore/verify" {
        arguments {
            /// Only these blocks.
            cids: Vec<String> = optional "obj",
        }
        options {
            /// In the order of the files.
            file_order: bool = "file-order", false;
            /// Forget blocks that cannot be read, pinned or not; `pin verify` tells what is incomplete then.
            remove_bad_blocks: bool = "remove-bad-blocks", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::Many, FileBlock,
        xml: "ListRes",
        text: |request, block, out| {
            // As wide as the longest status.
            let status = block.status_name();
            out.push_str(status);
            out.extend(std::iter::repeat_n(' ', 8_usize.saturating_sub(status.len())));
            block.place(out);
            if request.remove_bad_blocks {
                out.push_str(if block.is_bad() { " remove" } else { " keep" });
            }
            out.push('\n');
        },
    }
}
