//! The steps of lookups, observed between the DHT and its connections: `libp2p-kad` reports what a lookup finds only.
//!
//! They are those of Kubo: a peer is dialed, a query is sent, answered, or fails.

use std::time::SystemTime;

use libp2p::PeerId;
use libp2p::kad::{self, KadPeer, QueryId};
use libp2p::swarm::{DialError, THandlerInEvent, THandlerOutEvent, ToSwarm};

use super::lookup::Step;
use super::store::Store;
use super::{ADDRESSES, Dht, TICK, peer_info, without_peer};

type ToHandler = THandlerInEvent<kad::Behaviour<Store>>;
type FromHandler = THandlerOutEvent<kad::Behaviour<Store>>;

impl Dht {
    /// The DHT asks something of the swarm.
    pub(super) fn on_action(&mut self, action: &ToSwarm<kad::Event, ToHandler>) {
        if self.lookups.is_empty() {
            return;
        }
        match action {
            ToSwarm::NotifyHandler { peer_id, event, .. } => {
                let query = match event {
                    ToHandler::FindNodeReq { query_id, .. }
                    | ToHandler::GetProvidersReq { query_id, .. }
                    | ToHandler::GetRecord { query_id, .. } => query_id,
                    _ => return,
                };
                if let Some(lookup) = self.lookups.get_mut(query) {
                    lookup.dialing.remove(peer_id);
                    lookup.step(|| Step::Query(*peer_id));
                }
            }
            ToSwarm::Dial { opts } => {
                if let Some(peer) = opts.get_peer_id() {
                    self.on_dial(peer);
                }
            }
            _ => {}
        }
    }

    /// A peer is dialed. For which lookup is not known: for one to which the peer was named, or for the only one.
    fn on_dial(&mut self, peer: PeerId) {
        let is_only = self.lookups.len() == 1;
        for lookup in self.lookups.values_mut() {
            if lookup.has_steps()
                && (is_only || lookup.named.contains(&peer))
                && lookup.dialing.insert(peer)
            {
                lookup.step(|| Step::Dialing(peer));
            }
        }
    }

    /// A peer cannot be dialed.
    pub(super) fn on_dial_failure(&mut self, peer: PeerId, error: &DialError) {
        for lookup in self.lookups.values_mut() {
            if lookup.dialing.remove(&peer) {
                lookup.step(|| Step::Failed(peer, error.to_string()));
            }
        }
    }

    /// A connection of the DHT reports something.
    pub(super) fn on_answer(&mut self, peer: PeerId, event: &FromHandler) {
        let none: &[KadPeer] = &[];
        let (query, closer, is_useful) = match event {
            FromHandler::FindNodeRes {
                closer_peers,
                query_id,
            } => (query_id, &**closer_peers, !closer_peers.is_empty()),
            FromHandler::GetProvidersRes {
                closer_peers,
                provider_peers,
                query_id,
            } => {
                let is_useful = !closer_peers.is_empty() || !provider_peers.is_empty();
                (query_id, &**closer_peers, is_useful)
            }
            FromHandler::GetRecordRes {
                record,
                closer_peers,
                query_id,
            } => {
                let is_useful = record.is_some() || !closer_peers.is_empty();
                (query_id, &**closer_peers, is_useful)
            }
            FromHandler::PutRecordRes { query_id, .. } => (query_id, none, true),
            FromHandler::QueryError { error, query_id } => {
                if let Some(lookup) = self.lookups.get_mut(query_id) {
                    lookup.step(|| Step::Failed(peer, error.to_string()));
                }
                return;
            }
            _ => return,
        };
        self.known.answered(&peer, is_useful, SystemTime::now());
        self.table_changed = true;
        self.wake_within(TICK);
        if !matches!(event, FromHandler::PutRecordRes { .. }) {
            self.on_response(peer, *query, closer);
        }
    }

    fn on_response(&mut self, peer: PeerId, query: QueryId, closer: &[KadPeer]) {
        let Some(lookup) = self.lookups.get_mut(&query) else {
            return;
        };
        if !lookup.has_steps() {
            return;
        }
        for named in closer {
            lookup.note_named(named.node_id);
        }
        lookup.step(|| {
            let peers = closer.iter().map(|peer| {
                let addresses = peer.multiaddrs.iter().take(ADDRESSES);
                let addresses = addresses.map(|address| without_peer(address.clone()));
                peer_info(peer.node_id, addresses.collect())
            });
            Step::Response(peer, peers.collect())
        });
    }
}
