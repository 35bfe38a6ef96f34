//! Why messages cannot be published or subscribed to.

use std::sync::Arc;

use cairn_store::NetworkError;

/// Why a topic or message is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PubSubError {
    /// The topic is not UTF-8.
    #[error("the topic is not UTF-8")]
    TopicNotText,
    /// The topic is too long.
    #[error("the topic has {length} bytes: at most {limit} are allowed")]
    TopicTooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The message is too long for a frame.
    #[error("the message has {length} bytes: at most {limit} are allowed")]
    MessageTooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes, which depends on the length of the topic.
        limit: usize,
    },
    /// The node is subscribed to the maximum number of topics.
    #[error("subscribed to {0} topics already: cancel a subscription first")]
    TooManyTopics(usize),
    /// The node has the maximum number of subscriptions.
    #[error("{0} subscriptions are active already: cancel one first")]
    TooManySubscriptions(usize),
    /// The topic has a validator already.
    #[error("the topic is already validated by another part of the node")]
    Validated,
    /// No peer of the topic takes further messages at the moment.
    #[error("all {0} peers of the topic are too slow: try again later")]
    Congested(usize),
    /// The library refused it.
    #[error("{0}")]
    Library(String),
}

impl PubSubError {
    /// As an error of the interface.
    pub(super) fn during(self, action: &'static str) -> NetworkError {
        NetworkError::Failed {
            action,
            source: Arc::new(self),
        }
    }
}
