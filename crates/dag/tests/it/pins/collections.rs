//! What a collection takes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cairn_dag::gc::{self, CollectError, CollectionTask};
use cairn_store::BlockError;
use cairn_store::BlockWriter as _;
use cairn_store::block::Collected;
use cairn_store::meta::{MemoryRows, PinMode, Rows};

use super::{collect, has, node};

#[tokio::test]
async fn collections_take_only_what_nothing_keeps() {
    let mut node = node().await;
    let (kept, direct, extra, loose) = (
        node.dag.chain(20),
        node.dag.chain(5),
        node.dag.raw(b"extra"),
        node.dag.raw(b"loose"),
    );
    node.pin(&kept.cid, PinMode::Recursive, "").await.unwrap();
    node.pin(&direct.cid, PinMode::Direct, "").await.unwrap();
    // Chains of different lengths share their ends.
    assert_eq!(node.collect(), Collected::default());
    node.dag.hold = node.dag.store.hold();
    let loose_cid = loose.cid.clone();
    let root = cairn_store::block::Root {
        cid: extra.cid.clone(),
        recursive: true,
    };
    let extras: Arc<gc::ExtraRoots> = Arc::new(move || Ok(vec![root.clone()]));
    let mut running = CollectionTask::start(
        node.dag.store.clone(),
        node.rows.clone(),
        extras,
        Arc::default(),
    );
    let mut removed = Vec::new();
    while let Some(cid) = running.next().await {
        removed.push(cid);
    }
    assert_eq!(
        (removed, running.finish().await.unwrap().blocks),
        (vec![loose_cid], 1)
    );
    assert!(has(&node.dag, &kept) && has(&node.dag, &extra) && has(&node.dag, &direct));
    node.pinner.remove(&kept.cid, true).await.unwrap();
    assert_eq!(node.collect().blocks, 21);
    assert!(has(&node.dag, &direct));
}

#[tokio::test]
async fn collections_need_the_rows_of_their_store() {
    let node = node().await;
    let unbound = MemoryRows::new();
    for rows in [&unbound as &dyn Rows, &{
        let other = MemoryRows::new();
        other.bind("another").await.unwrap();
        other
    }] {
        assert!(matches!(
            collect(&node.dag, rows),
            Err(CollectError::Store(BlockError::OtherStore { .. }))
        ));
    }
    let cancelled = gc::collect(
        &*node.dag.store,
        &*node.rows,
        &|| Ok(Vec::new()),
        &AtomicBool::new(true),
        &mut |_| (),
    );
    assert!(matches!(
        cancelled,
        Err(CollectError::Store(BlockError::Cancelled))
    ));
    node.rows.close().await.unwrap();
    assert!(matches!(
        collect(&node.dag, &*node.rows),
        Err(CollectError::Rows(_))
    ));
}
