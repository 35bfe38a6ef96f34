//! `object/patch/add-link`.

use cairn_primitives::ByteString;

use crate::kubo::object::{ObjectCid, line};

command! {
    /// Add a link to a dag-pb node.
    ///
    /// Prefer `files cp`, which also works on large directories.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-object-patch-add-link>
    pub struct ObjectPatchAddLink: "object/patch/add-link" {
        arguments {
            /// Path of the node to modify.
            root: String = required "root",
            /// Name of the link, or a path of names.
            name: ByteString = required "name",
            /// Path of the object to link to.
            target: String = required "ref",
        }
        options {
            /// Create intermediate directories.
            create: bool = "create" | "p", false;
            /// Allow changing nodes that are not plain UnixFS directories.
            allow_non_unixfs: bool = "allow-non-unixfs", false;
            /// Allow blocks larger than 2 MiB, which peers do not exchange.
            allow_big_block: bool = "allow-big-block", false;
        }
        body: NoBody,
        reply: One<ObjectCid>,
        safe: false,
        needs: Repository,
        text: |_, object, out| line(object, out),
    }
}
