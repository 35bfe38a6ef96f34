//! The network of a node, composed for its commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_network::host::Host;
use cairn_network::names::TopicRecords;
use cairn_network::pubsub::PubSub;
use cairn_network::streams::TcpTunnels;
use cairn_primitives::Multiaddr;
use cairn_store::network::{
    self, Bandwidth, BlockExchange, NameTopics, Network, Routing, Swarm, Tunnels,
};

/// See the module.
pub(super) struct NodeNetwork {
    pub(super) host: Arc<Host>,
    pub(super) routing: Arc<dyn Routing>,
    pub(super) exchange: Arc<dyn BlockExchange>,
    pub(super) pubsub: Option<PubSub>,
    pub(super) tunnels: Option<TcpTunnels>,
    pub(super) topics: Option<TopicRecords>,
}

impl Network for NodeNetwork {
    fn swarm(&self) -> &dyn Swarm {
        &*self.host
    }

    fn routing(&self) -> &dyn Routing {
        &*self.routing
    }

    fn exchange(&self) -> &dyn BlockExchange {
        &*self.exchange
    }

    fn pubsub(&self) -> Option<&dyn network::PubSub> {
        self.pubsub
            .as_ref()
            .map(|pubsub| pubsub as &dyn network::PubSub)
    }

    fn bandwidth(&self) -> Option<&dyn Bandwidth> {
        self.host.bandwidth()
    }

    fn tunnels(&self) -> Option<&dyn Tunnels> {
        self.tunnels.as_ref().map(|tunnels| tunnels as &dyn Tunnels)
    }

    fn name_topics(&self) -> Option<&dyn NameTopics> {
        self.topics.as_ref().map(|topics| topics as &dyn NameTopics)
    }
}

/// Addresses as sockets with their protocols, `HOST:PORT (TCP+UDP)`, each once, sorted.
pub(super) fn sockets(addresses: &[Multiaddr]) -> Vec<String> {
    let mut sockets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for address in addresses {
        let text = address.to_string();
        let mut parts = text.split('/').skip(1);
        let (Some(kind), Some(host), Some(protocol), Some(port)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if !matches!(protocol, "tcp" | "udp") {
            continue;
        }
        let socket = match kind {
            "ip6" => format!("[{host}]:{port}"),
            "ip4" | "dns" | "dns4" | "dns6" => format!("{host}:{port}"),
            _ => continue,
        };
        sockets
            .entry(socket)
            .or_default()
            .insert(protocol.to_uppercase());
    }
    let lines = sockets.into_iter().map(|(socket, protocols)| {
        let protocols: Vec<_> = protocols.into_iter().collect();
        format!("{socket} ({})", protocols.join("+"))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_listed_once() {
        let addresses = [
            "/ip4/127.0.0.1/tcp/4001",
            "/ip4/127.0.0.1/udp/4001/quic-v1",
            "/ip6/::1/tcp/4001",
            "/ip4/127.0.0.1/tcp/4002/ws",
            "/memory/1",
        ];
        let addresses = addresses.map(|text| text.parse().unwrap());
        assert_eq!(
            sockets(&addresses),
            [
                "127.0.0.1:4001 (TCP+UDP)",
                "127.0.0.1:4002 (TCP)",
                "[::1]:4001 (TCP)"
            ]
        );
    }
}
