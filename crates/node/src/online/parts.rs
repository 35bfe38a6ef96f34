//! The modules beside the swarm, by the configuration.

use std::sync::Arc;
use std::time::Duration;

use cairn_network::bitswap::Bitswap;
use cairn_network::gateways::{Fallback, FindGateways, Gateways};
use cairn_network::host::{Host, Modules, Settings};
use cairn_network::names::{Combined, TopicRecords};
use cairn_network::pubsub::{Discovery, PubSub};
use cairn_network::routing::Router;
use cairn_network::streams::{Streams, TcpTunnels};
use cairn_network::{
    NoExchange, NoRouting, Providers, bitswap, gateways, names, pubsub, routing, streams,
};
use cairn_primitives::Cid;
use cairn_store::network::{Reachability, Records, Routing};
use cairn_store::{BlockReader, Exchange};

use super::error::OnlineError;
use super::network::NodeNetwork;
use super::{OnlineOptions, module_settings};
use crate::announce::{Announcer, Strategy};
use crate::config::Config;
use crate::names::Republishing;
use crate::node::Node;

/// Gateways are asked for blocks that peers did not send in this time.
const GATEWAYS_AFTER: Duration = Duration::from_secs(2);

/// Handles of the modules.
pub(super) struct Parts {
    bitswap: Option<Bitswap>,
    router: Option<Router>,
    pubsub: Option<PubSub>,
    streams: Streams,
    name_topics: bool,
    http_routers: bool,
    /// Nothing is announced without one.
    strategy: Option<Strategy>,
    republishing: Republishing,
}

impl Parts {
    /// The modules that the configuration turns on, and the handles to them.
    pub(super) fn new(
        node: &Node,
        config: &Config,
        settings: &Settings,
        options: &OnlineOptions,
    ) -> Result<(Modules, Self), OnlineError> {
        let name_topics = options
            .name_topics
            .or(config.ipns.use_pubsub)
            .unwrap_or(false);
        let with_pubsub = options.pubsub.or(config.pubsub.enabled).unwrap_or(false) || name_topics;
        let republishing = Republishing::from_config(&config.ipns)?;
        let mut modules = Modules::default();
        let kind = options
            .routing
            .as_deref()
            .or(config.routing.kind.as_deref());
        let routing_settings = module_settings::routing(config, kind)?;
        let announces = routing_settings.is_some() && config.provide.enabled != Some(false);
        let strategy = announces
            .then(|| Strategy::from_config(config))
            .transpose()?;
        let http_routers = routing_settings
            .as_ref()
            .is_some_and(|settings| !settings.provider_urls().is_empty());
        let router = routing_settings.map(|routing_settings| {
            let (behaviour, router) = routing::new(routing_settings, settings.local());
            modules.routing = Some(behaviour);
            router
        });
        let providers: Arc<dyn Providers> = match &router {
            Some(router) => Arc::new(router.clone()),
            None => Arc::new(NoRouting),
        };
        let bitswap = config.bitswap.libp2p_enabled.unwrap_or(true).then(|| {
            let blocks: Arc<dyn BlockReader> = Arc::clone(node.store()) as Arc<dyn BlockReader>;
            let settings = module_settings::bitswap(config);
            let (behaviour, bitswap) = bitswap::new(settings, blocks, Arc::clone(&providers));
            modules.bitswap = Some(behaviour);
            bitswap
        });
        let pubsub = if with_pubsub {
            let mut pubsub_settings = module_settings::pubsub(config)?;
            pubsub_settings.discovery = router.clone().map(|router| {
                let announce = move |cid| router.announce(&[cid]);
                Discovery::new(providers, Some(Arc::new(announce)))
            });
            let (behaviour, pubsub) = pubsub::new(pubsub_settings, settings.key())?;
            modules.pubsub = Some(behaviour);
            Some(pubsub)
        } else {
            None
        };
        let (behaviour, streams) = streams::new(streams::Settings::default());
        modules.streams = Some(behaviour);
        let parts = Self {
            bitswap,
            router,
            pubsub,
            streams,
            name_topics,
            http_routers,
            strategy,
            republishing,
        };
        Ok((modules, parts))
    }

