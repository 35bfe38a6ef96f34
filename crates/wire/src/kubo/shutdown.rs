//! `shutdown`.

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Stop the daemon.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-shutdown>
    pub struct Shutdown: "shutdown" {
        arguments {}
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Many, (),
        text: |_, (), _| (),
    }
}
