//! `get`.

use crate::endpoint::{Body, ReplyKind};
use cairn_primitives::ByteString;

endpoint! {
    /// Reads a file or a folder as a tar archive.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-get>
    pub struct Get: "get" {
        arguments {
            /// What to read.
            path: ByteString = required "ipfs-path",
        }
        options {
            /// Where to write.
            output: Option<String> = "output" | "o", None;
            /// Write a tar archive.
            archive: bool = "archive" | "a", false;
            /// Compress with gzip.
            compress: bool = "compress" | "C", false;
            /// How hard to compress, 1 to 9.
            compression_level: Option<i32> = "compression-level" | "l", None;
            /// Tell how far the reading has come.
            progress: bool = "progress" | "p", true;
        }
        body: Body::Nothing,
        reply: ReplyKind::Bytes("application/x-tar"), (),
        text: |_, (), _| (),
    }
}
