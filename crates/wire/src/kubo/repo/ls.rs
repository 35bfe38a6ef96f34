//! `repo/ls`.

use crate::endpoint::{Body, ReplyKind};
use crate::kubo::refs::links::Ref;

endpoint! {
    /// List all local blocks as raw CIDv1.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-repo-ls>
    pub struct RepoLs: "repo/ls" {
        arguments {}
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Many, Ref,
        xml: "RefWrapper",
        text: |_, block, out| block.text(out),
    }
}
