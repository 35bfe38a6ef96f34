//! Bounds of the topics of each peer.

use libp2p::gossipsub::{MaxCountSubscriptionFilter, TopicHash, TopicSubscriptionFilter};

use super::Settings;

/// The filter of the library's behaviour: a frame whose subscriptions exceed the number of topics subscribes to none.
pub(super) type TopicFilter = MaxCountSubscriptionFilter<ShortTopics>;

/// Ignores topics with long names.
#[derive(Clone, Debug)]
pub struct ShortTopics {
    max_length: usize,
}

impl TopicSubscriptionFilter for ShortTopics {
    fn can_subscribe(&mut self, topic: &TopicHash) -> bool {
        topic.as_str().len() <= self.max_length
    }
}

/// The filter with these bounds.
pub(super) fn of(settings: &Settings) -> TopicFilter {
    MaxCountSubscriptionFilter {
        filter: ShortTopics {
            max_length: settings.max_topic_length,
        },
        max_subscribed_topics: settings.max_peer_topics,
        max_subscriptions_per_request: settings.max_peer_topics,
    }
}
