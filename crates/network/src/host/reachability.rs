//! Tests by which addresses others reach this node (AutoNAT v2), again and again: a node moves to another network, and its owner
//! forwards a port.
//!
//! libp2p's client tests each address once, and none that the node announces already, such as those that a router promised to forward
//! (UPnP): routers promise what a second one before them does not keep. This one tests those as well, and replaces the client from time
//! to time by a new one, which tests all addresses that were found. The new one asks peers that were connected to since; what comes of
//! older connections is meant for its predecessor, and is dropped.

use std::collections::{HashSet, VecDeque};
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::autonat::v2::client;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::NewExternalAddrCandidate;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::reach::is_relayed;

/// Time between two tests of an address.
const AGAIN: Duration = Duration::from_secs(30 * 60);

/// Addresses that are tested again. Above that, the one that was found first is not.
const MAX_FOUND: usize = 32;

/// See the module.
pub(super) struct Behaviour {
    client: client::Behaviour,
    /// Connections that the client knows of.
    connections: HashSet<ConnectionId>,
    found: VecDeque<Multiaddr>,
    again: Interval,
}

impl Behaviour {
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn new() -> Self {
        let mut again = tokio::time::interval_at(Instant::now() + AGAIN, AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            client: client::Behaviour::default(),
            connections: HashSet::new(),
            found: VecDeque::new(),
            again,
        }
    }

    fn found(&mut self, address: &Multiaddr) {
        if is_relayed(address) || self.found.contains(address) {
            return;
        }
        if self.found.len() == MAX_FOUND {
            self.found.pop_front();
        }
        self.found.push_back(address.clone());
        test(&mut self.client, address);
    }

    fn begin_again(&mut self) {
        self.client = client::Behaviour::default();
        self.connections.clear();
        for address in &self.found {
            test(&mut self.client, address);
        }
    }
}

fn test(client: &mut client::Behaviour, addr: &Multiaddr) {
    let candidate = NewExternalAddrCandidate { addr };
    client.on_swarm_event(FromSwarm::NewExternalAddrCandidate(candidate));
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = <client::Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = client::Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.client
            .handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.client
            .handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::NewExternalAddrCandidate(candidate) => return self.found(candidate.addr),
            FromSwarm::ExternalAddrConfirmed(confirmed) => self.found(confirmed.addr),
            FromSwarm::ConnectionEstablished(established) => {
                self.connections.insert(established.connection_id);
            }
            FromSwarm::ConnectionClosed(closed)
                if !self.connections.remove(&closed.connection_id) =>
            {
                return;
            }
            _ => {}
        }
        self.client.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        if self.connections.contains(&id) {
            self.client.on_connection_handler_event(peer, id, event);
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        while self.again.poll_tick(context).is_ready() {
            self.begin_again();
        }
        self.client.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use libp2p::autonat::v2::server;
    use libp2p::identify;
    use libp2p::identity::Keypair;
    use libp2p::swarm::{Swarm, SwarmEvent};
    use libp2p_swarm_test::SwarmExt as _;

    use super::*;
    use crate::testing::{LIMIT, Running, run};

    /// Peers tell by identify that they test.
    #[derive(NetworkBehaviour)]
    #[behaviour(prelude = "libp2p::swarm::derive_prelude")]
    struct With<B: NetworkBehaviour> {
        tests: B,
        identify: identify::Behaviour,
    }

    fn swarm<B: NetworkBehaviour + Send>(tests: B) -> Swarm<With<B>>
    where
        B::ToSwarm: std::fmt::Debug,
    {
        Swarm::new_ephemeral_tokio(|key: Keypair| With {
            tests,
            identify: identify::Behaviour::new(identify::Config::new(
                "/ipfs/0.1.0".to_owned(),
                key.public(),
            )),
        })
    }

    async fn tester() -> Running {
        run(swarm(server::Behaviour::default()), []).await
    }

    /// Who has reached the swarm by this address.
    async fn reached(swarm: &mut Swarm<With<Behaviour>>, address: &Multiaddr) -> PeerId {
        let next = async {
            loop {
                let event = swarm.select_next_some().await;
                if let SwarmEvent::Behaviour(WithEvent::Tests(event)) = event
                    && event.tested_addr == *address
                {
                    assert!(event.result.is_ok());
                    return event.server;
                }
            }
        };
        tokio::time::timeout(LIMIT, next).await.unwrap()
    }

    #[tokio::test]
    async fn addresses_are_tested_again_by_peers_that_are_connected_to_later() {
        let (first, second) = (tester().await, tester().await);
        let mut swarm = swarm(Behaviour::new());
        let (_, own) = swarm.listen().await;
        swarm.dial_and_wait(first.address.clone()).await;
        let candidate =
            FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr: &own });
        swarm.behaviour_mut().tests.on_swarm_event(candidate);
        assert_eq!(reached(&mut swarm, &own).await, first.id);

        swarm.behaviour_mut().tests.begin_again();
        swarm.dial_and_wait(second.address.clone()).await;
        assert_eq!(reached(&mut swarm, &own).await, second.id);
        // The client does not know of this connection.
        swarm.disconnect_peer_id(first.id).unwrap();
        swarm
            .wait(|event| matches!(event, SwarmEvent::ConnectionClosed { .. }).then_some(()))
            .await;
    }
}
