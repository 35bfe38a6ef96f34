//! The handle that commands use.

use std::sync::Arc;

use cairn_primitives::PeerId;
use cairn_store::NetworkError;
use cairn_store::network::{Messages, PubSub as Interface};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::error::PubSubError;
use super::shared::Shared;
use super::subscription::Reader;
use super::validator::Validator;

/// Requests that wait for the swarm. Further callers wait for a place.
pub(super) const MAX_COMMANDS: usize = 64;

const PUBLISH: &str = "publishing";
const SUBSCRIBE: &str = "subscribing";

/// A request to the behaviour.
pub(super) enum Command {
    Publish {
        topic: String,
        data: Vec<u8>,
        done: oneshot::Sender<Result<(), PubSubError>>,
    },
    Subscribe {
        topic: String,
        validator: Option<Arc<dyn Validator>>,
        done: oneshot::Sender<Result<Reader, PubSubError>>,
    },
    Forget {
        author: Option<libp2p::PeerId>,
        done: oneshot::Sender<u64>,
    },
}

/// A peer has subscribed to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The peer.
    pub peer: libp2p::PeerId,
    /// The topic.
    pub topic: Arc<str>,
}

/// Keeps a topic subscribed and validated until it is dropped.
#[derive(Debug)]
pub struct Validation {
    _reader: Reader,
}

/// Publishes messages and subscribes to topics. Clones share one node.
#[derive(Clone)]
pub struct PubSub {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) shared: Arc<Shared>,
}

impl PubSub {
    /// Messages that slow readers of subscriptions lost since the node was started.
    #[cfg(test)]
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Subscribes to a topic whose messages of other nodes are checked, also for other subscriptions to it, until the result
    /// is dropped. The validator is all that sees the messages; own messages are not checked.
    ///
    /// # Errors
    ///
    /// Fails if the topic has a validator already, at the bounds of [`Settings`](super::Settings), and if the node stops.
    pub async fn validate(
        &self,
        topic: String,
        validator: Arc<dyn Validator>,
    ) -> Result<Validation, NetworkError> {
        let reader = self.subscribed(topic, Some(validator)).await?;
        Ok(Validation { _reader: reader })
    }

    /// Peers that subscribe to topics to which this node is subscribed, from now on. A receiver that is too slow loses some.
    #[must_use]
    pub fn joins(&self) -> broadcast::Receiver<Join> {
        self.shared.joins.subscribe()
    }

    async fn subscribed(
        &self,
        topic: String,
        validator: Option<Arc<dyn Validator>>,
    ) -> Result<Reader, NetworkError> {
        let (done, result) = oneshot::channel();
        let command = Command::Subscribe {
            topic,
            validator,
            done,
        };
        let reader = self.request(command, result).await?;
        reader.map_err(|error| error.during(SUBSCRIBE))
    }

    async fn request<T>(
        &self,
        command: Command,
        result: oneshot::Receiver<T>,
    ) -> Result<T, NetworkError> {
        let sent = self.commands.send(command).await;
        sent.map_err(|_| NetworkError::Closed)?;
        result.await.map_err(|_| NetworkError::Closed)
    }
}

fn text(topic: Vec<u8>, action: &'static str) -> Result<String, NetworkError> {
    String::from_utf8(topic).map_err(|_| PubSubError::TopicNotText.during(action))
}

impl Interface for PubSub {
    fn publish(&self, topic: Vec<u8>, data: Vec<u8>) -> BoxFuture<'_, Result<(), NetworkError>> {
        async move {
            let topic = text(topic, PUBLISH)?;
            let (done, result) = oneshot::channel();
            let command = Command::Publish { topic, data, done };
            let published = self.request(command, result).await?;
            published.map_err(|error| error.during(PUBLISH))
        }
        .boxed()
    }

    fn subscribe(&self, topic: Vec<u8>) -> BoxFuture<'_, Result<Messages, NetworkError>> {
        async move {
            let reader = self.subscribed(text(topic, SUBSCRIBE)?, None).await?;
            Ok(reader.boxed())
        }
        .boxed()
    }

    fn topics(&self) -> Vec<Vec<u8>> {
        let topics = self.shared.topics.read();
        topics
            .iter()
            .map(|topic| topic.as_bytes().to_vec())
            .collect()
    }

    fn peers(&self, topic: Option<&[u8]>) -> Vec<PeerId> {
        let peers = match topic.map(std::str::from_utf8) {
            // No peer has such a topic.
            Some(Err(_)) => return Vec::new(),
            Some(Ok(topic)) => self.shared.peers_of(Some(topic)),
            None => self.shared.peers_of(None),
        };
        peers.into_iter().map(Into::into).collect()
    }

    fn forget<'a>(&'a self, peer: Option<&'a PeerId>) -> BoxFuture<'a, Result<u64, NetworkError>> {
        async move {
            let author = peer.map(Into::into);
            let (done, result) = oneshot::channel();
            self.request(Command::Forget { author, done }, result).await
        }
        .boxed()
    }
}
