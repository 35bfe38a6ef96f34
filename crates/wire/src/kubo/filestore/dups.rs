//! `filestore/dups`.

use crate::kubo::refs::links::Ref;

command! {
    /// List blocks that are both in the filestore and in the block store.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-filestore-dups>
    pub struct FilestoreDups: "filestore/dups" {
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
