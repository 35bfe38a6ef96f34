//! Nodes for the tests.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::block::MemoryStore;
use cairn_store::exchange::{Arrival, Session, Wants};
use cairn_store::network::PeerAddresses;
use cairn_store::{
    BlockError, BlockReader, BlockWriter as _, Exchange as _, ReadFuture, SessionRequest,
};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId, Swarm};
use libp2p_swarm_test::SwarmExt as _;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::bitswap::{self, Bitswap, Settings};
use crate::testing::LIMIT;
use crate::{Providers, convert};

pub(super) use crate::testing::until;

/// Fails a test that hangs.
pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, what).await.expect("it hangs")
}

/// Distinct blocks of this size, at least eight bytes each.
pub(super) fn blocks(count: usize, size: usize, seed: u64) -> Vec<Block> {
    (0..count)
        .map(|at| {
            let mut data = vec![u8::try_from(seed % 251).unwrap(); size];
            let mark = (seed << 32 | at as u64).to_le_bytes();
            data[..8].copy_from_slice(&mark);
            let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(&data));
            Block::new(cid, Bytes::from(data))
        })
        .collect()
}

pub(super) fn cids(blocks: &[Block]) -> Vec<Cid> {
    blocks.iter().map(|block| block.cid.clone()).collect()
}

/// Providers that a test names.
#[derive(Default)]
pub(super) struct Known {
    pub(super) providers: Mutex<HashMap<Cid, Vec<PeerAddresses>>>,
    pub(super) searches: Mutex<Vec<Cid>>,
}

impl Known {
    pub(super) fn add(&self, cid: &Cid, node: &Node) {
        let provider = PeerAddresses {
            peer: cairn_primitives::PeerId::from(node.id),
            addresses: vec![convert::address_from_libp2p(&node.address).unwrap()],
        };
        let mut providers = self.providers.lock();
        providers.entry(cid.clone()).or_default().push(provider);
    }
}

impl Providers for Arc<Known> {
    fn find(&self, cid: &Cid) -> BoxStream<'static, PeerAddresses> {
        self.searches.lock().push(cid.clone());
        let found = self.providers.lock().get(cid).cloned().unwrap_or_default();
        futures_util::stream::iter(found).boxed()
    }
}

enum Order {
    Dial(Multiaddr),
    Disconnect(PeerId),
    Connected(oneshot::Sender<Vec<PeerId>>),
}

/// A running node.
pub(super) struct Node {
    pub(super) id: PeerId,
    pub(super) address: Multiaddr,
    pub(super) bitswap: Bitswap,
    pub(super) store: Arc<MemoryStore>,
    pub(super) providers: Arc<Known>,
    orders: mpsc::UnboundedSender<Order>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Node {
    pub(super) async fn new(settings: Settings) -> Self {
        let store = Arc::new(MemoryStore::new());
        let reader = Arc::clone(&store) as Arc<dyn BlockReader>;
        Self::with_reader(settings, store, reader).await
    }

    /// Two of them, not yet connected.
    pub(super) async fn pair() -> (Self, Self) {
        (
            Self::new(Settings::default()).await,
            Self::new(Settings::default()).await,
        )
    }

    /// A session for blocks of which the first is the root.
    pub(super) fn session(&self, wanted: &[Block]) -> Arc<dyn Session> {
        let request = SessionRequest::new(wanted[0].cid.clone());
        self.bitswap.session(request)
    }

    /// A node whose peers read blocks through another store.
    pub(super) async fn with_reader(
        settings: Settings,
        store: Arc<MemoryStore>,
        reader: Arc<dyn BlockReader>,
    ) -> Self {
        let providers = Arc::new(Known::default());
        let (behaviour, bitswap) = bitswap::new(settings, reader, Arc::new(Arc::clone(&providers)));
        let mut swarm = Swarm::new_ephemeral_tokio(|_| behaviour);
        let (address, _) = swarm.listen().await;
        let (orders, receiver) = mpsc::unbounded_channel();
        let id = *swarm.local_peer_id();
        Self {
            id,
            address,
            bitswap,
            store,
            providers,
            orders,
            task: tokio::spawn(run(swarm, receiver)),
        }
    }

    pub(super) async fn put(&self, blocks: &[Block]) {
        let hold = self.store.hold();
        self.store.put(&hold, blocks.to_vec()).await.unwrap();
    }

    pub(super) async fn connect(&self, other: &Self) {
        let order = Order::Dial(other.address.clone());
        self.orders.send(order).unwrap();
        soon(async {
            while !(self.connected().await.contains(&other.id)
                && other.connected().await.contains(&self.id))
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    pub(super) fn disconnect(&self, other: PeerId) {
        self.orders.send(Order::Disconnect(other)).unwrap();
    }

    pub(super) async fn connected(&self) -> Vec<PeerId> {
        let (sender, receiver) = oneshot::channel();
        self.orders.send(Order::Connected(sender)).unwrap();
        receiver.await.unwrap()
    }

    /// Ends the node: its connections are closed.
    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

async fn run(mut swarm: Swarm<bitswap::Behaviour>, mut orders: mpsc::UnboundedReceiver<Order>) {
    loop {
        tokio::select! {
            event = swarm.select_next_some() => {
                if let SwarmEvent::OutgoingConnectionError { error, .. } = event {
                    tracing::debug!("{error}");
                }
            }
            order = orders.recv() => match order {
                Some(Order::Dial(address)) => {
                    let _ = swarm.dial(DialOpts::unknown_peer_id().address(address).build());
                }
                Some(Order::Disconnect(peer)) => {
                    let _ = swarm.disconnect_peer_id(peer);
                }
                Some(Order::Connected(answer)) => {
                    let _ = answer.send(swarm.connected_peers().copied().collect());
                }
                None => return,
            }
        }
    }
}

/// Fetches blocks as a reader does: in batches, a bounded number in flight; calls `arrived` after each.
pub(super) async fn fetch(
    session: &Arc<dyn Session>,
    cids: &[Cid],
    mut arrived: impl FnMut(usize),
) -> Vec<Block> {
    let mut waiting = cids.chunks(32);
    let mut wants = futures_util::stream::SelectAll::<Wants>::new();
    let mut blocks = Vec::new();
    let mut open = 0;
    while blocks.len() < cids.len() {
        while open + 32 <= 256
            && let Some(batch) = waiting.next()
        {
            open += batch.len();
            wants.push(session.want(batch.to_vec()));
        }
        match soon(wants.next()).await.unwrap().unwrap() {
            Arrival::Block(block) => blocks.push(block.into_block()),
            other => panic!("{other:?}"),
        }
        open -= 1;
        arrived(blocks.len());
    }
    blocks
}

/// A store that is slow to read.
pub(super) struct Slow {
    pub(super) inner: Arc<MemoryStore>,
    pub(super) delay: Duration,
}

impl BlockReader for Slow {
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        self.inner.has(key)
    }

    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>> {
        self.inner.size(key)
    }

    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>> {
        ReadFuture::waiting(async move {
            tokio::time::sleep(self.delay).await;
            self.inner.get(key).await
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [Multihash]) -> ReadFuture<'a, Vec<Option<Bytes>>> {
        ReadFuture::waiting(async move {
            let mut found = Vec::new();
            for key in keys {
                found.push(self.get(key).await?);
            }
            Ok(found)
        })
    }

    fn get_blocking(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        self.inner.get_blocking(key)
    }
}
