//! `provide/once`.

use serde::{Deserialize, Serialize};

/// Content that will be announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProvideQueued {
    /// Its CID.
    pub queued: String,
}

command! {
    /// Announce content now.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-provide-once>
    pub struct ProvideOnce: "provide/once" {
        arguments {
            /// CIDs to announce; their blocks must be stored here.
            keys: Vec<String> = required "key",
        }
        options {
            /// Announce whole DAGs.
            recursive: bool = "recursive" | "r", false;
        }
        body: NoBody,
        reply: Many<ProvideQueued>,
        safe: false,
        needs: Repository,
        text: |_, event, out| {
            out.push_str(&event.queued);
            out.push('\n');
        },
    }
}
