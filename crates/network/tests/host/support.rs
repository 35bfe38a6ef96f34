//! Starts hosts, and waits for conditions.

use std::sync::Arc;
use std::time::Duration;

use cairn_network::host::{Host, Modules, Settings};
use cairn_primitives::Multiaddr;
use cairn_primitives::keys::{KeyType, Keypair, PeerId};
use cairn_store::network::{PeerAddresses, ResourceScope, Scope, Swarm as _};
use libp2p::identity;
use libp2p::swarm::{NetworkBehaviour, Swarm};

pub(crate) struct TestHost {
    pub(crate) host: Arc<Host>,
    pub(crate) id: PeerId,
}

impl std::ops::Deref for TestHost {
    type Target = Host;
    fn deref(&self) -> &Host {
        &self.host
    }
}

/// Settings of a new host on a loopback port.
pub(crate) fn settings(listen: &str) -> (Settings, PeerId) {
    let keys = Keypair::generate(KeyType::Ed25519).unwrap();
    let mut settings = Settings::new(&keys.encode()).unwrap();
    settings.listen = vec![listen.parse().unwrap()];
    (settings, keys.peer_id())
}

pub(crate) const TCP: &str = "/ip4/127.0.0.1/tcp/0";

pub(crate) async fn start(listen: &str, change: impl FnOnce(&mut Settings)) -> TestHost {
    let (mut settings, id) = settings(listen);
    change(&mut settings);
    let host = Host::start(settings, Modules::default()).await.unwrap();
    TestHost { host, id }
}

pub(crate) async fn plain() -> TestHost {
    start(TCP, |_| {}).await
}

impl TestHost {
    pub(crate) fn here(&self) -> PeerAddresses {
        PeerAddresses {
            peer: self.id.clone(),
            addresses: self.host.listening(),
        }
    }

    pub(crate) fn address(&self) -> Multiaddr {
        self.host.listening().first().unwrap().clone()
    }

    /// The port of that address.
    pub(crate) fn port(&self) -> u16 {
        let address = self.address().to_string();
        address.rsplit('/').next().unwrap().parse().unwrap()
    }

    /// What all connections use.
    pub(crate) fn system(&self) -> ResourceScope {
        let mut scopes = self.host.resources().unwrap().into_iter();
        scopes.find(|it| it.scope == Scope::System).unwrap()
    }

    pub(crate) fn is_connected(&self, other: &TestHost) -> bool {
        self.count(other) > 0
    }

    pub(crate) fn count(&self, other: &TestHost) -> usize {
        let connections = self.host.connections();
        connections
            .iter()
            .filter(|open| open.peer == other.id)
            .count()
    }
}

/// A swarm with its own behaviour, and without the limits of a host.
pub(crate) fn bare<B: NetworkBehaviour>(
    behaviour: impl FnOnce(&identity::Keypair) -> B,
) -> Swarm<B> {
    let builder = libp2p::SwarmBuilder::with_new_identity().with_tokio();
    let builder = builder.with_tcp(
        libp2p::tcp::Config::default(),
        libp2p::noise::Config::new,
        libp2p::yamux::Config::default,
    );
    let builder = builder.unwrap().with_behaviour(behaviour);
    builder.unwrap().build()
}

/// Waits until a condition holds, and fails after a minute.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(60), wait)
            .await
            .is_ok(),
        "never: {what}"
    );
}
