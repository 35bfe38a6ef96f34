//! The modules beside the swarm, by the configuration.

use std::sync::Arc;

use cairn_network::host::{Host, Modules, Settings};
use cairn_network::names::{Combined, TopicRecords};
use cairn_network::pubsub::PubSub;
use cairn_network::streams::{Streams, TcpTunnels};
use cairn_network::{NoExchange, NoRouting, names, pubsub, streams};

use super::OnlineOptions;
use super::error::OnlineError;
use super::network::NodeNetwork;
use crate::config::Config;
use crate::node::Node;

/// Handles of the modules.
pub(super) struct Parts {
    pubsub: Option<PubSub>,
    streams: Streams,
    name_topics: bool,
}

impl Parts {
    /// The modules that the configuration turns on, and the handles to them.
    pub(super) fn new(
        config: &Config,
        settings: &Settings,
        options: &OnlineOptions,
    ) -> Result<(Modules, Self), OnlineError> {
        let name_topics = options.name_topics.or(config.ipns.use_pubsub).unwrap_or(false);
        let with_pubsub = options.pubsub.or(config.pubsub.enabled).unwrap_or(false) || name_topics;
        let mut modules = Modules::default();
        let mut handle = None;
        if with_pubsub {
            let (behaviour, pubsub) = pubsub::new(pubsub_settings(config)?, settings.key())?;
            modules.pubsub = Some(behaviour);
            handle = Some(pubsub);
        }
        let (behaviour, streams) = streams::new(streams::Settings::default());
        modules.streams = Some(behaviour);
        let parts = Self {
            pubsub: handle,
            streams,
            name_topics,
        };
        Ok((modules, parts))
    }

    /// Connects the handles to the node, whose swarm runs now.
    pub(super) fn connect(self, node: &Node, config: &Config, host: Arc<Host>) -> NodeNetwork {
        let tunnels = config
            .experimental
            .libp2p_stream_mounting
            .then(|| TcpTunnels::new(self.streams.clone(), node.identity().peer_id()));
        let mut topics = None;
        if let Some(pubsub) = self.pubsub.as_ref().filter(|_| self.name_topics) {
            match TopicRecords::new(pubsub.clone(), self.streams.clone(), names::Settings::default()) {
                Ok(records) => topics = Some(records),
                Err(error) => tracing::error!(%error, "IPNS records are not exchanged by topic"),
            }
        }
        if let Some(topics) = &topics {
            node.set_routing(Some(Arc::new(Combined::new(topics.clone(), None))));
        }
        NodeNetwork {
            host,
            routing: Arc::new(NoRouting),
            exchange: Arc::new(NoExchange),
            pubsub: self.pubsub,
            tunnels,
            topics,
        }
    }
}

fn pubsub_settings(config: &Config) -> Result<pubsub::Settings, OnlineError> {
    let set = &config.pubsub;
    if !matches!(set.router.as_str(), "" | "gossipsub") {
        return Err(OnlineError::Value {
            key: "Pubsub.Router",
            value: set.router.clone(),
            problem: "\"gossipsub\" is the only router",
        });
    }
    let mut settings = pubsub::Settings::default();
    if let Some(ttl) = set.seen_messages_ttl.0 {
        settings.seen_ttl = ttl.to_std();
    }
    Ok(settings)
}
