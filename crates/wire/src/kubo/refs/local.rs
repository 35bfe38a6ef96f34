//! `refs/local`.

use super::links::Ref;

command! {
    /// List all local blocks as raw CIDv1.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-refs-local>
    pub struct RefsLocal: "refs/local" {
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
