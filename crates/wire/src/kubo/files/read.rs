//! `files/read`.

use cairn_primitives::ByteString;

command! {
    /// Print the content of a file in MFS.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-read>
    pub struct FilesRead: "files/read" {
        examples: [
            "{program} files read /notes.txt",
            "{program} files read --offset=100 --count=50 /notes.txt",
        ],
        arguments {
            /// Path of the file.
            path: ByteString = required "path",
        }
        options {
            /// No effect: this command changes nothing.
            flush: bool = "flush" | "f", true;
            /// Byte offset to start at.
            offset: i64 = "offset" | "o", 0;
            /// Maximum number of bytes to print.
            count: Option<i64> = "count" | "n", None;
        }
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        text: |_, (), _| (),
    }
}
