//! `pubsub/ls`.

use crate::kubo::StringList;

command! {
    /// List the subscribed topics.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pubsub-ls>
    pub struct PubsubLs: "pubsub/ls" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<StringList>,
        safe: true,
        needs: Repository,
        text: |_, list, out| {
            for topic in &list.strings {
                let bytes = cairn_primitives::multibase::decode(topic).map(|(_, bytes)| bytes);
                let name = bytes.unwrap_or_else(|_| topic.clone().into_bytes());
                crate::text::escaped(&cairn_primitives::bytestring::to_text(&name), out);
                out.push('\n');
            }
        },
    }
}
