//! `refs/local`.

use super::links::Ref;
use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// List all local blocks as raw CIDv1.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-refs-local>
    pub struct RefsLocal: "refs/local" {
        arguments {}
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Many, Ref,
        xml: "RefWrapper",
        text: |_, block, out| block.text(out),
    }
}
