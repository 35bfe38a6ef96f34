//! Nodes, whole.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_node::{Access, InitOptions, Node, NodeError, NodeOptions, Repo, RepoError};
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::block::Root;
use cairn_store::meta::{Pin, PinFilter, PinMode, PinOwner, RowError};

use crate::{init, open};

/// The empty folder, as Kubo names it.
const EMPTY: &str = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";

fn block(text: &'static str) -> Block {
    let data = Bytes::from_static(text.as_bytes());
    Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
}

fn pins(node: &Node) -> Vec<Pin> {
    let mut pins = Vec::new();
    node.rows()
        .pins(&PinFilter::default(), &mut |pin| {
            pins.push(pin);
            true
        })
        .unwrap();
    pins
}

#[tokio::test]
async fn a_new_node_holds_the_empty_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    let made = init(folder.path()).await;
    let node = open(folder.path()).await;
    assert_eq!(node.identity().peer_id(), made.peer_id);
    let empty: Cid = EMPTY.parse().unwrap();
    assert_eq!(
        pins(&node),
        [Pin {
            cid: empty.clone(),
            mode: PinMode::Recursive,
            name: String::new(),
            owner: PinOwner::User,
        }]
    );
    assert_eq!(
        node.store().get_blocking(empty.hash()).unwrap().unwrap(),
        &[0x0a, 0x02, 0x08, 0x01][..]
    );
    assert_eq!(node.store().stat().unwrap().blocks, 1);
    assert_eq!(node.rows().store_id().unwrap(), Some(node.store().id()));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_new_node_may_welcome_its_user() {
    let folder = tempfile::tempdir().unwrap();
    let options = InitOptions {
        empty_repo: false,
        profile: Some("test".into()),
        ..InitOptions::default()
    };
    let welcome = Repo::init(folder.path(), &options)
        .await
        .unwrap()
        .welcome
        .unwrap();
    let node = open(folder.path()).await;
    assert_eq!(pins(&node).len(), 2);
    let links = node.store().links_blocking(&welcome).unwrap().unwrap();
    let readme = links.iter().next().unwrap();
    let text = node.store().get_blocking(readme.hash()).unwrap().unwrap();
    assert!(String::from_utf8_lossy(&text).contains("Welcome to Cairn."));
    node.collect().finish().await.unwrap();
    assert!(node.store().has_blocking(readme.hash()).unwrap());
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_shutdown_and_after_none() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path()).await;
    let (one, two) = (block("one"), block("two"));
    {
        let node = open(folder.path()).await;
        let hold = node.store().hold();
        node.store().put(&hold, vec![one.clone()]).await.unwrap();
        let start = Instant::now();
        node.shutdown().await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(5));
        node.shutdown().await.unwrap();
        assert!(node.store().put(&hold, vec![two.clone()]).await.is_err());
        assert!(node.rows().pin_count().is_err());
        // The lock is free although the node's value lives.
        let other = open(folder.path()).await;
        let hold = other.store().hold();
        other.store().put(&hold, vec![two.clone()]).await.unwrap();
    }
    let node = open(folder.path()).await;
    for block in [one, two] {
        assert_eq!(
            node.store().get_blocking(block.cid.hash()).unwrap(),
            Some(block.data)
        );
    }
    assert_eq!(pins(&node).len(), 1);
}

#[tokio::test]
async fn a_node_opened_for_reading_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path()).await;
    let reading = NodeOptions {
        access: Access::ReadOnly,
        gc: true,
    };
    let node = Node::open(folder.path(), reading.clone()).await.unwrap();
    let beside = Node::open(folder.path(), reading).await;
    assert_eq!(pins(&node).len(), 1);
    let hold = node.store().hold();
    assert!(node.store().put(&hold, vec![block("one")]).await.is_err());
    let error = Node::open(folder.path(), NodeOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, NodeError::Repo(RepoError::Locked { .. })));
    drop(beside);
}

#[tokio::test]
async fn a_collection_keeps_what_others_keep() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path()).await;
    let node = open(folder.path()).await;
    let (kept, lost) = (block("kept"), block("lost"));
    let hold = node.store().hold();
    node.store()
        .put(&hold, vec![kept.clone(), lost.clone()])
        .await
        .unwrap();
    drop(hold);
    let root = kept.cid.clone();
    node.keep(std::sync::Arc::new(move || {
        Ok(vec![Root {
            cid: root.clone(),
            recursive: true,
        }])
    }));
    let mut running = node.collect();
    let mut removed = Vec::new();
    while let Some(cid) = running.next().await {
        removed.push(cid);
    }
    assert_eq!(running.finish().await.unwrap().blocks, 1);
    assert_eq!(removed, std::slice::from_ref(&lost.cid));
    assert!(node.store().has_blocking(kept.cid.hash()).unwrap());
}

#[tokio::test]
async fn rows_of_another_store_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    init(&a).await;
    init(&b).await;
    std::fs::copy(b.join("rows.sqlite"), a.join("rows.sqlite")).unwrap();
    let error = Node::open(&a, NodeOptions::default()).await.unwrap_err();
    assert!(
        matches!(error, NodeError::Rows(RowError::Other { .. })),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("repo repair"));
    Repo::repair(&a).await.unwrap();
    let node = open(&a).await;
    assert_eq!(pins(&node).len(), 1);
    assert_eq!(node.collect().finish().await.unwrap().blocks, 0);
}

#[tokio::test]
async fn tasks_stop_with_the_node() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path()).await;
    let node = Node::open(
        folder.path(),
        NodeOptions {
            gc: true,
            ..NodeOptions::default()
        },
    )
    .await
    .unwrap();
    let (ended, end) = tokio::sync::oneshot::channel();
    node.tasks().spawn("test", |stop| async move {
        stop.cancelled().await;
        ended.send(()).unwrap();
    });
    let stopping = node.stopping();
    assert!(!stopping.is_cancelled());
    node.shutdown().await.unwrap();
    end.await.unwrap();
    assert!(stopping.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_task_that_hangs_does_not_hold_the_shutdown_up() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path()).await;
    let node = open(folder.path()).await;
    node.tasks().spawn("stuck", |_| std::future::pending());
    let start = tokio::time::Instant::now();
    let error = node.shutdown().await.unwrap_err();
    assert!(
        matches!(
            error,
            NodeError::Slow {
                part: "the tasks",
                ..
            }
        ),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));
    // The parts are closed all the same.
    assert!(node.rows().pin_count().is_err());
    open(folder.path()).await;
}

#[tokio::test]
async fn import_settings_reach_imports() {
    let folder = tempfile::tempdir().unwrap();
    let options = InitOptions {
        profile: Some("unixfs-v1-2025".into()),
        ..InitOptions::default()
    };
    Repo::init(folder.path(), &options).await.unwrap();
    let node = open(folder.path()).await;
    let defaults = node.import_options();
    assert_eq!(defaults.cid_version, Some(1));
    assert_eq!(defaults.chunker.as_deref(), Some("size-1048576"));
    assert_eq!(defaults.hamt_threshold, Some(256 << 10));
    assert_eq!(defaults.trickle, Some(false));
}
