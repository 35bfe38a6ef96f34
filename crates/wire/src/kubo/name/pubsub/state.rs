//! `name/pubsub/state`.

use serde::{Deserialize, Serialize};

/// Whether IPNS over pubsub is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PubsubState {
    /// Whether it is.
    pub enabled: bool,
}

command! {
    /// Show whether IPNS over pubsub is enabled.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-pubsub-state>
    pub struct NamePubsubState: "name/pubsub/state" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<PubsubState>,
        safe: true,
        needs: Repository,
        text: |_, state, out| out.push_str(if state.enabled { "enabled\n" } else { "disabled\n" }),
    }
}
