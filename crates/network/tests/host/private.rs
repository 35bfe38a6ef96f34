//! Private networks.

use cairn_network::host::{Host, Modules, StartError, SwarmKey};
use cairn_store::network::Swarm as _;

use crate::support::{TCP, plain, settings, start};

fn key(byte: u8) -> SwarmKey {
    let file = [b"/key/swarm/psk/1.0.0/\n/bin/\n".as_slice(), &[byte; 32]].concat();
    SwarmKey::parse(&file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_hosts_with_the_same_key_connect() {
    for listen in [TCP, "/ip4/127.0.0.1/tcp/0/ws"] {
        let private = |byte| {
            start(listen, move |settings| {
                settings.swarm_key = Some(key(byte));
                settings.limits.handshake = std::time::Duration::from_secs(2);
                settings.limits.dial = std::time::Duration::from_secs(2);
            })
        };
        let (a, b, other, open) = (
            private(1).await,
            private(1).await,
            private(2).await,
            plain().await,
        );
        a.connect(b.here()).await.unwrap();
        assert!(a.is_connected(&b));
        assert!(other.connect(b.here()).await.is_err());
        assert!(open.connect(b.here()).await.is_err());
        assert!(b.connect(open.here()).await.is_err());
        assert_eq!(b.connections().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_network_has_no_quic() {
    let (mut settings, _) = settings("/ip4/127.0.0.1/udp/0/quic-v1");
    settings.swarm_key = Some(key(1));
    let host = Host::start(settings, Modules::default()).await.unwrap();
    assert!(host.listening().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_a_host_that_must_be_private_does_not_start() {
    let (mut settings, _) = settings(TCP);
    settings.force_private = true;
    let refused = Host::start(settings, Modules::default()).await;
    assert!(matches!(refused, Err(StartError::NoSwarmKey)));
}
