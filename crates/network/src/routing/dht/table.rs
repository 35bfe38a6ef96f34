//! The routing table: which peers are in it, and their addresses.

use std::time::SystemTime;

use cairn_store::network::{Bucket, RoutingTable, TablePeer};
use libp2p::core::Endpoint;
use libp2p::kad::NodeStatus;
use libp2p::swarm::{ConnectionId, NetworkBehaviour as _};
use libp2p::{Multiaddr, PeerId};

use super::scope::Scope;
use super::{ADDRESSES, Dht, without_peer};

impl Dht {
    /// A connected peer serves this DHT: it belongs into the routing table, if it has addresses of the DHT's network.
    pub(super) fn on_server(&mut self, peer: PeerId) {
        self.known.serves(&peer, SystemTime::now());
        self.route(&peer);
    }

    /// Puts a peer into the routing table.
    pub(super) fn route(&mut self, peer: &PeerId) {
        let Some(known) = self.known.get(peer) else {
            return;
        };
        let in_network = match self.scope {
            Scope::Wan => true,
            // An address that a peer of the internet claims does not make it one of the local network.
            Scope::Lan { .. } => known.local,
        };
        if !known.serves || !in_network {
            return;
        }
        for address in &known.addresses {
            if self.scope.routes(address, known.on_this_machine) {
                self.kad.add_address(peer, address.clone());
            }
        }
        self.table_changed = true;
    }

    /// Addresses of a peer from running lookups, the routing table and connections.
    pub(super) fn addresses(&mut self, peer: &PeerId) -> Vec<Multiaddr> {
        if *peer == self.local {
            return Vec::new();
        }
        // This is where the behaviour tells addresses that it has from answers; it changes nothing.
        let found = self.kad.handle_pending_outbound_connection(
            ConnectionId::new_unchecked(0),
            Some(*peer),
            &[],
            Endpoint::Dialer,
        );
        let known = self.known.get(peer).filter(|known| known.connections > 0);
        let known = known.into_iter().flat_map(|known| known.addresses.clone());
        let mut addresses: Vec<Multiaddr> = Vec::new();
        for address in found.into_iter().flatten().chain(known) {
            let address = without_peer(address);
            if addresses.len() < ADDRESSES
                && self.scope.dials(&address)
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
        }
        addresses
    }

    /// The routing table, with buckets by the length of the prefix that a peer's key shares with this node's.
    pub(super) fn table(&mut self) -> RoutingTable {
        let refreshed = self.refreshed.map(|(_, at)| at);
        let mut buckets: Vec<Bucket> = Vec::new();
        for bucket in self.kad.kbuckets() {
            let distance = bucket.range().1.ilog2().unwrap_or_default();
            let prefix = 255_u32.saturating_sub(distance) as usize;
            let peers = bucket.iter().map(|entry| {
                let peer = *entry.node.key.preimage();
                let known = self.known.get(&peer);
                TablePeer {
                    peer: peer.into(),
                    connected: entry.status == NodeStatus::Connected,
                    agent: String::new(),
                    last_useful: known.and_then(|known| known.useful),
                    last_queried: known.and_then(|known| known.queried),
                }
            });
            let peers: Vec<TablePeer> = peers.collect();
            // A refresh asks for keys of all buckets, also of those without peers.
            if buckets.len() <= prefix {
                buckets.resize_with(prefix + 1, || Bucket {
                    refreshed,
                    peers: Vec::new(),
                });
            }
            if let Some(bucket) = buckets.get_mut(prefix) {
                bucket.peers = peers;
            }
        }
        RoutingTable { buckets }
    }
}
