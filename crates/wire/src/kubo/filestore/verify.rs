//! `filestore/verify`.

use super::FileBlock;

command! {
    /// Verify blocks in the filestore.
    ///
    /// Status: `ok`, `changed` (the file was modified), `no-file` (the file is gone), `error` (the file cannot be read),
    /// `missing` (the block is not in the filestore), `ERROR` (any other error).
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-filestore-verify>
    pub struct FilestoreVerify: "filestore/verify" {
        arguments {
            /// Verify only these CIDs.
            cids: Vec<String> = optional "obj",
        }
        options {
            /// Sort by file path.
            file_order: bool = "file-order", false;
            /// Remove references that cannot be read, even if pinned; run `pin verify` afterwards.
            remove_bad_blocks: bool = "remove-bad-blocks", false;
        }
        body: NoBody,
        reply: Many<FileBlock>,
        safe: false,
        needs: Repository,
        cli: Custom,
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
