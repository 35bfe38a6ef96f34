//! Nodes that are connected.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use cairn_dag::export::FileReader;
use cairn_node::online::OnlineOptions;
use cairn_node::{Node, OnlineError};
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::network::{NetworkError, PeerAddresses};

use crate::{init, open};

/// A node on loopback, by the profile for tests.
async fn online(folder: &Path, change: impl FnOnce(&mut cairn_node::Config)) -> Node {
    init(folder).await;
    let node = open(folder).await;
    node.config_file()
        .update(|config| {
            change(config);
            Ok::<_, cairn_node::config::ConfigError>(())
        })
        .unwrap();
    node.go_online(&OnlineOptions::default()).await.unwrap();
    node
}

fn here(node: &Node) -> PeerAddresses {
    PeerAddresses {
        peer: node.identity().peer_id(),
        addresses: node.network().unwrap().swarm().listening(),
    }
}

async fn connect(from: &Node, to: &Node) {
    let network = from.network().unwrap();
    network.swarm().connect(here(to)).await.unwrap();
}

fn block(data: Vec<u8>) -> Block {
    let data = Bytes::from(data);
    Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect(what)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_reads_the_blocks_of_another() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (
        online(one.path(), |_| ()).await,
        online(two.path(), |_| ()).await,
    );
    connect(&b, &a).await;
    let blocks: Vec<_> = (0..100_u8).map(|byte| block(vec![byte; 10_000])).collect();
    let cids: Vec<_> = blocks.iter().map(|block| block.cid.clone()).collect();
    let hold = a.store().hold();
    a.store().put(&hold, blocks).await.unwrap();
    let view = b.blocks();
    for (byte, cid) in (0_u8..).zip(&cids) {
        let mut file = within("the file", FileReader::open(&view, cid))
            .await
            .unwrap();
        let read = within("its bytes", file.next()).await.unwrap().unwrap();
        assert_eq!(read, vec![byte; 10_000]);
    }
    let network = b.network().unwrap();
    let stat = network.exchange().stat();
    assert_eq!((stat.blocks_received, stat.duplicate_blocks), (100, 0));
    assert!(network.bandwidth().unwrap().total().received > 1_000_000);
    assert!(b.store().has(cids[0].hash()).await.unwrap(), "it is stored");
    a.shutdown().await.unwrap();
    b.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_is_added_later_reaches_who_waits_for_it() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (
        online(one.path(), |_| ()).await,
        online(two.path(), |_| ()).await,
    );
    connect(&b, &a).await;
    let late = block(b"late".to_vec());
    let view = b.blocks();
    let cid = late.cid.clone();
    let waiting =
        tokio::spawn(async move { FileReader::open(&view, &cid).await.map(|file| file.size()) });
    // Once the other node knows of the want.
    let network = a.network().unwrap();
    let peer = b.identity().peer_id();
    within("the want", async {
        while network
            .exchange()
            .wants_of(&peer)
            .is_none_or(|wants| wants.is_empty())
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let hold = a.store().hold();
    a.store().put(&hold, vec![late]).await.unwrap();
    assert_eq!(within("the block", waiting).await.unwrap().unwrap(), 4);
    a.shutdown().await.unwrap();
    b.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_can_be_turned_off() {
    let folder = tempfile::tempdir().unwrap();
    let node = online(folder.path(), |config| {
        config.routing.kind = Some("none".to_owned());
        config.bitswap.libp2p_enabled = Some(false);
        config.swarm.disable_bandwidth_metrics = true;
        config.swarm.resource_mgr.enabled = Some(false);
    })
    .await;
    let network = node.network().unwrap();
    assert!(network.pubsub().is_none() && network.bandwidth().is_none());
    assert!(network.swarm().resources().is_none());
    let provided = network.routing().provide(Vec::new(), false).await;
    assert!(matches!(provided, Err(NetworkError::Unavailable(_))));
    node.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_without_a_meaning_are_refused_by_name() {
    type Change = fn(&mut cairn_node::Config);
    let cases: [(&str, Change); 5] = [
        ("Addresses.Swarm", |config| {
            config.addresses.swarm = Some(vec!["/ip4/1.2.3/tcp/1".to_owned()]);
        }),
        ("Bootstrap", |config| {
            config.bootstrap = Some(vec!["/ip4/127.0.0.1/tcp/1".to_owned()]);
        }),
        ("Swarm.ConnMgr.Type", |config| {
            config.swarm.conn_mgr.kind = Some("large".to_owned());
        }),
        ("Routing.Type", |config| {
            config.routing.kind = Some("dhtt".to_owned());
        }),
        ("Pubsub.Router", |config| {
            config.pubsub.enabled = Some(true);
            config.pubsub.router = "floodsub".to_owned();
        }),
    ];
    for (key, change) in cases {
        let folder = tempfile::tempdir().unwrap();
        init(folder.path()).await;
        let node = open(folder.path()).await;
        node.config_file()
            .update(|config| {
                change(config);
                Ok::<_, cairn_node::config::ConfigError>(())
            })
            .unwrap();
        let refused = node.go_online(&OnlineOptions::default()).await.unwrap_err();
        assert!(refused.to_string().contains(key), "{refused}");
        assert!(node.network().is_none());
        node.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_private_network_may_be_required() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path()).await;
    let node = open(folder.path()).await;
    let options = OnlineOptions {
        force_private: true,
        ..OnlineOptions::default()
    };
    assert!(matches!(
        node.go_online(&options).await,
        Err(OnlineError::Start(_))
    ));
    let key = format!("/key/swarm/psk/1.0.0/\n/base16/\n{}\n", "0a".repeat(32));
    std::fs::write(folder.path().join("swarm.key"), key).unwrap();
    let online = node.go_online(&options).await.unwrap();
    assert!(online.key_fingerprint().is_some());
    assert!(
        online
            .listening()
            .iter()
            .all(|socket| socket.ends_with("(TCP)"))
    );
    node.shutdown().await.unwrap();
    std::fs::write(folder.path().join("swarm.key"), "nothing").unwrap();
    let node = open(folder.path()).await;
    assert!(matches!(
        node.go_online(&options).await,
        Err(OnlineError::SwarmKey { .. })
    ));
    node.shutdown().await.unwrap();
}
