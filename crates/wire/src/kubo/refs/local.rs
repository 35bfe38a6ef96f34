//! `refs/local`.

use super::links::Ref;
use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Lists every block that is here, as CIDv1 raw.
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
