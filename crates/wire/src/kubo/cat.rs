//! `cat`.

use cairn_primitives::ByteString;

command! {
    /// Print the content of files.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cat>
    pub struct Cat: "cat" {
        examples: [
            "{program} cat CID/notes.txt",
            "{program} cat --offset=100 --length=50 CID",
        ],
        arguments {
            /// Paths of the files.
            paths: Vec<ByteString> = required "ipfs-path",
        }
        options {
            /// Byte offset to start at.
            offset: i64 = "offset" | "o", 0;
            /// Maximum number of bytes to print.
            length: Option<i64> = "length" | "l", None;
            /// Show progress on a terminal while output goes elsewhere.
            progress: bool = "progress" | "p", true;
        }
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, (), _| (),
    }
}
