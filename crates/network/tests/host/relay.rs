//! Reservations at relays.

use cairn_primitives::Multiaddr;
use futures_util::StreamExt as _;
use libp2p::core::multiaddr::Protocol;
use libp2p::relay;
use libp2p::swarm::SwarmEvent;
use tokio::sync::mpsc;

use crate::support::{TCP, TestHost, bare, plain, start, until};
use cairn_store::network::{PeerAddresses, Swarm as _};

/// A relay that closes all its connections when it is told to.
async fn relay() -> (Multiaddr, mpsc::Sender<()>) {
    let mut swarm =
        bare(|key| relay::Behaviour::new(key.public().to_peer_id(), relay::Config::default()));
    swarm.listen_on(TCP.parse().unwrap()).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address;
        }
    };
    // Relays tell their clients which addresses they have.
    swarm.add_external_address(address.clone());
    let address = address.with(Protocol::P2p(*swarm.local_peer_id()));
    let (close, mut closes) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = swarm.select_next_some() => {}
                close = closes.recv() => {
                    if close.is_none() {
                        return;
                    }
                    let peers: Vec<_> = swarm.connected_peers().copied().collect();
                    for peer in peers {
                        let _ = swarm.disconnect_peer_id(peer);
                    }
                }
            }
        }
    });
    (address.to_string().parse().unwrap(), close)
}

/// The address of a host at a relay.
fn circuit(host: &TestHost) -> Option<Multiaddr> {
    let addresses = host.listening();
    addresses
        .into_iter()
        .find(|address| address.to_string().contains("/p2p-circuit"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reservation_is_made_again() {
    let (address, close) = relay().await;
    let client = start(TCP, |settings| {
        settings.relay.relays = vec![address];
        settings.relay.hole_punching = false;
    })
    .await;
    for _ in 0..2 {
        until("the reservation", || circuit(&client).is_some()).await;
        let other = plain().await;
        let there = PeerAddresses {
            peer: client.id.clone(),
            addresses: circuit(&client).into_iter().collect(),
        };
        other.connect(there).await.unwrap();
        until("both are connected", || client.is_connected(&other)).await;
        close.send(()).await.unwrap();
        until("the reservation is lost", || {
            circuit(&client).is_none() && !client.is_connected(&other)
        })
        .await;
    }
    until("the reservation", || circuit(&client).is_some()).await;
}
