//! `repo/gc`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;

/// A removed block, or an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Collected {
    /// The block, as CIDv1 raw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<CidLink>,
    /// The error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

command! {
    /// Remove all blocks that are not pinned.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-repo-gc>
    pub struct RepoGc: "repo/gc" {
        examples: [
            "{program} repo gc",
            "{program} repo gc --quiet",
        ],
        arguments {}
        options {
            /// Continue after errors and print each.
            stream_errors: bool = "stream-errors", false;
            /// Print only the CIDs of removed blocks.
            quiet: bool = "quiet" | "q", false;
            /// Print nothing.
            silent: bool = "silent", false;
        }
        body: NoBody,
        reply: Many<Collected>,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |request, collected, out| {
            if let Some(key) = &collected.key {
                let _ = writeln!(out, "{}{}", if request.quiet { "" } else { "removed " }, key.cid);
            } else if !collected.error.is_empty() {
                let _ = writeln!(out, "{}", collected.error);
            }
        },
    }
}
