//! Hosts with all modules: blocks, the DHT of the local network, and messages by topic on the same connections.

use std::sync::Arc;

use bytes::Bytes;
use cairn_network::bitswap::{self, Bitswap};
use cairn_network::host::{Host, Modules};
use cairn_network::pubsub::{self, PubSub};
use cairn_network::routing::{self, Router};
use cairn_network::streams;
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::block::MemoryStore;
use cairn_store::exchange::Arrival;
use cairn_store::network::{
    Bandwidth as _, BlockExchange as _, PeerAddresses, PubSub as _, QueryStep, Routing as _,
    Swarm as _,
};
use cairn_store::{BlockReader, BlockWriter as _, Exchange as _, SessionRequest};
use futures_util::StreamExt as _;

use crate::support::{TCP, TestHost, settings, until};

struct Whole {
    at: TestHost,
    store: Arc<MemoryStore>,
    bitswap: Bitswap,
    router: Router,
    pubsub: PubSub,
}

async fn whole() -> Whole {
    let (settings, id) = settings(TCP);
    let store = Arc::new(MemoryStore::new());
    let mut modules = Modules::default();
    let mut routing_settings = routing::Settings::default();
    routing_settings.loopback = true;
    let (behaviour, router) = routing::new(routing_settings, settings.local());
    modules.routing = Some(behaviour);
    let blocks = Arc::clone(&store) as Arc<dyn BlockReader>;
    let (behaviour, bitswap) = bitswap::new(
        bitswap::Settings::default(),
        blocks,
        Arc::new(router.clone()),
    );
    modules.bitswap = Some(behaviour);
    let (behaviour, pubsub) = pubsub::new(pubsub::Settings::default(), settings.key()).unwrap();
    modules.pubsub = Some(behaviour);
    let (behaviour, _streams) = streams::new(streams::Settings::default());
    modules.streams = Some(behaviour);
    let host = Host::start(settings, modules).await.unwrap();
    host.set_routing(Some(Arc::new(router.clone())));
    Whole {
        at: TestHost { host, id },
        store,
        bitswap,
        router,
        pubsub,
    }
}

fn block(data: Vec<u8>) -> Block {
    let data = Bytes::from(data);
    Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, future)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn all_modules_share_a_connection() {
    let (a, b) = (whole().await, whole().await);
    b.at.connect(a.at.here()).await.unwrap();
    until("the peer is identified", || {
        b.at.identity(&a.at.id).is_some()
    })
    .await;
    let mut offered = b.at.identity(&a.at.id).unwrap().protocols;
    offered.sort();
    assert_eq!(
        offered,
        [
            "/floodsub/1.0.0",
            "/ipfs/bitswap/1.0.0",
            "/ipfs/bitswap/1.1.0",
            "/ipfs/bitswap/1.2.0",
            "/ipfs/id/1.0.0",
            "/ipfs/id/push/1.0.0",
            "/ipfs/lan/kad/1.0.0",
            "/ipfs/ping/1.0.0",
            "/libp2p/autonat/2/dial-back",
            "/libp2p/circuit/relay/0.2.0/stop",
            "/meshsub/1.0.0",
            "/meshsub/1.1.0",
            "/meshsub/1.2.0",
            "/meshsub/1.3.0",
        ]
    );

    let blocks: Vec<_> = (0..50).map(|byte| block(vec![byte; 20_000])).collect();
    let cids: Vec<_> = blocks.iter().map(|block| block.cid.clone()).collect();
    let hold = a.store.hold();
    a.store.put(&hold, blocks).await.unwrap();
    let session = b
        .bitswap
        .session(SessionRequest::new(cids.first().unwrap().clone()));
    let arrivals: Vec<_> = soon("the blocks", session.want(cids.clone()).collect()).await;
    assert_eq!(arrivals.len(), 50);
    assert!(
        arrivals
            .iter()
            .all(|arrival| matches!(arrival, Ok(Arrival::Block(_))))
    );
    assert_eq!(b.bitswap.stat().blocks_received, 50);
    assert!(b.at.of_protocol("/ipfs/bitswap/1.2.0").received > 1_000_000);

    let mut messages = b.pubsub.subscribe(b"topic".to_vec()).await.unwrap();
    until("the subscription is known", || {
        !a.pubsub.peers(Some(b"topic")).is_empty()
    })
    .await;
    a.pubsub
        .publish(b"topic".to_vec(), b"hello".to_vec())
        .await
        .unwrap();
    let message = soon("the message", messages.next()).await.unwrap().unwrap();
    assert_eq!(
        (message.from, message.data),
        (a.at.id.clone(), b"hello".to_vec())
    );
}

/// A third node is found and connected to by its peer ID only, and with it the block that only it has.
#[tokio::test(flavor = "multi_thread")]
async fn peers_and_providers_are_found_by_way_of_another_peer() {
    let (a, middle, c) = (whole().await, whole().await, whole().await);
    a.at.connect(middle.at.here()).await.unwrap();
    c.at.connect(middle.at.here()).await.unwrap();
    let far = block(b"far away".to_vec());
    let hold = a.store.hold();
    a.store.put(&hold, vec![far.clone()]).await.unwrap();
    let provide = async {
        // Until the routing tables have the peers.
        while a
            .router
            .provide(vec![far.cid.clone()], false)
            .await
            .is_err()
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    soon("the announcement", provide).await;
    let find = async {
        loop {
            let mut steps = c.router.find_providers(&far.cid, 1);
            while let Some(Ok(step)) = steps.next().await {
                if step.step == QueryStep::Provider
                    && step.responses.iter().any(|named| named.peer == a.at.id)
                {
                    return;
                }
            }
        }
    };
    soon("the provider", find).await;
    let nameless = PeerAddresses {
        peer: a.at.id.clone(),
        addresses: Vec::new(),
    };
    soon("the connection", c.at.connect(nameless))
        .await
        .unwrap();
    assert!(c.at.is_connected(&a.at));
    let session = c.bitswap.session(SessionRequest::new(far.cid.clone()));
    let arrival = soon("the block", session.want(vec![far.cid.clone()]).next()).await;
    assert!(matches!(arrival, Some(Ok(Arrival::Block(_)))));
}
