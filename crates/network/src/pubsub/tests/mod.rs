//! Nodes that exchange messages.

mod bounds;
mod exchange;

use std::time::Duration;

use cairn_store::network::{Message, Messages, PubSub as _};
use futures_util::StreamExt as _;
use libp2p::swarm::Swarm;
use libp2p::{Multiaddr, PeerId};
use libp2p_swarm_test::SwarmExt as _;
use tokio::task::JoinHandle;

use super::{Behaviour, PubSub, Settings, new};

/// The longest that a test waits for something.
const LIMIT: Duration = Duration::from_secs(60);

/// A node whose swarm runs until it is dropped.
struct Node {
    pubsub: PubSub,
    id: PeerId,
    address: Multiaddr,
    swarm: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

impl Node {
    /// Starts a node that is connected to others.
    async fn start(settings: Settings, others: &[&Node]) -> Self {
        let mut made = None;
        let mut swarm: Swarm<Behaviour> = Swarm::new_ephemeral_tokio(|key| {
            let (behaviour, pubsub) = new(settings, &key).unwrap();
            made = Some(pubsub);
            behaviour
        });
        let (_, address) = swarm.listen().await;
        for other in others {
            swarm.dial_and_wait(other.address.clone()).await;
        }
        Self {
            pubsub: made.unwrap(),
            id: *swarm.local_peer_id(),
            address,
            swarm: tokio::spawn(async move { swarm.loop_on_next().await }),
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

/// Waits for a condition.
async fn until(condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, met).await.unwrap();
}

/// The next message of a subscription.
async fn next(messages: &mut Messages) -> Message {
    let next = tokio::time::timeout(LIMIT, messages.next()).await;
    next.unwrap().unwrap().unwrap()
}
