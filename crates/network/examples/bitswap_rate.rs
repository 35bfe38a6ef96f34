//! Measures bitswap between two swarms in this process: TCP on loopback, Noise, Yamux.
//!
//! ```sh
//! cargo run --release -p cairn-network --example bitswap_rate -- [BLOCK_BYTES] [BLOCKS] [WANTS_IN_FLIGHT]
//! ```

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_network::{Providers, bitswap};
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::block::MemoryStore;
use cairn_store::exchange::{Arrival, SessionRequest};
use cairn_store::network::{BlockExchange as _, PeerAddresses};
use cairn_store::{BlockStore, BlockWriter as _, Exchange as _};
use futures_util::stream::{BoxStream, SelectAll};
use futures_util::{FutureExt as _, StreamExt as _};
use libp2p::swarm::SwarmEvent;
use libp2p::{Swarm, SwarmBuilder, noise, tcp, yamux};

/// Wants of a batch, as `cairn-dag` has.
const BATCH: usize = 32;

struct Nobody;

impl Providers for Nobody {
    fn find(&self, _: &Cid) -> BoxStream<'static, PeerAddresses> {
        futures_util::stream::empty().boxed()
    }
}

fn node(
    store: Arc<dyn BlockStore>,
) -> Result<(Swarm<bitswap::Behaviour>, bitswap::Bitswap), Box<dyn Error>> {
    let (behaviour, handle) = bitswap::new(bitswap::Settings::default(), store, Arc::new(Nobody));
    let swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )?
        .with_behaviour(|_| behaviour)?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build();
    Ok((swarm, handle))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1);
    let mut number = |default| numbers.next().map_or(Ok(default), |text| text.parse());
    let (size, count, in_flight): (usize, usize, usize) =
        (number(256 << 10)?, number(4096)?, number(256)?);

    // Few distinct bytes, distinct blocks: memory for many is not what is measured.
    let base = Bytes::from(vec![7; size + count]);
    let mut blocks = Vec::with_capacity(count);
    let mut data = base.to_vec();
    data.truncate(size);
    for at in 0..count {
        let mark = (at as u64).to_le_bytes();
        let length = mark.len().min(size);
        data[..length].copy_from_slice(&mark[..length]);
        let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(&data));
        blocks.push(Block::new(cid, Bytes::copy_from_slice(&data)));
    }
    let cids: Vec<Cid> = blocks.iter().map(|block| block.cid.clone()).collect();
    let store = Arc::new(MemoryStore::new());
    let hold = store.hold();
    store.put(&hold, blocks).await?;

    let (mut server, _) = node(store)?;
    let (mut client, handle) = node(Arc::new(MemoryStore::new()))?;
    server.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = server.select_next_some().await {
            break address;
        }
    };
    client.dial(address)?;
    tokio::spawn(async move {
        loop {
            server.select_next_some().await;
        }
    });
    let (connected, is_connected) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut connected = Some(connected);
        loop {
            if let SwarmEvent::ConnectionEstablished { .. } = client.select_next_some().await
                && let Some(connected) = connected.take()
            {
                let _ = connected.send(());
            }
        }
    });
    is_connected.await?;

    let first = cids.first().ok_or("at least one block is needed")?;
    let session = handle.session(SessionRequest::new(first.clone()));
    let start = Instant::now();
    let mut waiting = cids.chunks(BATCH);
    let mut wants = SelectAll::new();
    let mut open = 0;
    let (mut received, mut bytes) = (0, 0);
    while received < count {
        while open + BATCH <= in_flight
            && let Some(batch) = waiting.next()
        {
            open += batch.len();
            wants.push(session.want(batch.to_vec()));
        }
        let mut next = wants.next().await;
        while let Some(answer) = next.take() {
            if let Arrival::Block(block) = answer? {
                bytes += block.data().len();
            }
            received += 1;
            open -= 1;
            next = wants.next().now_or_never().flatten();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{count} blocks of {size} bytes in {seconds:.3} s: {:.0} MiB/s, {:.0} blocks/s",
        bytes as f64 / seconds / f64::from(1 << 20),
        count as f64 / seconds,
    );
    println!("{:?}", handle.stat());
    Ok(())
}
