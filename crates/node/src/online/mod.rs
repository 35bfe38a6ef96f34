//! A node with peers: [`Node::go_online`] starts the swarm by the configuration.

mod custom_routing;
mod error;
mod module_settings;
mod network;
mod parts;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use cairn_network::host::{Host, SwarmKey};
use cairn_store::network::Swarm as _;

pub use self::custom_routing::CustomRoutingError;
pub use self::error::OnlineError;
use self::parts::Parts;
use crate::node::Node;

/// The bootstrap peers of the public network: what `auto` stands for.
const MAINNET_BOOTSTRAP: [&str; 7] = [
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa",
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb",
    "/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt",
    "/dnsaddr/va1.bootstrap.libp2p.io/p2p/12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8",
    "/ip4/104.131.131.82/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
    "/ip4/104.131.131.82/udp/4001/quic-v1/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
];

/// How long the connections may take to close when the node stops.
const STOP: Duration = Duration::from_millis(1_500);

/// What the program adds to the configuration.
#[derive(Clone, Debug, Default)]
pub struct OnlineOptions {
    /// Whether only a private network is allowed (`LIBP2P_FORCE_PNET`).
    pub force_private: bool,
    /// Whether messages by topic are on, in place of `Pubsub.Enabled`.
    pub pubsub: Option<bool>,
    /// Whether IPNS records are also exchanged by topic, in place of `Ipns.UsePubsub`.
    pub name_topics: Option<bool>,
    /// How content and peers are found, in place of `Routing.Type`.
    pub routing: Option<String>,
    /// The suffix of the agent, in place of `Version.AgentSuffix`.
    pub agent_suffix: Option<String>,
}

/// A node's connection to its peers.
#[derive(Debug)]
pub struct Online {
    host: Arc<Host>,
    /// The fingerprint of the key of a private network.
    key_fingerprint: Option<String>,
}

impl Online {
    /// The fingerprint of the swarm key, if only peers with the same one connect.
    #[must_use]
    pub fn key_fingerprint(&self) -> Option<&str> {
        self.key_fingerprint.as_deref()
    }

    /// Where it listens, each once: `HOST:PORT (TCP+UDP)`, sorted.
    #[must_use]
    pub fn listening(&self) -> Vec<String> {
        network::sockets(&self.host.listening())
    }
}

impl Node {
    /// Connects the node to its peers by its configuration: listens, and serves commands about peers. The node stops it when it is
    /// shut down.
    ///
    /// # Errors
    /// See [`OnlineError`]; the node remains offline then.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn go_online(&self, options: &OnlineOptions) -> Result<Arc<Online>, OnlineError> {
        let config = self.config();
        let settings = settings::host(&config, self.identity(), self.repo().path(), options)?;
        let key_fingerprint = settings.swarm_key.as_ref().map(SwarmKey::fingerprint);
        let (modules, parts) = Parts::new(self, &config, &settings, options)?;
        let host = Host::start(settings, modules).await?;
        let network = parts.connect(self, &config, Arc::clone(&host));
        self.set_network(Some(Arc::new(network)));
        let online = Arc::new(Online {
            host,
            key_fingerprint,
        });
        self.peers().set_online(Some(Arc::clone(&online)));
        Ok(online)
    }

    /// Closes the connections to peers, if there are any.
    pub(crate) async fn go_offline(&self) {
        let Some(online) = self.peers().set_online(None) else {
            return;
        };
        self.disconnect_parts();
        if tokio::time::timeout(STOP, online.host.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("the connections to peers did not close in time");
        }
    }

    fn disconnect_parts(&self) {
        self.listener().set(None);
        self.pins().set_listener(None);
        self.set_exchange(None);
        self.set_records(None);
    }
}
