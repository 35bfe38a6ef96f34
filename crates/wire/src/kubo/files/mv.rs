//! `files/mv`.

use cairn_primitives::ByteString;

command! {
    /// Move a file or directory within MFS.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-mv>
    pub struct FilesMv: "files/mv" {
        examples: [
            "{program} files mv /photos /old/photos",
        ],
        arguments {
            /// Path to move.
            source: ByteString = required "source",
            /// Destination; with a slash at its end, a directory to move into.
            dest: ByteString = required "dest",
        }
        options {
            /// Flush the change to disk.
            flush: bool = "flush" | "f", true;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
