//! Nodes that exchange messages.

mod bounds;
mod exchange;
mod replay;

use cairn_store::network::{Message, Messages, PubSub as _};
use futures_util::StreamExt as _;
use libp2p::PeerId;
use libp2p::swarm::Swarm;
use libp2p_swarm_test::SwarmExt as _;

use super::{PubSub, Settings, new};
use crate::testing::{LIMIT, Running, run, until};

/// A node whose swarm runs until it is dropped.
struct Node {
    pubsub: PubSub,
    id: PeerId,
    swarm: Running,
}

impl Node {
    /// Starts a node that is connected to others.
    async fn start(settings: Settings, others: &[&Node]) -> Self {
        let mut made = None;
        let swarm = Swarm::new_ephemeral_tokio(|key| {
            let (behaviour, pubsub) = new(settings, &key).unwrap();
            made = Some(pubsub);
            behaviour
        });
        let swarm = run(swarm, others.iter().map(|other| &other.swarm)).await;
        Self {
            pubsub: made.unwrap(),
            id: swarm.id,
            swarm,
        }
    }

    async fn subscribe(&self, topic: &str) -> Messages {
        self.pubsub.subscribe(topic.into()).await.unwrap()
    }

    async fn publish(&self, topic: &str, data: &[u8]) {
        let published = self.pubsub.publish(topic.into(), data.to_vec()).await;
        published.unwrap();
    }

    /// Waits until so many peers take part in a topic.
    async fn has_peers(&self, topic: &str, count: usize) {
        until(|| self.pubsub.peers(Some(topic.as_bytes())).len() == count).await;
    }
}

/// The next message of a subscription.
async fn next(messages: &mut Messages) -> Message {
    let next = tokio::time::timeout(LIMIT, messages.next()).await;
    next.unwrap().unwrap().unwrap()
}
