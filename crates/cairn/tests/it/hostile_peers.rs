//! What hostile peers cost a daemon: its memory is measured while they flood it, and it serves others meanwhile.
//!
//! The bound is the one that docs/peers.md states.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cairn_network::host::{Host, Limits, Modules, Settings};
use cairn_network::streams::{self, Streams};
use cairn_primitives::bitswap::{Entry, Message, Version, WantKind};
use cairn_primitives::keys::{KeyType, Keypair};
use cairn_primitives::{Cid, Codec, Multiaddr, Multihash, PeerId, varint};
use cairn_store::network::Swarm as _;
use cairn_testkit::fixture;
use cairn_testkit::rpc::Rpc;
use cairn_testkit::server::{Daemon, Repository};
use futures_util::future::join_all;
use futures_util::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use serde_json::Value;

/// How much the daemon may grow.
const BOUND: u64 = 256 << 20;

/// The longest that this waits for a stream.
const LIMIT: Duration = Duration::from_secs(60);

/// How long a write may wait: the daemon need not read, nor say that it does not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bitswap, as the daemon speaks it.
const BITSWAP: &str = "/ipfs/bitswap/1.2.0";

/// A daemon, and another one that is served by it.
struct Served {
    daemon: Daemon,
    friend: Daemon,
    address: Multiaddr,
    peer: PeerId,
    before: u64,
    blocks: AtomicUsize,
    _repositories: [Repository; 2],
}

fn repository() -> Repository {
    let repository = Repository::init(env!("CARGO_BIN_EXE_cairn")).unwrap();
    repository
        .configure(|config| config["Routing"]["Type"] = "dht".into())
        .unwrap();
    repository
}

impl Served {
    fn start() -> Self {
        let repositories = [repository(), repository()];
        let daemon = repositories[0].start(&[]).unwrap();
        let friend = repositories[1].start(&[]).unwrap();
        let id: Value =
            serde_json::from_str(&Rpc::new(&daemon.rpc()).call("id", None).unwrap().text())
                .unwrap();
        let addresses = id["Addresses"].as_array().unwrap().iter();
        let address = addresses
            .filter_map(Value::as_str)
            .find(|address| address.starts_with("/ip4/127.0.0.1/"))
            .unwrap();
        Rpc::new(&friend.rpc())
            .call(&format!("swarm/connect?arg={address}"), None)
            .unwrap();
        let (peer, address) = address.parse::<Multiaddr>().unwrap().split_peer().unwrap();
        let served = Self {
            before: 0,
            daemon,
            friend,
            address: address.unwrap(),
            peer,
            blocks: AtomicUsize::new(0),
            _repositories: repositories,
        };
        served.serves();
        Self {
            before: served.daemon.memory("VmRSS").unwrap(),
            ..served
        }
    }

    /// Checks that the other daemon gets a block.
    fn serves(&self) {
        tokio::task::block_in_place(|| {
            let number = self.blocks.fetch_add(1, Ordering::Relaxed);
            let data = fixture::stream(&format!("block {number}"), 50_000);
            let cid = Rpc::new(&self.daemon.rpc()).block_put(&data, "").unwrap();
            let got = Rpc::new(&self.friend.rpc()).block_get(&cid).unwrap();
            assert!(got == data);
        });
    }

    /// Checks the memory, and that the other daemon is still served.
    fn check(&self, what: &str) {
        self.serves();
        let most = self.daemon.memory("VmHWM").unwrap();
        let grown = most.saturating_sub(self.before);
        println!("{what}: {} MiB", grown >> 20);
        assert!(
            grown < BOUND,
            "{what}: the daemon grew from {} to {most} bytes\n{}",
            self.before,
            self.daemon.log()
        );
    }
}

/// A peer that sends what it likes, without limits of its own.
struct Hostile {
    host: Arc<Host>,
    streams: Streams,
}

impl Hostile {
    async fn new() -> Self {
        let keys = Keypair::generate(KeyType::Ed25519).unwrap();
        let mut settings = Settings::new(&keys.encode()).unwrap();
        settings.limits = Limits {
            enabled: false,
            ..Limits::default()
        };
        let (behaviour, streams) = streams::new(streams::Settings::default());
        let modules = Modules {
            streams: Some(behaviour),
            ..Modules::default()
        };
        let host = Host::start(settings, modules).await.unwrap();
        Self { host, streams }
    }

    /// Opens a stream, and a connection if there is none; `None` if the daemon refuses.
    async fn open(&self, to: &Served, protocol: &str) -> Option<Box<dyn AsyncStream>> {
        let addresses = vec![(&to.address).into()];
        let opening = self.streams.open((&to.peer).into(), addresses, protocol);
        let opened = tokio::time::timeout(LIMIT, opening).await.ok()?;
        Some(Box::new(opened.ok()?))
    }
}

trait AsyncStream: futures_util::io::AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: futures_util::io::AsyncRead + AsyncWrite + Send + Unpin + 'static> AsyncStream for S {}