    /// Connects the handles to the node, whose swarm runs now.
    pub(super) fn connect(self, node: &Node, config: &Config, host: Arc<Host>) -> NodeNetwork {
        node.republish_names(self.republishing);
        let announcer = self.announcer(node);
        let tunnels = config
            .experimental
            .libp2p_stream_mounting
            .then(|| TcpTunnels::new(self.streams.clone(), host.local()));
        let mut topics = None;
        if let Some(pubsub) = self.pubsub.as_ref().filter(|_| self.name_topics) {
            match TopicRecords::new(
                pubsub.clone(),
                self.streams.clone(),
                names::Settings::default(),
            ) {
                Ok(records) => topics = Some(records),
                Err(error) => tracing::error!(%error, "IPNS records are not exchanged by topic"),
            }
        }
        let records = self
            .router
            .clone()
            .map(|router| Arc::new(router) as Arc<dyn Records>);
        let records = match &topics {
            Some(topics) => {
                Some(Arc::new(Combined::new(topics.clone(), records)) as Arc<dyn Records>)
            }
            None => records,
        };
        node.set_records(records);
        if let Some(router) = &self.router {
            follow_reachability(node, &host, router.clone());
        }
        let bitswap = self.bitswap.clone();
        node.listener().set(Some(Arc::new(move |cids| {
            if let Some(bitswap) = &bitswap {
                bitswap.notify(cids);
            }
            if let Some(announcer) = &announcer {
                announcer.written(cids);
            }
        })));
        node.set_exchange(self.exchange(config));
        host.set_routing(
            self.router
                .clone()
                .map(|router| Arc::new(router) as Arc<dyn Routing>),
        );
        NodeNetwork {
            host,
            routing: match self.router {
                Some(router) => Arc::new(router),
                None => Arc::new(NoRouting),
            },
            exchange: match self.bitswap {
                Some(bitswap) => Arc::new(bitswap),
                None => Arc::new(NoExchange),
            },
            pubsub: self.pubsub,
            tunnels,
            topics,
        }
    }

    /// Announces new content, and all of it at each interval.
    fn announcer(&self, node: &Node) -> Option<Announcer> {
        let (router, strategy) = (self.router.as_ref()?, self.strategy?);
        let announce = router.clone();
        let sink = Arc::new(move |cids: &[Cid]| announce.announce(cids));
        let announcer = node.announce(strategy, sink);
        router.set_content(Some(announcer.content()));
        Some(announcer)
    }

    /// Bitswap, and gateways for blocks that are late. Gateways are named by HTTP routers, so without those there are none.
    fn exchange(&self, config: &Config) -> Option<Arc<dyn Exchange>> {
        let bitswap = self
            .bitswap
            .clone()
            .map(|bitswap| Arc::new(bitswap) as Arc<dyn Exchange>);
        let set = &config.http_retrieval;
        if !self.http_routers || set.enabled == Some(false) {
            return bitswap;
        }
        let mut settings = gateways::Settings::default();
        if let Some(workers) = set
            .num_workers
            .and_then(|workers| usize::try_from(workers).ok())
        {
            settings.requests = workers;
        }
        let finder = self
            .router
            .clone()
            .map(|router| Arc::new(router) as Arc<dyn FindGateways>);
        let gateways: Arc<dyn Exchange> = match Gateways::new(&settings, finder) {
            Ok(gateways) => Arc::new(gateways),
            Err(error) => {
                tracing::error!(%error, "blocks are not fetched from gateways");
                return bitswap;
            }
        };
        match bitswap {
            Some(bitswap) => Some(Arc::new(Fallback::new(bitswap, gateways, GATEWAYS_AFTER))),
            None => Some(gateways),
        }
    }
}

/// Tells the router whether others reach this node, until the node stops.
fn follow_reachability(node: &Node, host: &Host, router: Router) {
    let mut reachable = host.watch_reachability();
    node.tasks()
        .spawn("reachability", move |stopping| async move {
            loop {
                let status = *reachable.borrow_and_update();
                router.set_reachable(status == Reachability::Public);
                tokio::select! {
                    changed = reachable.changed() => if changed.is_err() { return },
                    () = stopping.cancelled() => return,
                }
            }
        });
}
