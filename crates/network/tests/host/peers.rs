//! What hosts know of one another.

use cairn_primitives::Multiaddr;
use cairn_store::network::{Reachability, Swarm as _};

use crate::support::{TCP, plain, start, until};

/// Server roles that a host offers to peers. A new one is a decision.
#[tokio::test(flavor = "multi_thread")]
async fn only_these_protocols_are_offered() {
    let (a, b) = (plain().await, plain().await);
    a.connect(b.here()).await.unwrap();
    until("the peer is identified", || a.identity(&b.id).is_some()).await;
    let mut offered = a.identity(&b.id).unwrap().protocols;
    offered.sort();
    assert_eq!(
        offered,
        [
            "/ipfs/id/1.0.0",
            "/ipfs/id/push/1.0.0",
            "/ipfs/ping/1.0.0",
            "/libp2p/autonat/2/dial-back",
            "/libp2p/circuit/relay/0.2.0/stop",
        ]
    );
    assert_eq!(b.identity(&b.id).unwrap().protocols, offered);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_announced_as_configured() {
    let to = |text: &str| text.parse::<Multiaddr>().unwrap();
    let a = plain().await;
    assert_eq!(a.announced(), a.listening());
    let b = start(TCP, |settings| {
        settings.no_announce = vec![to("/ip4/127.0.0.0/ipcidr/8")];
        settings.append_announce = vec![to("/ip4/192.0.2.7/tcp/4001"), to("/ip4/127.0.0.1/tcp/5")];
    })
    .await;
    assert_eq!(b.announced(), [to("/ip4/192.0.2.7/tcp/4001")]);
    let c = start(TCP, |settings| {
        settings.announce = vec![to("/dns4/example.com/tcp/443/tls/ws")];
    })
    .await;
    a.connect(b.here()).await.unwrap();
    a.connect(c.here()).await.unwrap();
    until("both are identified", || {
        [&b, &c].iter().all(|peer| a.identity(&peer.id).is_some())
    })
    .await;
    // Where it was dialed is known besides.
    let known = a.known();
    assert!(
        known
            .get(&b.id)
            .unwrap()
            .contains(&to("/ip4/192.0.2.7/tcp/4001"))
    );
    assert!(
        !known
            .get(&b.id)
            .unwrap()
            .contains(&to("/ip4/127.0.0.1/tcp/5"))
    );
    assert!(
        known
            .get(&c.id)
            .unwrap()
            .contains(&to("/dns4/example.com/tcp/443/tls/ws"))
    );
    assert_eq!(a.reachability().status, Reachability::Unknown);
    assert_eq!(a.reachability().unknown, a.listening());
}

#[tokio::test(flavor = "multi_thread")]
async fn peerings_are_connected_again() {
    let (a, b) = (plain().await, plain().await);
    a.add_peering(b.here());
    assert_eq!(a.peerings(), [b.here()]);
    until("both are connected", || {
        a.is_connected(&b) && b.is_connected(&a)
    })
    .await;
    b.host.disconnect(&a.id, None).await.unwrap();
    until("it is disconnected or back", || a.count(&b) <= 1).await;
    until("it is connected again", || {
        a.is_connected(&b) && b.is_connected(&a)
    })
    .await;
    a.remove_peering(&b.id);
    assert!(a.peerings().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_connections_connects_to_bootstrap_peers() {
    let server = plain().await;
    let address = server.address().text_with_peer(&server.id).parse().unwrap();
    let late = start(TCP, |settings| settings.bootstrap = vec![address]).await;
    until("it is connected", || server.is_connected(&late)).await;
}
