//! `pubsub/pub`.

use cairn_primitives::ByteString;

command! {
    /// Publish a message to a topic.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pubsub-pub>
    pub struct PubsubPub: "pubsub/pub" {
        arguments {
            /// Topic, as multibase.
            topic: ByteString = required "topic",
        }
        options {}
        body: Files { name: "data", many: false, recursive: false, optional: true },
        reply: Nothing,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, (), _| (),
    }
}
