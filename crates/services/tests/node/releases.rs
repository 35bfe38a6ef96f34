//! Releases on a real node and SQLite.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_node::Node;
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_services::Context;
use cairn_services::backend::{BackendError, Embedded, PinOptions, PinProgress};
use cairn_services::releases::{ReconcileError, Reconciler, pass};
use cairn_store::meta::PinMode;
use cairn_store::shared::{AccountId, Fenced, NewPin, PinEnd, PinState, RequestId};
use futures_util::StreamExt as _;

use crate::process::{open_node, open_rows};

const PEER: &str = "peer";

/// One process: a node, its backend and its rows.
struct Process {
    context: Arc<Context>,
    node: Arc<Node>,
    folder: tempfile::TempDir,
}

async fn process() -> Process {
    let (node, folder) = open_node().await;
    let backend = Arc::new(Embedded::new(Arc::clone(&node)));
    let context = Context::new(open_rows(folder.path(), "one.sqlite").await, backend, PEER);
    Process {
        context: Arc::new(context.in_repository(Arc::clone(&node))),
        node,
        folder,
    }
}

impl Process {
    async fn account(&self, name: &str) -> AccountId {
        self.context.rows().create_account(name).await.unwrap().id
    }

    /// Stores a block, which nothing pins.
    async fn block(&self, text: &str) -> Cid {
        let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(text.as_bytes()));
        let hold = self.node.store().hold();
        let block = Block::new(cid.clone(), Bytes::copy_from_slice(text.as_bytes()));
        self.node.store().put(&hold, vec![block]).await.unwrap();
        cid
    }

    /// A pin request that is pinned here.
    async fn pinned(&self, account: AccountId, cid: &Cid) -> RequestId {
        let rows = self.context.rows();
        let new = NewPin {
            account,
            cid: cid.clone(),
            cid_text: cid.to_string(),
            name: None,
            origins: Vec::new(),
            meta: std::collections::BTreeMap::new(),
            idempotency: None,
        };
        let id = rows.insert_pin(new).await.unwrap().into_pin().id;
        let leased = rows.lease_pins(PEER, 1, Duration::from_secs(60)).await;
        let lease = leased.unwrap().remove(0).lease;
        let backend = self.context.backend();
        let size = backend.pin(cid, PinOptions::default()).await.unwrap();
        let end = PinEnd::Pinned {
            dag_size: size.blocks,
            raw_size: size.content,
            details: None,
        };
        assert_eq!(rows.finish_pin(lease, end).await.unwrap(), Fenced::Done);
        id
    }

    async fn is_pinned(&self, cid: &Cid) -> bool {
        self.context.backend().is_pinned(cid).await.unwrap()
    }

    async fn close(self) {
        self.context.rows().close().await.unwrap();
        self.node.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn content_is_unpinned_when_the_last_request_of_it_goes() {
    let process = process().await;
    let rows = process.context.rows();
    let (one, other) = (process.account("one").await, process.account("other").await);
    let cid = process.block("shared").await;
    let first = process.pinned(one, &cid).await;
    let second = process.pinned(other, &cid).await;
    let pins = process.node.pins();
    let blocks = process.node.offline_blocks();
    pins.add(&blocks, &cid, PinMode::Recursive, "mine", None)
        .await
        .unwrap();

    assert!(rows.delete_pin(one, first).await.unwrap());
    pass(&process.context).await.unwrap();
    assert!(process.is_pinned(&cid).await);

    assert!(rows.delete_pin(other, second).await.unwrap());
    // Somebody makes a pin of it at the moment.
    let lock = process.context.lock(&cid).await;
    assert_eq!(pass(&process.context).await.unwrap(), 0);
    assert!(process.is_pinned(&cid).await);
    drop(lock);
    assert_eq!(pass(&process.context).await.unwrap(), 1);
    assert!(!process.is_pinned(&cid).await);
    assert_eq!(rows.releases(PEER, 10).await.unwrap(), []);
    // The user's pin is another matter.
    pins.remove(&cid, true).await.unwrap();
    process.close().await;
}

#[tokio::test]
async fn differences_between_pins_and_rows_are_repaired() {
    let process = process().await;
    let rows = Arc::clone(process.context.rows());
    let account = process.account("one").await;
    let (stray, lost, kept) = (
        process.block("stray").await,
        process.block("lost").await,
        process.block("kept").await,
    );
    let backend = process.context.backend();
    backend.pin(&stray, PinOptions::default()).await.unwrap();
    let id = process.pinned(account, &lost).await;
    process.pinned(account, &kept).await;
    assert!(backend.unpin(&lost).await.unwrap());

    let context = Arc::clone(&process.context);
    let mut reconciler = Reconciler::new(context).with_grace(Duration::ZERO);
    let found = reconciler.compare().await.unwrap();
    assert_eq!((found.unpinned, found.queued, found.suspects), (0, 1, 1));
    let state = rows.pin_request(account, id).await.unwrap().unwrap().state;
    assert_eq!(state, PinState::Queued);
    // Still unwanted after the grace.
    assert_eq!(reconciler.compare().await.unwrap().unpinned, 1);
    assert!(!process.is_pinned(&stray).await && process.is_pinned(&kept).await);
    let found = reconciler.compare().await.unwrap();
    assert_eq!((found.unpinned, found.queued, found.suspects), (0, 0, 0));

    // Another database wants nothing, and is not believed.
    let empty = rows_of_another(&process).await;
    let mut misled = Reconciler::new(Arc::clone(&empty)).with_grace(Duration::ZERO);
    for _ in 0..2 {
        let refused = misled.compare().await;
        assert!(matches!(refused, Err(ReconcileError::OtherDatabase { .. })));
    }
    assert!(process.is_pinned(&kept).await);
    empty.rows().close().await.unwrap();
    process.close().await;
}

async fn rows_of_another(process: &Process) -> Arc<Context> {
    let rows = open_rows(process.folder.path(), "another.sqlite").await;
    let context = Context::new(rows, Arc::clone(process.context.backend()), PEER);
    Arc::new(context.in_repository(Arc::clone(&process.node)))
}

#[tokio::test]
async fn the_backend_pins_measures_and_refuses() {
    let process = process().await;
    let backend = process.context.backend();
    let cid = process.block("content").await;
    assert!(backend.has(&cid).await.unwrap() && !backend.is_pinned(&cid).await.unwrap());
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let options = PinOptions {
        name: "n".repeat(1_000),
        progress: Some(PinProgress(Arc::new(move |fetched| {
            sink.lock().unwrap().push(fetched);
        }))),
        ..PinOptions::default()
    };
    let size = backend.pin(&cid, options).await.unwrap();
    assert_eq!((size.blocks, size.content), (7, Some(7)));
    assert_eq!(
        seen.lock().unwrap().last().map(|fetched| fetched.blocks),
        Some(1)
    );
    let pins: Vec<_> = backend.pins().map(|pin| pin.unwrap().cid).collect().await;
    assert_eq!(pins, std::slice::from_ref(&cid));
    assert!(backend.probe(&cid).await.unwrap());
    assert!(backend.unpin(&cid).await.unwrap() && !backend.unpin(&cid).await.unwrap());

    let absent = Cid::v1(Codec::RAW, Multihash::sha2_256(b"absent"));
    assert!(!backend.has(&absent).await.unwrap() && !backend.probe(&absent).await.unwrap());
    let failed = backend.pin(&absent, PinOptions::default()).await;
    assert!(matches!(failed, Err(BackendError::NotFound { .. })));
    assert!(!backend.is_pinned(&absent).await.unwrap());
    let space = backend.space().await.unwrap();
    assert!(space.used > 0 && space.free > 0);
    process.close().await;
}
