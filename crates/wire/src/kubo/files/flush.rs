//! `files/flush`.

use std::fmt::Write as _;

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

/// What was flushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Flushed {
    /// Its CID.
    pub cid: String,
}

command! {
    /// Flush changes of MFS to disk.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-flush>
    pub struct FilesFlush: "files/flush" {
        arguments {
            /// Path to flush [default: /].
            path: Option<ByteString> = optional "path",
        }
        options {
            /// No effect: this command always flushes.
            flush: bool = "flush" | "f", true;
        }
        body: NoBody,
        reply: One<Flushed>,
        safe: true,
        needs: Repository,
        text: |_, flushed, out| {
            // Kubo has no text form of this.
            let _ = writeln!(out, "{{\"Cid\":\"{}\"}}", flushed.cid);
        },
    }
}
