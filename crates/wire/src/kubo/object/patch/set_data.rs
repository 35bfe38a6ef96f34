//! `object/patch/set-data`.

use crate::kubo::object::{ObjectCid, line};

command! {
    /// Replace the data of a dag-pb node.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7.
    /// <https://github.com/ipfs/kubo/blob/v0.7.0/core/commands/object/patch.go>
    pub struct ObjectPatchSetData: "object/patch/set-data" {
        arguments {
            /// Path of the node to modify.
            root: String = required "root",
        }
        options {
            /// Allow blocks larger than 2 MiB, which peers do not exchange.
            allow_big_block: bool = "allow-big-block", false;
        }
        body: Files { name: "data", many: false, recursive: false },
        reply: One<ObjectCid>,
        safe: false,
        needs: Repository,
        text: |_, object, out| line(object, out),
    }
}
