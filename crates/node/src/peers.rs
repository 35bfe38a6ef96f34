//! What a node has of the network: an exchange for blocks, names, and the peers themselves.

use std::sync::Arc;

use cairn_dag::Blocks;
use cairn_store::names::NoNames;
use cairn_store::{Exchange, Names, Network};
use parking_lot::RwLock;

use crate::node::Node;

/// Set by whatever connects the node; empty on a node without peers.
#[derive(Default)]
pub(crate) struct Peers {
    exchange: RwLock<Option<Arc<dyn Exchange>>>,
    names: RwLock<Option<Arc<dyn Names>>>,
    network: RwLock<Option<Arc<dyn Network>>>,
}

impl Node {
    /// Fetches absent blocks through an exchange from now on, or through none.
    pub fn set_exchange(&self, exchange: Option<Arc<dyn Exchange>>) {
        *self.peers().exchange.write() = exchange;
    }

    /// Resolves mutable names from now on, or none.
    pub fn set_names(&self, names: Option<Arc<dyn Names>>) {
        *self.peers().names.write() = names;
    }

    /// Answers commands about peers through a network from now on, or through none.
    pub fn set_network(&self, network: Option<Arc<dyn Network>>) {
        *self.peers().network.write() = network;
    }

    /// What connects the node to its peers; `None` on a node that is offline.
    #[must_use]
    pub fn network(&self) -> Option<Arc<dyn Network>> {
        self.peers().network.read().clone()
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
        names.unwrap_or_else(|| Arc::new(NoNames))
    }
}