/// Whether everything was written.
async fn write(stream: &mut impl AsyncStream, data: &[u8]) -> bool {
    let written = async {
        stream.write_all(data).await?;
        stream.flush().await
    };
    matches!(tokio::time::timeout(PATIENCE, written).await, Ok(Ok(())))
}

/// Ends a stream, and waits until the daemon has read everything and ends its side.
async fn end(mut stream: impl AsyncStream) {
    let ended = async {
        let _ = stream.close().await;
        while stream.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
    };
    let _ = tokio::time::timeout(PATIENCE, ended).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_thousand_streams() {
    let served = Served::start();
    let hostile = Hostile::new().await;
    let protocols = [
        BITSWAP,
        "/ipfs/ping/1.0.0",
        "/ipfs/id/1.0.0",
        "/ipfs/lan/kad/1.0.0",
        "/not/spoken",
    ];
    let mut kept = VecDeque::new();
    let mut opened = 0;
    for round in 0..1_000 {
        let opening = (0..100).map(|at| {
            let protocol = protocols[at % protocols.len()];
            hostile.open(&served, protocol)
        });
        for stream in join_all(opening).await.into_iter().flatten() {
            opened += 1;
            kept.push_back(stream);
            // More than the daemon accepts.
            if kept.len() > 400 {
                kept.pop_front();
            }
        }
        if round % 250 == 249 {
            served.check("100,000 streams");
        }
    }
    assert!(opened > 1_000, "{opened}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_million_wants_of_giant_cids_over_a_thousand_connections() {
    /// Of each connection.
    const GIANT: usize = 900;
    const VALID: usize = 100;
    let served = Served::start();
    let hostile = Hostile::new().await;
    // A wantlist of CIDs with a kilobyte each, which is a valid message.
    let mut giant = Vec::new();
    for _ in 0..GIANT {
        let mut entry = vec![0x0a];
        varint::encode(1_000, &mut entry);
        entry.extend([0xff; 1_000]);
        giant.push(0x0a);
        varint::encode(entry.len() as u64, &mut giant);
        giant.extend(entry);
    }
    let mut message = vec![0x0a];
    varint::encode(giant.len() as u64, &mut message);
    message.extend(giant);
    let mut framed = Vec::new();
    varint::encode(message.len() as u64, &mut framed);
    framed.extend(message);
    for round in 0..1_000 {
        let wantlist = (0..VALID).map(|number| Entry {
            cid: Cid::v1(
                Codec::RAW,
                Multihash::sha2_256(format!("{round} {number}").as_bytes()),
            ),
            priority: 1,
            cancel: false,
            kind: WantKind::Block,
            send_dont_have: false,
        });
        let valid = Message {
            wantlist: wantlist.collect(),
            ..Message::default()
        };
        // The daemon accepts a stream of each connection.
        let mut stream = hostile.open(&served, BITSWAP).await.unwrap();
        for part in valid.encode(Version::V1_2) {
            assert!(write(&mut stream, &part).await);
        }
        assert!(write(&mut stream, &framed).await);
        end(stream).await;
        // The daemon may have closed it already.
        let _ = hostile.host.disconnect(&served.peer, None).await;
        if round % 250 == 249 {
            served.check("1,000,000 wants");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn half_messages_on_hundreds_of_streams() {
    let served = Served::start();
    // A message of 4 MiB without its last bytes.
    let mut half = Vec::new();
    varint::encode(4 << 20, &mut half);
    half.resize(4 << 20, 0);
    let mut hostiles = Vec::new();
    for _ in 0..8 {
        hostiles.push(Hostile::new().await);
    }
    let writing = hostiles.iter().flat_map(|hostile| {
        (0..64).map(|_| async {
            let mut stream = hostile.open(&served, BITSWAP).await?;
            write(&mut stream, &half).await;
            Some(stream)
        })
    });
    // 2 GiB in all.
    let kept = join_all(writing).await;
    served.check("half messages");
    drop(kept);
    served.check("half messages that ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_of_a_hundred_mebibytes() {
    let served = Served::start();
    let mut large = Vec::new();
    varint::encode(100 << 20, &mut large);
    let zeros = vec![0; 1 << 20];
    for round in 0..4 {
        // A peer that sends such messages again and again is ignored from then on.
        let hostile = Hostile::new().await;
        for protocol in [
            BITSWAP,
            "/ipfs/bitswap/1.1.0",
            "/ipfs/id/push/1.0.0",
            "/ipfs/lan/kad/1.0.0",
            "/ipfs/ping/1.0.0",
        ] {
            let Some(mut stream) = hostile.open(&served, protocol).await else {
                continue;
            };
            if !write(&mut stream, &large).await {
                continue;
            }
            // Those who read no further need not say so.
            for _ in 0..100 {
                let written = write(&mut stream, &zeros);
                let written = tokio::time::timeout(Duration::from_secs(1), written).await;
                if written != Ok(true) {
                    break;
                }
            }
        }
        if round % 2 == 1 {
            served.check("messages of 100 MiB");
        }
    }
}
