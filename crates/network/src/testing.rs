//! What tests of several modules need.

use std::fmt::Debug;
use std::time::Duration;

use libp2p::swarm::{NetworkBehaviour, Swarm};
use libp2p::{Multiaddr, PeerId};
use libp2p_swarm_test::SwarmExt as _;
use tokio::task::JoinHandle;

/// The longest that a test waits for something.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Waits for a condition.
pub(crate) async fn until(mut is_met: impl FnMut() -> bool) {
    let met = async {
        while !is_met() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(LIMIT, met).await;
    waited.expect("the condition holds within a minute");
}

/// A swarm that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) id: PeerId,
    pub(crate) address: Multiaddr,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Runs a swarm that is connected to others.
pub(crate) async fn run<'a, B>(
    mut swarm: Swarm<B>,
    others: impl IntoIterator<Item = &'a Running>,
) -> Running
where
    B: NetworkBehaviour + Send,
    B::ToSwarm: Debug,
{
    let (_, address) = swarm.listen().await;
    for other in others {
        swarm.dial_and_wait(other.address.clone()).await;
    }
    Running {
        id: *swarm.local_peer_id(),
        address,
        task: tokio::spawn(swarm.loop_on_next()),
    }
}
