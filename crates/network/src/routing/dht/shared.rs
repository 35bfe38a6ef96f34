//! What a DHT tells about itself at any time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cairn_store::network::RoutingTable;
use futures_util::task::AtomicWaker;
use parking_lot::RwLock;

/// The state of a DHT, shared with handles.
#[derive(Default)]
pub(crate) struct Shared {
    table: RwLock<RoutingTable>,
    peers: AtomicUsize,
    lookups: AtomicUsize,
    server: AtomicBool,
    waker: AtomicWaker,
}

impl Shared {
    pub(crate) fn new(server: bool) -> Self {
        Self {
            server: AtomicBool::new(server),
            ..Self::default()
        }
    }

    /// The routing table, at most a second old.
    pub(crate) fn table(&self) -> RoutingTable {
        self.table.read().clone()
    }

    /// Peers in the routing table.
    pub(crate) fn peers(&self) -> usize {
        self.peers.load(Ordering::Relaxed)
    }

    /// Lookups that run.
    #[cfg(test)]
    pub(crate) fn lookups(&self) -> usize {
        self.lookups.load(Ordering::Relaxed)
    }

    /// Whether this node serves the DHT.
    pub(crate) fn is_server(&self) -> bool {
        self.server.load(Ordering::Relaxed)
    }

    /// Begins or stops to serve the DHT.
    pub(crate) fn set_server(&self, server: bool) {
        if self.server.swap(server, Ordering::Relaxed) != server {
            self.waker.wake();
        }
    }

    pub(super) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    pub(super) fn set_lookups(&self, count: usize) {
        self.lookups.store(count, Ordering::Relaxed);
    }

    pub(super) fn set_table(&self, table: RoutingTable) {
        let peers = table.buckets.iter().map(|bucket| bucket.peers.len()).sum();
        self.peers.store(peers, Ordering::Relaxed);
        *self.table.write() = table;
    }
}
