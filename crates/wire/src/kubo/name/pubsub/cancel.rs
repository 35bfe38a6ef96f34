//! `name/pubsub/cancel`.

use serde::{Deserialize, Serialize};

/// Whether a subscription ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Canceled {
    /// Whether there was one.
    pub canceled: bool,
}

command! {
    /// Cancel the subscription of a name.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-pubsub-cancel>
    pub struct NamePubsubCancel: "name/pubsub/cancel" {
        arguments {
            /// IPNS name.
            name: String = required "name",
        }
        options {}
        body: NoBody,
        reply: One<Canceled>,
        safe: false,
        needs: Repository,
        text: |_, cancel, out| out.push_str(if cancel.canceled { "canceled\n" } else { "no subscription\n" }),
    }
}
