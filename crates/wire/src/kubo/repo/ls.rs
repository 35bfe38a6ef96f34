//! `repo/ls`.

use crate::kubo::refs::links::Ref;

command! {
    /// List all local blocks as raw CIDv1.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-repo-ls>
    pub struct RepoLs: "repo/ls" {
        arguments {}
        options {}
        body: NoBody,
        reply: Many<Ref>,
        safe: true,
        needs: Repository,
        cli: Custom,
        xml: "RefWrapper",
        text: |_, block, out| block.text(out),
    }
}
