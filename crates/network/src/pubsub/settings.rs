//! Parameters.

use std::time::Duration;

use libp2p::gossipsub::{Config, ConfigBuilder, ConfigBuilderError, MessageId, ValidationMode};

use super::Discovery;

/// Most bytes of a frame, which has messages, subscriptions and control messages.
pub(super) const MAX_FRAME: usize = 1 << 20;

/// Bytes that a frame needs besides payload and topic, at most: author, number, and key and signature of RSA with 8,192 bits.
const FRAME_OVERHEAD: usize = 4096;

/// Most bytes of control messages and subscriptions in a frame. The decoder may need 24 times as many bytes while it reads
/// them. A connection that sends a larger frame loses its stream.
const MAX_CONTROL: usize = 256 << 10;

/// Most messages that wait for one peer. Further messages are not sent to it.
const PEER_QUEUE: usize = 256;

/// Parameters of messages by topic. The default is Kubo's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How long the ID of a message is remembered (`Pubsub.SeenMessagesTTL`). Kubo's `Pubsub.SeenMessagesStrategy` has no
    /// counterpart: whether this time starts with the first or the last time a message is seen is without effect, as an
    /// older message is ignored because of its number.
    pub seen_ttl: Duration,
    /// Most topics that this node subscribes to. Further subscriptions are refused.
    pub max_topics: usize,
    /// Most subscriptions of this node; a topic may have several. Further subscriptions are refused.
    pub max_subscriptions: usize,
    /// Most messages that wait for the reader of a subscription. The oldest is dropped for a new one, and counted.
    pub subscription_messages: usize,
    /// Most bytes of those messages. The oldest are dropped for a new one, and counted. One message is always kept.
    pub subscription_bytes: usize,
    /// Most topics of a peer. All subscriptions of a frame that has more, or leads to more, are ignored.
    pub max_peer_topics: usize,
    /// Most bytes of a topic's name. Longer topics of peers are ignored, and own ones are refused.
    pub max_topic_length: usize,
    /// Authors of messages whose greatest number is remembered. The author that was silent for the longest time is
    /// forgotten for a new one; a message of it that is sent once more after [`seen_ttl`](Self::seen_ttl) is then
    /// delivered once more. The numbers are not stored: after a restart, the first message of each author is accepted.
    pub max_authors: usize,
    /// Bytes of messages received from all peers in a second, on average. Further messages are dropped; twice as many bytes
    /// may come at once. As messages are kept for 5 seconds, for peers that missed them, seven times this is the bound of
    /// the memory that they need.
    pub receive_rate: u32,
    /// Finds peers by topic; `None` if only connected peers matter.
    pub discovery: Option<Discovery>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seen_ttl: Duration::from_secs(120),
            max_topics: 4096,
            max_subscriptions: 8192,
            subscription_messages: 1024,
            subscription_bytes: 4 << 20,
            max_peer_topics: 4096,
            max_topic_length: 512,
            max_authors: 65_536,
            receive_rate: 16 << 20,
            discovery: None,
        }
    }
}

impl Settings {
    /// The library's configuration, with Kubo's values: the defaults of go-libp2p-pubsub, and floods of own messages.
    pub(super) fn config(
        &self,
        id: impl Fn(&libp2p::gossipsub::Message) -> MessageId + Send + Sync + 'static,
    ) -> Result<Config, ConfigBuilderError> {
        ConfigBuilder::default()
            .heartbeat_initial_delay(Duration::from_millis(100))
            .duplicate_cache_time(self.seen_ttl)
            .validation_mode(ValidationMode::Strict)
            .validate_messages()
            .message_id_fn(id)
            .flood_publish(true)
            .support_floodsub()
            .max_transmit_size(MAX_FRAME)
            .max_control_message_size(MAX_CONTROL)
            .connection_handler_queue_len(PEER_QUEUE)
            .idontwant_message_size_threshold(1024)
            .build()
    }
}

/// Most bytes of a message of a topic.
pub(super) fn max_message(topic: &str) -> usize {
    MAX_FRAME.saturating_sub(FRAME_OVERHEAD + topic.len())
}
