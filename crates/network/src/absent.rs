//! Parts of the network that a node does not have: by its configuration, or because it is in a private network.

use cairn_primitives::Cid;
use cairn_primitives::keys::PeerId;
use cairn_store::network::{
    Announcements, BlockExchange, ExchangeStat, Ledger, NetworkError, PeerAddresses, QueryEvents,
    Routing, RoutingTable,
};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, BoxStream, StreamExt as _};

/// Finds and announces nothing: `Routing.Type` is `none`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRouting;

const ROUTING: NetworkError = NetworkError::Unavailable("routing");

fn unavailable() -> QueryEvents {
    stream::iter([Err(ROUTING)]).boxed()
}

impl Routing for NoRouting {
    fn closest_peers(&self, _: &PeerId) -> QueryEvents {
        unavailable()
    }

    fn find_peer(&self, _: &PeerId) -> QueryEvents {
        unavailable()
    }

    fn find_providers(&self, _: &Cid, _: usize) -> QueryEvents {
        unavailable()
    }

    fn get_value(&self, _: &str, _: &PeerId) -> QueryEvents {
        unavailable()
    }

    fn put_value(&self, _: &str, _: &PeerId, _: Vec<u8>) -> QueryEvents {
        unavailable()
    }

    fn provide(&self, _: Vec<Cid>, _: bool) -> BoxFuture<'_, Result<(), NetworkError>> {
        async { Err(ROUTING) }.boxed()
    }

    fn provide_soon(&self, _: &[Cid]) {}

    fn reprovide(&self) -> BoxFuture<'_, Result<(), NetworkError>> {
        async { Err(ROUTING) }.boxed()
    }

    fn clear_queue(&self) -> BoxFuture<'_, Result<u64, NetworkError>> {
        async { Ok(0) }.boxed()
    }

    fn announcements(&self, _: bool) -> Announcements {
        Announcements::default()
    }

    fn table(&self, _: &str) -> Option<RoutingTable> {
        None
    }
}

impl crate::Providers for NoRouting {
    fn find(&self, _: &Cid) -> BoxStream<'static, PeerAddresses> {
        stream::empty().boxed()
    }
}

/// Exchanges no blocks: `Bitswap.Libp2pEnabled` is `false`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExchange;

impl BlockExchange for NoExchange {
    fn stat(&self) -> ExchangeStat {
        ExchangeStat::default()
    }

    fn wants_of(&self, _: &PeerId) -> Option<Vec<Cid>> {
        None
    }

    fn ledger(&self, _: &PeerId) -> Ledger {
        Ledger::default()
    }
}
