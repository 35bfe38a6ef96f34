//! A swarm is replaced after a panic.

use cairn_primitives::keys::{KeyType, Keypair};
use cairn_store::network::{PeerAddresses, Swarm as _};

use super::*;
use crate::host::{Host, Modules, Settings};
use crate::testing::until;

async fn start() -> (Arc<Host>, PeerAddresses) {
    let keys = Keypair::generate(KeyType::Ed25519).unwrap();
    let mut settings = Settings::new(&keys.encode()).unwrap();
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
