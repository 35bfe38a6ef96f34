//! `object/data`.

command! {
    /// Print the data of a dag-pb node.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7.
    /// <https://github.com/ipfs/kubo/blob/v0.7.0/core/commands/object/object.go>
    pub struct ObjectData: "object/data" {
        arguments {
            /// Path of the node.
            key: String = required "key",
        }
        options {}
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        text: |_, (), _| (),
    }
}
