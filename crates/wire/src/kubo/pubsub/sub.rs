//! `pubsub/sub`.

use cairn_primitives::{ByteString, multibase};
use serde::{Deserialize, Serialize};

/// A message. Bytes are multibase (base64url); with `API.Compat = "0.7"`, bytes are base64 and topics plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PubsubMessage {
    /// ID of the peer that published it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Its payload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub data: String,
    /// Its number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seqno: String,
    /// Its topics.
    #[serde(rename = "topicIDs", default, skip_serializing_if = "Vec::is_empty")]
    pub topic_ids: Vec<String>,
}

impl PubsubMessage {
    /// The bytes of the payload.
    ///
    /// # Errors
    /// When they are not multibase.
    pub fn payload(&self) -> Result<Vec<u8>, multibase::MultibaseError> {
        if self.data.is_empty() {
            return Ok(Vec::new());
        }
        multibase::decode(&self.data).map(|(_, bytes)| bytes)
    }
}

command! {
    /// Print the messages of a topic.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pubsub-sub>
    pub struct PubsubSub: "pubsub/sub" {
        arguments {
            /// Topic, as multibase.
            topic: ByteString = required "topic",
        }
        options {}
        body: NoBody,
        reply: Many<PubsubMessage>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, message, out| out.push_str(&String::from_utf8_lossy(&message.payload().unwrap_or_default())),
    }
}
