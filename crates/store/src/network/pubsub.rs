//! Messages by topic.

use cairn_primitives::keys::PeerId;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::NetworkError;

/// The messages of a topic, until dropped, which ends the subscription. A reader that is too slow loses messages.
pub type Messages = BoxStream<'static, Result<Message, NetworkError>>;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who published it.
    pub from: PeerId,
    /// Its payload.
    pub data: Vec<u8>,
    /// Its number.
    pub sequence: Vec<u8>,
    /// Its topic.
    pub topic: Vec<u8>,
}

/// Publishes and subscribes. Topics are bytes.
pub trait PubSub: Send + Sync {
    /// Publishes a message.
    fn publish(&self, topic: Vec<u8>, data: Vec<u8>) -> BoxFuture<'_, Result<(), NetworkError>>;

    /// Subscribes to a topic. The subscription is active when this answers.
    fn subscribe(&self, topic: Vec<u8>) -> BoxFuture<'_, Result<Messages, NetworkError>>;

    /// The subscribed topics.
    fn topics(&self) -> Vec<Vec<u8>>;

    /// Peers of a topic, or of all.
    fn peers(&self, topic: Option<&[u8]>) -> Vec<PeerId>;

    /// Forgets the sequence numbers of a peer's messages, or of all; returns the number of peers.
    fn forget<'a>(&'a self, peer: Option<&'a PeerId>) -> BoxFuture<'a, Result<u64, NetworkError>>;
}
