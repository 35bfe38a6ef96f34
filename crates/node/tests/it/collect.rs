//! Automatic collection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cairn_node::config::{Config, ConfigFile};
use cairn_node::tasks::{AutoCollect, CheckOutcome, Tasks};
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::BlockStore;
use cairn_store::block::MemoryStore;
use cairn_store::meta::{MemoryRows, Pin, PinChange, PinMode, PinOwner, PinRows as _, Rows};
use cairn_store::{BlockCollector as _, BlockWriter as _};
use serde_json::json;
use tokio_util::sync::CancellationToken;

struct Parts {
    store: Arc<MemoryStore>,
    rows: Arc<MemoryRows>,
    config: Arc<ConfigFile>,
    asked: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

impl Parts {
    /// A store with ten blocks of 1 kB, the first three pinned.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        ConfigFile::create(&path, &Config::default()).unwrap();
        let store = Arc::new(MemoryStore::new());
        let rows = Arc::new(MemoryRows::new());
        rows.bind(&store.id()).await.unwrap();
        let blocks: Vec<Block> = (0..10_u8)
            .map(|number| {
                let data = Bytes::from(vec![number; 1_000]);
                Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
            })
            .collect();
        let pins = blocks[..3].iter().map(|block| {
            PinChange::Set(Pin {
                cid: block.cid.clone(),
                mode: PinMode::Recursive,
                name: String::new(),
                owner: PinOwner::User,
            })
        });
        rows.change_pins(pins.collect()).await.unwrap();
        let hold = store.hold();
        store.put(&hold, blocks).await.unwrap();
        drop(hold);
        let config = Arc::new(ConfigFile::load(path).unwrap());
        Self {
            store,
            rows,
            config,
            asked: Arc::default(),
            _folder: folder,
        }
    }

    fn set(&self, key: &str, value: serde_json::Value) {
        self.config.set(key, value).unwrap();
    }

    /// Counts the collections in [`Parts::asked`].
    fn auto(&self) -> AutoCollect {
        let asked = Arc::clone(&self.asked);
        let roots = Arc::new(move || {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(Vec::new())
        });
        let (store, rows): (Arc<dyn BlockStore>, Arc<dyn Rows>) =
            (self.store.clone(), self.rows.clone());
        AutoCollect::new(store, rows, roots, Arc::clone(&self.config))
    }

    fn blocks(&self) -> u64 {
        self.store.stat().unwrap().blocks
    }
}

#[tokio::test]
async fn collects_above_the_watermark_only() {
    let parts = Parts::new().await;
    let auto = parts.auto();
    let stop = CancellationToken::new();
    assert_eq!(auto.check(&stop).await.unwrap(), CheckOutcome::Small);
    let size = parts.store.stat().unwrap().disk_bytes;
    parts.set("Datastore.StorageMax", json!(format!("{}", size * 2)));
    parts.set("Datastore.StorageGCWatermark", json!(50));
    assert_eq!(
        auto.check(&stop).await.unwrap(),
        CheckOutcome::Small,
        "at the watermark"
    );
    assert_eq!(parts.blocks(), 10);
    parts.set("Datastore.StorageGCWatermark", json!(49));
    let CheckOutcome::Collected(done) = auto.check(&stop).await.unwrap() else {
        panic!("no collection above the watermark")
    };
    assert_eq!((done.blocks, parts.blocks()), (7, 3));
    assert_eq!(auto.check(&stop).await.unwrap(), CheckOutcome::Small);
    assert_eq!(parts.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn pins_above_the_limit_are_kept() {
    let parts = Parts::new().await;
    parts.set("Datastore.StorageMax", json!("1kB"));
    let stop = CancellationToken::new();
    for removed in [7, 0] {
        let CheckOutcome::Collected(done) = parts.auto().check(&stop).await.unwrap() else {
            panic!("no collection")
        };
        assert_eq!((done.blocks, parts.blocks()), (removed, 3));
    }
    // And writes continue.
    let hold = parts.store.hold();
    let data = Bytes::from_static(b"more");
    let more = Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data);
    parts.store.put(&hold, vec![more]).await.unwrap();
}

#[tokio::test]
async fn a_stopped_collection_says_so() {
    let parts = Parts::new().await;
    parts.set("Datastore.StorageMax", json!("1kB"));
    let stop = CancellationToken::new();
    stop.cancel();
    let check = parts.auto().check(&stop).await.unwrap();
    assert!(
        matches!(check, CheckOutcome::Stopped | CheckOutcome::Collected(_)),
        "{check:?}"
    );
}

#[tokio::test]
async fn rows_of_another_store_stop_nothing_but_the_collection() {
    let parts = Parts::new().await;
    parts.rows.bind("another").await.unwrap();
    parts.set("Datastore.StorageMax", json!("1kB"));
    let error = parts
        .auto()
        .check(&CancellationToken::new())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("nothing was collected"),
        "{error}"
    );
    assert_eq!(parts.blocks(), 10);
}

#[tokio::test]
async fn looks_every_period_until_stopped() {
    let parts = Parts::new().await;
    parts.set("Datastore.StorageMax", json!("1kB"));
    parts.set("Datastore.GCPeriod", json!("5ms"));
    let tasks = Tasks::default();
    let auto = parts.auto();
    tasks.spawn("collect", |stop| auto.run(stop));
    while parts.asked.load(Ordering::Relaxed) < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(parts.blocks(), 3);
    tasks.stop().await;
    let asked = parts.asked.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(parts.asked.load(Ordering::Relaxed), asked);
}

#[tokio::test]
async fn a_period_of_zero_never_looks() {
    let parts = Parts::new().await;
    parts.set("Datastore.StorageMax", json!("1kB"));
    parts.set("Datastore.GCPeriod", json!("0"));
    parts.auto().run(CancellationToken::new()).await;
    assert_eq!(parts.asked.load(Ordering::Relaxed), 0);
}
