//! Routing as the commands of a node use it.

use cairn_primitives::Cid;
use cairn_primitives::keys::PeerId;
use cairn_store::network::{Announcements, NetworkError, QueryEvents, Routing, RoutingTable};
use futures_util::future::BoxFuture;

use super::Router;

impl Routing for Router {
    fn closest_peers(&self, key: &PeerId) -> QueryEvents {
        self.closest_peers_events(key)
    }

    fn find_peer(&self, peer: &PeerId) -> QueryEvents {
        self.find_peer_events(peer)
    }

    fn find_providers(&self, cid: &Cid, count: usize) -> QueryEvents {
        self.find_providers_events(cid, count)
    }

    fn find_announced_providers(&self, cid: &Cid) -> QueryEvents {
        self.find_announced_providers_events(cid)
    }

    fn get_value(&self, space: &str, key: &PeerId) -> QueryEvents {
        self.get_value_events(space, key)
    }

    fn put_value(&self, space: &str, key: &PeerId, value: Vec<u8>) -> QueryEvents {
        self.put_value_events(space, key, value)
    }

    fn provide(&self, cids: Vec<Cid>, wait: bool) -> BoxFuture<'_, Result<(), NetworkError>> {
        Box::pin(async move {
            if self.peers() == 0 {
                return Err(NetworkError::NoPeers);
            }
            self.inner.announcer.provide(cids, wait).await
        })
    }

    fn provide_soon(&self, cids: &[Cid]) {
        self.inner.announcer.provide_soon(cids);
    }

    fn reprovide(&self) -> BoxFuture<'_, Result<(), NetworkError>> {
        Box::pin(std::future::ready(self.inner.announcer.sweep()))
    }

    fn clear_queue(&self) -> BoxFuture<'_, Result<u64, NetworkError>> {
        Box::pin(std::future::ready(Ok(self.inner.announcer.clear())))
    }

    fn announcements(&self, lan: bool) -> Announcements {
        let dht = if lan {
            &self.inner.lan
        } else {
            &self.inner.wan
        };
        let peers = dht.as_ref().map_or(0, |dht| dht.shared.peers());
        self.inner.announcer.stats(peers)
    }

    fn table(&self, name: &str) -> Option<RoutingTable> {
        let dht = match name {
            "wan" | "wanserver" => &self.inner.wan,
            "lan" | "lanserver" => &self.inner.lan,
            _ => return None,
        };
        dht.as_ref().map(|dht| dht.shared.table())
    }
}
