//! `pubsub/peers`.

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

/// Peers of topics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PubsubPeerList {
    /// Their IDs.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub strings: Vec<String>,
}

command! {
    /// List the peers of topics.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pubsub-peers>
    pub struct PubsubPeers: "pubsub/peers" {
        arguments {
            /// Topic, as multibase; all topics when it is not given.
            topic: Option<ByteString> = optional "topic",
        }
        options {}
        body: NoBody,
        reply: One<PubsubPeerList>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, list, out| {
            for peer in &list.strings {
                crate::text::escaped(peer, out);
                out.push('\n');
            }
        },
    }
}
