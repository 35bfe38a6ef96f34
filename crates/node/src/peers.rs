//! The network of a node: an exchange for blocks, routing for IPNS records, names, and the peers.

use std::sync::Arc;

use cairn_dag::Blocks;
use cairn_store::block::WriteListener;
use cairn_store::network::Records;
use cairn_store::{Exchange, Names, Network};
use parking_lot::RwLock;

use crate::dns::Dns;
use crate::node::Node;
use crate::online::Online;

/// Set by the network layer; empty on a node without peers.
#[derive(Default)]
pub(crate) struct Peers {
    exchange: RwLock<Option<Arc<dyn Exchange>>>,
    names: RwLock<Option<Arc<dyn Names>>>,
    network: RwLock<Option<Arc<dyn Network>>>,
    online: RwLock<Option<Arc<Online>>>,
    listener: WriteListener,
}

impl Peers {
    /// Who is told of written blocks.
    pub(crate) fn listener(&self) -> &WriteListener {
        &self.listener
    }

    /// Replaces the connection to peers, and returns the old one.
    pub(crate) fn set_online(&self, online: Option<Arc<Online>>) -> Option<Arc<Online>> {
        std::mem::replace(&mut *self.online.write(), online)
    }
}

impl Node {
    /// Sets or removes the exchange that fetches missing blocks.
    pub fn set_exchange(&self, exchange: Option<Arc<dyn Exchange>>) {
        *self.peers().exchange.write() = exchange;
    }

    /// Sets or removes the peers' records, through which IPNS records are published and found. Without them, only local
    /// records are used.
    pub fn set_records(&self, records: Option<Arc<dyn Records>>) {
        self.name_system().set_records(records);
    }

    /// Sets the resolver of DNS records.
    pub fn set_dns(&self, dns: Arc<dyn Dns>) {
        self.name_system().set_dns(dns);
    }

    /// Sets a resolver of mutable names that replaces the node's own keys, routing and DNS; `None` restores those.
    pub fn set_names(&self, names: Option<Arc<dyn Names>>) {
        *self.peers().names.write() = names;
    }

    /// Sets the network that answers commands about peers, or removes it.
    pub fn set_network(&self, network: Option<Arc<dyn Network>>) {
        *self.peers().network.write() = network;
    }

    /// The connection to peers; `None` on an offline node.
    #[must_use]
    pub fn network(&self) -> Option<Arc<dyn Network>> {
        self.peers().network.read().clone()
    }

    /// Blocks for one operation: local ones, and those of peers if the node has an exchange. Each returned view opens
    /// its own session, which its clones share.
    #[must_use]
    pub fn blocks(&self) -> Blocks {
        let exchange = self.peers().exchange.read().clone();
        match exchange {
            Some(exchange) => Blocks::online(Arc::clone(self.store()), exchange),
            None => self.offline_blocks(),
        }
    }

    /// Only local blocks.
    #[must_use]
    pub fn offline_blocks(&self) -> Blocks {
        Blocks::offline(Arc::clone(self.store()))
    }

    /// The resolver of mutable names.
    #[must_use]
    pub fn names(&self) -> Arc<dyn Names> {
        let names = self.peers().names.read().clone();
        names.unwrap_or_else(|| Arc::clone(self.name_system()) as Arc<dyn Names>)
    }
}
