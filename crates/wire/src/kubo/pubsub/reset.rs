//! `pubsub/reset`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// The number of peers whose messages were forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PubsubForgotten {
    /// Peers whose sequence numbers were forgotten.
    pub deleted: u64,
}

command! {
    /// Forget the sequence numbers of published messages.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pubsub-reset>
    pub struct PubsubReset: "pubsub/reset" {
        arguments {}
        options {
            /// Forget only those of this peer.
            peer: Option<String> = "peer" | "p", None;
        }
        body: NoBody,
        reply: One<PubsubForgotten>,
        safe: false,
        needs: Repository,
        text: |request, answer, out| {
            let _ = match (&request.peer, answer.deleted) {
                (Some(peer), 0) => writeln!(out, "No validator state found for peer {peer}"),
                (Some(peer), _) => writeln!(out, "Reset validator state for peer {peer}"),
                (None, count) => writeln!(out, "Reset validator state for {count} peer(s)"),
            };
        },
    }
}
