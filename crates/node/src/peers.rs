//! What a node has of the network: an exchange for blocks, routing for records of names, and names.

use std::sync::Arc;

use cairn_dag::Blocks;
use cairn_store::{Exchange, Names, Routing};
use parking_lot::RwLock;

use crate::dns::Dns;
use crate::node::Node;

/// Set by whatever connects the node; empty on a node without peers.
#[derive(Default)]
pub(crate) struct Peers {
    exchange: RwLock<Option<Arc<dyn Exchange>>>,
    names: RwLock<Option<Arc<dyn Names>>>,
}

impl Node {
    /// Fetches absent blocks through an exchange from now on, or through none.
    pub fn set_exchange(&self, exchange: Option<Arc<dyn Exchange>>) {
        *self.peers().exchange.write() = exchange;
    }

    /// Publishes and finds records of names through this from now on; through none, the node has those that it keeps.
    pub fn set_routing(&self, routing: Option<Arc<dyn Routing>>) {
        self.name_system().set_routing(routing);
    }

    /// Looks up the records of domains through this from now on.
    pub fn set_dns(&self, dns: Arc<dyn Dns>) {
        self.name_system().set_dns(dns);
    }

    /// Resolves mutable names through this from now on, in place of the node's own keys, routing and DNS; through those if `None`.
    pub fn set_names(&self, names: Option<Arc<dyn Names>>) {
        *self.peers().names.write() = names;
    }

    /// Blocks for one operation: from here, and from peers where the node has an exchange. Each view that this gives opens a session
    /// of its own; its clones share it.
    #[must_use]
    pub fn blocks(&self) -> Blocks {
        let exchange = self.peers().exchange.read().clone();
        match exchange {
            Some(exchange) => Blocks::online(Arc::clone(self.store()), exchange),
            None => self.offline_blocks(),
        }
    }

    /// Blocks as far as they are here.
    #[must_use]
    pub fn offline_blocks(&self) -> Blocks {
        Blocks::offline(Arc::clone(self.store()))
    }

    /// What resolves mutable names.
    #[must_use]
    pub fn names(&self) -> Arc<dyn Names> {
        let names = self.peers().names.read().clone();
        names.unwrap_or_else(|| Arc::clone(self.name_system()) as Arc<dyn Names>)
    }
}
