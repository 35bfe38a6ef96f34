//! `block/rm`.

use serde::{Deserialize, Serialize};

/// A removed block, or why it was not removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Removed {
    /// Its CID.
    pub hash: String,
    /// Why it was not removed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

command! {
    /// Remove unpinned blocks.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-block-rm>
    pub struct BlockRm: "block/rm" {
        arguments {
            /// CIDs of the blocks.
            cids: Vec<String> = required "cid",
        }
        options {
            /// Ignore blocks that do not exist.
            force: bool = "force" | "f", false;
            /// Print nothing.
            quiet: bool = "quiet" | "q", false;
        }
        body: NoBody,
        reply: Many<Removed>,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, removed, out| {
            if removed.error.is_empty() {
                out.push_str("removed ");
                out.push_str(&removed.hash);
            } else {
                out.push_str("cannot remove ");
                out.push_str(&removed.hash);
                out.push_str(": ");
                out.push_str(&removed.error);
            }
            out.push('\n');
        },
    }
}
