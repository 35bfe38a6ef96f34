//! Passes what lookups find to those who wait for it.

use std::time::{Instant, SystemTime};

use libp2p::PeerId;
use libp2p::kad::{
    self, Event, GetClosestPeersError, GetClosestPeersOk, GetProvidersOk, GetRecordOk,
    PutRecordError, QueryId, QueryResult,
};

use super::lookup::Kind;
use super::{ADDRESSES, Dht, Failure, Found, TICK, peer_info, without_peer};

impl Dht {
    pub(super) fn on_event(&mut self, event: Event) {
        match event {
            Event::OutboundQueryProgressed {
                id,
                result,
                step,
                stats,
            } => {
                // The behaviour begins with the records that this node keeps, before it has asked anybody.
                self.on_result(id, result, stats.num_requests() == 0);
                if step.last {
                    self.lookups.remove(&id);
                    self.shared.set_lookups(self.lookups.len());
                }
            }
            Event::UnroutablePeer { peer } => self.on_server(peer),
            Event::RoutablePeer { peer, address }
            | Event::PendingRoutablePeer { peer, address } => {
                self.known.add(&peer, without_peer(address));
                self.on_server(peer);
            }
            Event::RoutingUpdated { .. } => {
                self.table_changed = true;
                self.wake_within(TICK);
            }
            Event::InboundRequest { .. } | Event::ModeChanged { .. } => {}
        }
    }

    fn on_result(&mut self, id: QueryId, result: QueryResult, kept_here: bool) {
        if let QueryResult::Bootstrap(_) = result {
            self.refreshed = Some((Instant::now(), SystemTime::now()));
            self.table_changed = true;
            return;
        }
        let Some(lookup) = self.lookups.get(&id) else {
            return;
        };
        match result {
            QueryResult::GetClosestPeers(result) => {
                let (peers, failure) = match result {
                    Ok(GetClosestPeersOk { peers, .. }) => (peers, None),
                    Err(GetClosestPeersError::Timeout { peers, .. }) => {
                        (peers, Some(Failure::TimedOut))
                    }
                };
                if let Kind::Other = lookup.kind {
                    let peers = peers.into_iter().map(|peer| {
                        let addresses = peer.addrs.into_iter().map(without_peer);
                        peer_info(peer.peer_id, addresses.collect())
                    });
                    lookup.send(Found::Closest(peers.collect()));
                }
                if let Some(failure) = failure {
                    lookup.send(Found::Failed(failure));
                }
            }
            QueryResult::GetProviders(Ok(GetProvidersOk::FoundProviders { providers, .. })) => {
                for provider in providers {
                    if kept_here && provider == self.local {
                        if let Some(lookup) = self.lookups.get(&id) {
                            lookup.send(Found::OwnRecord(peer_info(provider, Vec::new())));
                        }
                    } else {
                        self.on_provider(id, provider);
                    }
                }
            }
            QueryResult::GetProviders(Ok(_))
            | QueryResult::GetRecord(Ok(GetRecordOk::FinishedWithNoAdditionalRecord { .. })) => {}
            QueryResult::GetRecord(Ok(GetRecordOk::FoundRecord(found))) => {
                lookup.send(Found::Value {
                    from: found.peer,
                    value: found.record.value,
                });
            }
            QueryResult::GetRecord(Err(kad::GetRecordError::NotFound { .. })) => {}
            QueryResult::GetProviders(Err(_)) | QueryResult::GetRecord(Err(_)) => {
                lookup.send(Found::Failed(Failure::TimedOut));
            }
            QueryResult::PutRecord(Ok(_)) => lookup.send(Found::Stored(None)),
            QueryResult::PutRecord(Err(error)) => {
                let (success, failure) = match error {
                    PutRecordError::QuorumFailed { success, .. } => (success, Failure::NotStored),
                    PutRecordError::Timeout { success, .. } => (success, Failure::TimedOut),
                };
                lookup.send(if success.is_empty() {
                    Found::Failed(failure)
                } else {
                    Found::Stored(Some(success))
                });
            }
            QueryResult::StartProviding(Ok(_)) => lookup.send(Found::Announced),
            QueryResult::StartProviding(Err(_)) => lookup.send(Found::Failed(Failure::TimedOut)),
            QueryResult::Bootstrap(_)
            | QueryResult::RepublishProvider(_)
            | QueryResult::RepublishRecord(_) => {}
        }
    }

    fn on_provider(&mut self, id: QueryId, provider: PeerId) {
        let Some(lookup) = self.lookups.get_mut(&id) else {
            return;
        };
        if !lookup.is_new(provider) {
            return;
        }
        let key = match &lookup.kind {
            Kind::Providers(key) => key.clone(),
            _ => return,
        };
        let mut addresses = self.addresses(&provider);
        for address in self.kad.store_mut().addresses(&key, &provider) {
            if !addresses.contains(&address) && addresses.len() < ADDRESSES {
                addresses.push(address);
            }
        }
        if let Some(lookup) = self.lookups.get(&id) {
            lookup.send(Found::Provider(peer_info(provider, addresses)));
        }
    }
}
