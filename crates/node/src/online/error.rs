//! Why a node cannot connect to peers.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use cairn_network::host::{IdentityError, StartError, SwarmKeyError};
use cairn_network::pubsub::PubSubError;
use cairn_primitives::multiaddr::MultiaddrError;

use super::custom_routing::CustomRoutingError;
use crate::announce::StrategyError;
use crate::names::RepublishError;

/// Why a node cannot connect to peers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnlineError {
    /// A setting is not an address.
    #[error("{key} has {value:?}, which is not an address")]
    Address {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// Why.
        #[source]
        source: MultiaddrError,
    },
    /// A setting is not an address with a peer ID.
    #[error("{key} has {value:?}, which does not name a peer")]
    Peer {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// A setting has a value without a meaning.
    #[error("{key} is {value:?}: {problem}")]
    Value {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is expected.
        problem: &'static str,
    },
    /// Custom routers cannot be used.
    #[error(transparent)]
    CustomRouting(#[from] CustomRoutingError),
    /// The swarm key cannot be read.
    #[error("cannot read {}", path.display())]
    ReadSwarmKey {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The swarm key is invalid.
    #[error("{} is not a swarm key", path.display())]
    SwarmKey {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: SwarmKeyError,
    },
    /// The certificate for secure WebSocket cannot be read.
    #[error("cannot read the certificate or key in {}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The node's key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What is announced cannot be read from the configuration.
    #[error("Provide.Strategy is invalid")]
    Strategy(#[from] StrategyError),
    /// When names are published again cannot be read from the configuration.
    #[error(transparent)]
    Republish(#[from] RepublishError),
    /// Messages by topic cannot be set up.
    #[error(transparent)]
    PubSub(#[from] PubSubError),
    /// The connections cannot be set up.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl OnlineError {
    /// A hint what to do, as a sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Address { key, .. } | Self::Peer { key, .. } | Self::Value { key, .. } => {
                Some(format!("Correct `{key}` in the configuration."))
            }
            Self::CustomRouting(_) => Some(
                "Correct `Routing.Routers` and `Routing.Methods` in the configuration.".to_owned(),
            ),
            Self::Start(StartError::Listen { .. }) => Some(
                "Another program may listen there: stop it, or change `Addresses.Swarm`.".to_owned(),
            ),
            Self::Start(StartError::NoSwarmKey) => Some(
                "Put the key of the network into `swarm.key` in the repository, or unset `LIBP2P_FORCE_PNET`."
                    .to_owned(),
            ),
            Self::ReadSwarmKey { .. }
            | Self::SwarmKey { .. }
            | Self::Certificate { .. }
            | Self::Identity(_)
            | Self::PubSub(_)
            | Self::Republish(_)
            | Self::Strategy(_)
            | Self::Start(_) => None,
        }
    }
}
