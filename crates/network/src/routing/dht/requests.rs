//! Begins and ends lookups.

use libp2p::kad::{self, Quorum};

use super::lookup::{Kind, Lookup, send};
use super::{Command, Dht, Failure, Found, LOOKUPS, Request, TICK, peer_info};

impl Dht {
    pub(super) fn start(&mut self, command: Command) {
        let Command {
            request,
            events,
            steps,
        } = command;
        if events.is_closed() {
            return;
        }
        if self.lookups.len() >= LOOKUPS {
            return send(&events, Found::Failed(Failure::Busy));
        }
        let is_empty = self.kad.kbuckets().next().is_none();
        let needs_peers = !matches!(request, Request::Providers(_) | Request::Value(_));
        if let Request::Peer(peer) = &request {
            let addresses = self.addresses(peer);
            if !addresses.is_empty() {
                return send(&events, Found::Peer(peer_info(*peer, addresses)));
            }
        }
        if is_empty && needs_peers {
            return send(&events, Found::Failed(Failure::NoPeers));
        }
        let mut kind = Kind::Other;
        let query = match request {
            Request::Closest(key) => self.kad.get_closest_peers(key),
            Request::Peer(peer) => {
                kind = Kind::Peer(peer);
                self.kad.get_closest_peers(peer)
            }
            Request::Providers(key) => {
                kind = Kind::Providers(key.clone());
                self.kad.get_providers(key)
            }
            Request::Value(key) => self.kad.get_record(key),
            Request::Put(key, value) => {
                // All peers are waited for: with a smaller quorum, those to which a connection is only just opened would not
                // be sent the value.
                match self
                    .kad
                    .put_record(kad::Record::new(key, value), Quorum::All)
                {
                    Ok(query) => query,
                    Err(_) => return send(&events, Found::Failed(Failure::Refused)),
                }
            }
            Request::Provide(key) => match self.kad.start_providing(key) {
                Ok(query) => query,
                Err(_) => return send(&events, Found::Failed(Failure::Refused)),
            },
        };
        self.lookups.insert(query, Lookup::new(kind, events, steps));
        self.shared.set_lookups(self.lookups.len());
        self.wake_within(TICK);
    }

    /// Ends lookups of peers that were found, and those that nobody waits for.
    pub(super) fn check_lookups(&mut self, cancelled: bool) {
        let mut ended = Vec::new();
        let mut peers = Vec::new();
        for (id, lookup) in &self.lookups {
            if cancelled && lookup.is_cancelled() {
                ended.push(*id);
            } else if let Kind::Peer(peer) = &lookup.kind
                && self.progress
            {
                peers.push((*id, *peer));
            }
        }
        self.progress = false;
        for (id, peer) in peers {
            let addresses = self.addresses(&peer);
            if !addresses.is_empty()
                && let Some(lookup) = self.lookups.get(&id)
            {
                lookup.send(Found::Peer(peer_info(peer, addresses)));
                ended.push(id);
            }
        }
        for id in ended {
            self.lookups.remove(&id);
            if let Some(mut query) = self.kad.query_mut(&id) {
                query.finish();
            }
        }
        self.shared.set_lookups(self.lookups.len());
    }
}
