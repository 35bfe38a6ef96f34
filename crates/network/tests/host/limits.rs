//! Limits and filters.

use std::time::Duration;

use cairn_store::network::Swarm as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::support::{TCP, TestHost, plain, start, until};

#[tokio::test(flavor = "multi_thread")]
async fn filters_refuse_dialed_and_accepted_connections() {
    let range: cairn_primitives::Multiaddr = "/ip4/127.0.0.0/ipcidr/8".parse().unwrap();
    let (a, b) = (
        plain().await,
        start(TCP, |settings| settings.filters = vec![range.clone()]).await,
    );
    assert_eq!(b.filters(), std::slice::from_ref(&range));
    assert!(a.connect(b.here()).await.is_err());
    assert!(b.connect(a.here()).await.is_err());
    b.set_filters(Vec::new());
    a.connect(b.here()).await.unwrap();
    a.host.disconnect(&b.id, None).await.unwrap();
    a.set_filters(vec![range]);
    assert!(a.connect(b.here()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_above_the_limit_are_refused_and_others_stay() {
    let server = start(TCP, |settings| settings.limits.inbound = 3).await;
    let mut friends: Vec<TestHost> = Vec::new();
    for _ in 0..3 {
        let friend = plain().await;
        friend.connect(server.here()).await.unwrap();
        until("it is connected", || server.is_connected(&friend)).await;
        friends.push(friend);
    }
    let late = plain().await;
    // The other side hears of the refusal after its own side of the handshake.
    let _ = late.connect(server.here()).await;
    until("it is refused", || !late.is_connected(&server)).await;
    assert_eq!(server.connections().len(), 3);
    assert!(friends.iter().all(|friend| server.is_connected(friend)));
    let system = server.system();
    assert_eq!(system.usage.inbound_connections, 3);
    assert_eq!(system.limit.unwrap().inbound_connections, 3);
    friends.pop().unwrap().shutdown().await;
    until("there is room", || server.connections().len() == 2).await;
    late.connect(server.here()).await.unwrap();
    until("it is connected", || server.is_connected(&late)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_handshakes_time_out_and_are_bounded() {
    let server = start(TCP, |settings| {
        settings.limits.pending_inbound = 16;
        settings.limits.handshake = Duration::from_millis(500);
    })
    .await;
    let port = server.port();
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    // Each is closed by the server: those above the bound at once, the others in time.
    for mut socket in silent {
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest).await;
    }
    let friend = plain().await;
    friend.connect(server.here()).await.unwrap();
    assert!(friend.is_connected(&server));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_trimmed_to_the_low_water() {
    let server = start(TCP, |settings| {
        settings.connections.low = 2;
        settings.connections.high = 4;
        settings.connections.grace = Duration::ZERO;
        settings.connections.interval = Duration::from_millis(50);
    })
    .await;
    let mut friends: Vec<TestHost> = Vec::new();
    let kept = plain().await;
    server.protect(&kept.id, "test");
    let peered = plain().await;
    server.add_peering(peered.here());
    kept.connect(server.here()).await.unwrap();
    until("the peer is connected", || server.is_connected(&peered)).await;
    for _ in 0..4 {
        let friend = plain().await;
        let _ = friend.connect(server.here()).await;
        friends.push(friend);
    }
    let trimmed = async {
        loop {
            match server.connections().len() {
                2 => return,
                // A friend that came after the trimming stays until there are too many again.
                3 | 4 => {
                    let friend = plain().await;
                    let _ = friend.connect(server.here()).await;
                    friends.push(friend);
                }
                _ => {}
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let trimmed = tokio::time::timeout(Duration::from_secs(60), trimmed).await;
    trimmed.expect("connections are trimmed");
    assert!(server.is_connected(&kept) && server.is_connected(&peered));
}
