//! `filestore/ls`.

use super::FileBlock;

command! {
    /// List blocks in the filestore.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-filestore-ls>
    pub struct FilestoreLs: "filestore/ls" {
        arguments {
            /// List and check only these CIDs.
            cids: Vec<String> = optional "obj",
        }
        options {
            /// Sort by file path.
            file_order: bool = "file-order", false;
        }
        body: NoBody,
        reply: Many<FileBlock>,
        safe: true,
        needs: Repository,
        cli: Custom,
        xml: "ListRes",
        text: |_, block, out| {
            if block.error_msg.is_empty() {
                block.place(out);
                out.push('\n');
            }
        },
    }
}
