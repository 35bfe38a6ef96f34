//! `repo/verify`.

use serde::{Deserialize, Serialize};

/// Progress of the check, or a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Verified {
    /// The result.
    pub msg: String,
    /// Blocks checked so far.
    pub progress: u64,
}

command! {
    /// Verify the checksums of all blocks.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-repo-verify>
    pub struct RepoVerify: "repo/verify" {
        examples: [
            "{program} repo verify",
        ],
        arguments {}
        options {
            /// Remove corrupt blocks.
            drop: bool = "drop", false;
            /// Remove corrupt blocks and fetch them again.
            heal: bool = "heal", false;
            /// Timeout for fetching one block, as in `30s`.
            heal_timeout: String = "heal-timeout", "30s".to_owned();
        }
        body: NoBody,
        reply: Many<Verified>,
        never_empty: true,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, verified, out| {
            if verified.msg.is_empty() {
                out.push_str(&format!("{} blocks processed.", verified.progress));
            } else {
                out.push_str(&verified.msg);
            }
            out.push('\n');
        },
    }
}
