//! Reservations at relays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cairn_primitives::Multiaddr;
use futures_util::StreamExt as _;
use libp2p::core::multiaddr::Protocol;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{identify, relay};
use tokio::sync::mpsc;

use crate::support::{TCP, TestHost, bare, plain, start, until};
use cairn_store::network::{PeerAddresses, Swarm as _};

/// A relay, which tells its clients which address it sees of them.
#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
struct RelayParts {
    relay: relay::Behaviour,
    identify: identify::Behaviour,
}

/// A relay that closes all its connections when it is told to.
async fn relay() -> (Multiaddr, mpsc::Sender<()>) {
    let (address, close, _) = relay_with(relay::Config::default()).await;
    (address, close)
}

/// The same with its configuration, and the number of reservations that it has renewed.
async fn relay_with(config: relay::Config) -> (Multiaddr, mpsc::Sender<()>, Arc<AtomicUsize>) {
    let mut swarm = bare(|key| RelayParts {
        relay: relay::Behaviour::new(key.public().to_peer_id(), config),
        identify: identify::Behaviour::new(identify::Config::new(
            "/ipfs/0.1.0".to_owned(),
            key.public(),
        )),
    });
    let renewed = Arc::new(AtomicUsize::new(0));
    let renewals = Arc::clone(&renewed);
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
                event = swarm.select_next_some() => {
                    if let SwarmEvent::Behaviour(RelayPartsEvent::Relay(
                        relay::Event::ReservationReqAccepted { renewed: true, .. },
                    )) = event
                    {
                        renewals.fetch_add(1, Ordering::Relaxed);
                    }
                }
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
    (address.to_string().parse().unwrap(), close, renewed)
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

/// Where a host can be reached by others: at the relay only.
fn at_relay(host: &TestHost) -> PeerAddresses {
    PeerAddresses {
        peer: host.id.clone(),
        addresses: circuit(host).into_iter().collect(),
    }
}

/// Whether there is a connection between hosts that does not pass through a relay, and whether there is one that does.
fn connections(host: &TestHost, other: &TestHost) -> (bool, bool) {
    let open = host.connections();
    let addresses: Vec<_> = open
        .iter()
        .filter(|open| open.peer == other.id)
        .map(|open| open.address.to_string().contains("/p2p-circuit"))
        .collect();
    (addresses.contains(&false), addresses.contains(&true))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_behind_a_relay_is_reached_while_its_reservation_is_renewed() {
    let config = relay::Config {
        reservation_duration: Duration::from_secs(4),
        ..relay::Config::default()
    };
    let (address, _close, renewed) = relay_with(config).await;
    // It listens nowhere else.
    let hidden = start(TCP, |settings| {
        settings.listen.clear();
        settings.relay.relays = vec![address];
    })
    .await;
    until("the reservation", || circuit(&hidden).is_some()).await;
    let listening = hidden.listening();
    let is_circuit = |address: &Multiaddr| address.to_string().contains("/p2p-circuit");
    assert!(listening.iter().all(is_circuit), "{listening:?}");
    for renewals in [0, 1, 2] {
        until("a renewal", || renewed.load(Ordering::Relaxed) >= renewals).await;
        let other = plain().await;
        other.connect(at_relay(&hidden)).await.unwrap();
        until("both are connected", || hidden.is_connected(&other)).await;
        assert!(connections(&other, &hidden).1 && connections(&hidden, &other).1);
        other.ping(hidden.id.clone()).next().await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relayed_connection_becomes_a_direct_one() {
    let (address, _close) = relay().await;
    let hidden = start(TCP, |settings| settings.relay.relays = vec![address]).await;
    until("the reservation", || circuit(&hidden).is_some()).await;
    let other = plain().await;
    // It knows the address at the relay only; both tell each other where they may be reached directly.
    other.connect(at_relay(&hidden)).await.unwrap();
    until("a direct connection", || connections(&other, &hidden).0).await;
    until("of both", || connections(&hidden, &other).0).await;
    other.ping(hidden.id.clone()).next().await.unwrap().unwrap();
}
