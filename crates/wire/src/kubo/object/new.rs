//! `object/new`.

use super::{ObjectCid, line};

command! {
    /// Create an empty dag-pb node.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7.
    /// <https://github.com/ipfs/kubo/blob/v0.7.0/core/commands/object/object.go>
    pub struct ObjectNew: "object/new" {
        arguments {
            /// Template: `unixfs-dir` for an empty directory.
            template: Option<String> = optional "template",
        }
        options {}
        body: NoBody,
        reply: One<ObjectCid>,
        safe: false,
        needs: Repository,
        text: |_, object, out| line(object, out),
    }
}
