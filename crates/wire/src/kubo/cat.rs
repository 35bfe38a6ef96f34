//! `cat`.

use crate::endpoint::{Body, ReplyKind};
use cairn_primitives::ByteString;

endpoint! {
    /// Reads files, one after another.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cat>
    pub struct Cat: "cat" {
        arguments {
            /// The files.
            paths: Vec<ByteString> = required "ipfs-path",
        }
        options {
            /// Where to begin, in bytes.
            offset: i64 = "offset" | "o", 0;
            /// Most bytes to read.
            length: Option<i64> = "length" | "l", None;
            /// Tell how far the reading has come.
            progress: bool = "progress" | "p", true;
        }
        body: Body::Nothing,
        reply: ReplyKind::Bytes("text/plain"), (),
        text: |_, (), _| (),
    }
}
