//! A swarm is replaced after a panic; relays are found and left.

use cairn_primitives::keys::{KeyType, Keypair};
use cairn_store::network::{PeerAddresses, Reachability, Swarm as _};

use super::*;
use crate::host::{Host, Modules, RelayService, Settings};
use crate::testing::until;

async fn start() -> (Arc<Host>, PeerAddresses) {
    start_with(|_| {}).await
}

async fn start_with(change: impl FnOnce(&mut Settings)) -> (Arc<Host>, PeerAddresses) {
    let keys = Keypair::generate(KeyType::Ed25519).unwrap();
    let mut settings = Settings::new(&keys.encode()).unwrap();
    change(&mut settings);
    settings.listen = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"]
        .map(|text| text.parse().unwrap())
        .to_vec();
    let host = Host::start(settings, Modules::default()).await.unwrap();
    let here = PeerAddresses {
        peer: keys.peer_id(),
        addresses: host.listening(),
    };
    (host, here)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_that_panicked_is_replaced_and_listens_again() {
    let ((server, here), (friend, there)) = (start().await, start().await);
    friend.connect(here.clone()).await.unwrap();
    until(|| server.connections().len() == 1).await;
    let mut before = server.listening();
    assert_eq!(before.len(), 2);
    for _ in 0..2 {
        assert!(server.commands.send(Command::Panic).await.is_ok());
        until(|| server.connections().is_empty() && friend.connections().is_empty()).await;
        until(|| server.listening().len() == 2).await;
        let mut after = server.listening();
        after.sort();
        before.sort();
        assert_eq!(before, after);
        friend.connect(here.clone()).await.unwrap();
        until(|| server.connections().len() == 1 && friend.identity(&here.peer).is_some()).await;
        server.disconnect(&there.peer, None).await.unwrap();
        server.connect(there.clone()).await.unwrap();
        let limits = server.resources().unwrap();
        let system = limits.first().unwrap();
        assert_eq!(
            system.usage.inbound_connections + system.usage.outbound_connections,
            1
        );
    }
}

/// A relay with so many places.
async fn relay(reservations: usize) -> (Arc<Host>, PeerAddresses) {
    start_with(|settings| {
        settings.append_announce = vec!["/ip4/192.0.2.1/tcp/1".parse().unwrap()];
        settings.relay.serve = Some(RelayService {
            reservations,
            ..RelayService::default()
        });
    })
    .await
}

/// The relays at which a host has a place.
fn places(host: &Host) -> HashSet<String> {
    let listening = host.listening().into_iter();
    let circuits = listening.filter_map(|address| {
        let text = address.to_string();
        let (relay, _) = text.split_once("/p2p-circuit")?;
        Some(relay.rsplit('/').next()?.to_owned())
    });
    circuits.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_are_found_among_the_peers_while_nobody_reaches_the_node() {
    let mut relays = Vec::new();
    for reservations in [0, 8, 8, 8] {
        relays.push(relay(reservations).await);
    }
    let (hidden, _) = start_with(|settings| settings.auto_nat.assume = Some(false)).await;
    let (plain, _) = start().await;
    for (_, relay) in &relays {
        hidden.connect(relay.clone()).await.unwrap();
        plain.connect(relay.clone()).await.unwrap();
    }
    // One has no place, and two of the others are enough.
    until(|| places(&hidden).len() == 2).await;
    let first = places(&hidden);
    assert!(!first.contains(&relays[0].1.peer.to_string()));
    // A relay that is lost is replaced by the third.
    let (_, lost) = relays
        .iter()
        .find(|(_, relay)| first.contains(&relay.peer.to_string()))
        .unwrap();
    hidden.disconnect(&lost.peer, None).await.unwrap();
    until(|| places(&hidden).len() == 2 && places(&hidden) != first).await;
    assert!(!places(&hidden).contains(&lost.peer.to_string()));
    // It is not known whether others reach this one.
    assert!(places(&plain).is_empty());

    hidden.shared.reachable.send_replace(Reachability::Public);
    until(|| places(&hidden).is_empty()).await;
    hidden.shared.reachable.send_replace(Reachability::Private);
    until(|| !places(&hidden).is_empty()).await;
}
