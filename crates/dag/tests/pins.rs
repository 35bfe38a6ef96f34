//! Pins and collection.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use cairn_dag::gc::{self, CollectError, Running};
use cairn_dag::pin::{Kind, PinError, PinState, Progress, Query};
use cairn_dag::{Blocks, Pinner};
use cairn_primitives::{Cid, Multihash};
use cairn_store::block::Collected;
use cairn_store::meta::{MemoryRows, Pin, PinMode, Rows};
use cairn_store::{BlockError, BlockSource, BlockStore};
use futures_util::future::BoxFuture;
use support::{Dag, Made, absent, inline};
use tokio::sync::Semaphore;

struct Node {
    dag: Dag,
    rows: Arc<MemoryRows>,
    pinner: Pinner,
}

async fn node() -> Node {
    let dag = Dag::new();
    let rows = Arc::new(MemoryRows::new());
    rows.bind(&dag.store.id()).await.unwrap();
    let pinner = Pinner::new(dag.store.clone(), rows.clone());
    Node { dag, rows, pinner }
}

impl Node {
    async fn pin(&self, cid: &Cid, mode: PinMode, name: &str) -> Result<(), PinError> {
        self.pinner
            .add(&self.dag.blocks(), cid, mode, name, None)
            .await
    }

    fn list(&self, kind: Kind, name: &str) -> Vec<(String, String, &'static str)> {
        let mut rows = Vec::new();
        let query = Query {
            kind,
            name_contains: name.to_owned(),
        };
        self.pinner
            .list_blocking(&query, &mut |pin| {
                rows.push((pin.cid().to_string(), pin.name().to_owned(), pin.kind()));
                true
            })
            .unwrap();
        rows
    }

    async fn state(&self, kind: Kind, cid: &Cid) -> PinState {
        self.pinner
            .state(kind, vec![cid.clone()])
            .await
            .unwrap()
            .remove(0)
    }

    fn collect(&self) -> Collected {
        collect(&self.dag, &*self.rows).unwrap()
    }
}

fn collect(dag: &Dag, rows: &dyn Rows) -> Result<Collected, CollectError> {
    gc::collect(
        &*dag.store,
        rows,
        &|| Ok(Vec::new()),
        &AtomicBool::new(false),
        &mut |_| (),
    )
}

fn has(dag: &Dag, made: &Made) -> bool {
    dag.store.has(made.cid.hash()).unwrap()
}

#[tokio::test]
async fn pins_are_added_renamed_and_removed() {
    let node = node().await;
    let (one, two) = (
        node.dag.file(b"pin one", &[]),
        node.dag.file(b"pin two", &[]),
    );
    let root = node.dag.dir(&[("1", &one), ("2", &two)]);
    let progress = Progress::default();
    node.pinner
        .add(
            &node.dag.blocks(),
            &root.cid,
            PinMode::Recursive,
            "",
            Some(&progress),
        )
        .await
        .unwrap();
    assert_eq!((progress.nodes(), progress.bytes()), (3, root.tree));
    node.pin(&root.cid, PinMode::Recursive, "again")
        .await
        .unwrap();
    assert_eq!(
        node.list(Kind::Recursive, ""),
        [(root.cid.to_string(), "again".to_owned(), "recursive")]
    );
    node.pin(&root.cid, PinMode::Recursive, "").await.unwrap();
    assert_eq!(node.list(Kind::All, "").len(), 3);
    let conflict = node.pin(&root.cid, PinMode::Direct, "").await.unwrap_err();
    assert_eq!(
        conflict.to_string(),
        format!("pin: {} already pinned recursively", root.cid)
    );
    let refused = node.pinner.remove(&root.cid, false).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("{} is pinned recursively", root.cid)
    );
    let indirect = node.pinner.remove(&one.cid, true).await.unwrap_err();
    assert_eq!(indirect.to_string(), "not pinned or pinned indirectly");
    node.pinner.remove(&root.cid, true).await.unwrap();
    assert!(matches!(
        node.pinner.remove(&root.cid, true).await,
        Err(PinError::NotPinned)
    ));
    node.pin(&root.cid, PinMode::Direct, "d").await.unwrap();
    assert_eq!(
        node.list(Kind::All, ""),
        [(root.cid.to_string(), "d".to_owned(), "direct")]
    );
    node.pin(&root.cid, PinMode::Recursive, "r").await.unwrap();
    assert_eq!(node.list(Kind::Direct, "").len(), 0);
    node.pinner.remove(&root.cid, true).await.unwrap();
    node.pin(&root.cid, PinMode::Direct, "").await.unwrap();
    node.pinner.remove(&root.cid, false).await.unwrap();
    let long = node
        .pin(&root.cid, PinMode::Direct, &"n".repeat(256))
        .await
        .unwrap_err();
    assert_eq!(long.to_string(), "pin name is 256 bytes (max 255 bytes)");
    node.pin(&root.cid, PinMode::Direct, &"n".repeat(255))
        .await
        .unwrap();
    let inlined = Progress::default();
    node.pinner
        .add(
            &node.dag.blocks(),
            &inline(b"hello world\n"),
            PinMode::Recursive,
            "",
            Some(&inlined),
        )
        .await
        .unwrap();
    assert_eq!((inlined.nodes(), inlined.bytes()), (1, 12));
}

#[tokio::test]
async fn what_is_absent_cannot_be_pinned() {
    let node = node().await;
    let missing = Made {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    let root = node.dag.node(vec![("a", &missing)], None);
    let text = format!(
        "pin: block was not found locally (offline): ipld: could not find {}",
        absent()
    );
    for (cid, mode) in [
        (absent(), PinMode::Recursive),
        (absent(), PinMode::Direct),
        (root.cid.clone(), PinMode::Recursive),
    ] {
        assert_eq!(
            node.pin(&cid, mode, "").await.unwrap_err().to_string(),
            text
        );
    }
    assert_eq!(node.rows.pin_count().unwrap(), 0);
    node.pin(&root.cid, PinMode::Direct, "").await.unwrap();
}

#[tokio::test]
async fn states_tell_why() {
    let node = node().await;
    let leaf = node.dag.raw(b"leaf");
    let inner = node.dag.node(
        vec![
            ("leaf", &leaf),
            (
                "in",
                &Made {
                    cid: inline(b"in"),
                    tree: 2,
                    content: 2,
                },
            ),
        ],
        None,
    );
    let root = node.dag.node(vec![("inner", &inner)], None);
    assert_eq!(node.state(Kind::All, &leaf.cid).await, PinState::NotPinned);
    node.pin(&root.cid, PinMode::Recursive, "r").await.unwrap();
    let recursive = PinState::Pinned {
        mode: PinMode::Recursive,
        name: "r".to_owned(),
    };
    assert_eq!(node.state(Kind::All, &root.cid).await, recursive);
    assert_eq!(
        node.state(Kind::Direct, &root.cid).await,
        PinState::NotPinned
    );
    assert_eq!(
        node.state(Kind::Indirect, &root.cid).await,
        PinState::NotPinned
    );
    let indirect = PinState::Indirect {
        via: root.cid.clone(),
    };
    for cid in [&leaf.cid, &inner.cid, &inline(b"in")] {
        assert_eq!(node.state(Kind::All, cid).await, indirect);
        assert_eq!(node.state(Kind::Recursive, cid).await, PinState::NotPinned);
    }
    node.pin(&leaf.cid, PinMode::Direct, "").await.unwrap();
    assert_eq!(
        node.state(Kind::All, &leaf.cid).await.to_string(),
        "pinned: direct"
    );
    assert_eq!(node.state(Kind::Indirect, &leaf.cid).await, indirect);
    assert_eq!(indirect.to_string(), format!("pinned via {}", root.cid));
    let many = node
        .pinner
        .state(
            Kind::All,
            vec![
                absent(),
                root.cid.clone(),
                inner.cid.clone(),
                inner.cid.clone(),
            ],
        )
        .await
        .unwrap();
    assert_eq!(
        many,
        [PinState::NotPinned, recursive, indirect.clone(), indirect]
    );
    let unknown = "zz".parse::<Kind>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "invalid type 'zz', must be one of {direct, indirect, recursive, all}"
    );
}

#[tokio::test]
async fn listings_are_in_order_and_name_each_block_once() {
    let node = node().await;
    let leaf = node.dag.raw(b"leaf");
    let direct = node.dag.raw(b"direct");
    let shared = node.dag.node(vec![("a", &leaf), ("b", &direct)], None);
    let roots = [
        node.dag.node(vec![("x", &shared)], None),
        node.dag.node(vec![("y", &shared), ("z", &leaf)], None),
    ];
    for (made, name) in roots.iter().zip(["one", "two"]) {
        node.pin(&made.cid, PinMode::Recursive, name).await.unwrap();
    }
    node.pin(&direct.cid, PinMode::Direct, "on its own")
        .await
        .unwrap();
    let all = node.list(Kind::All, "");
    let kinds: Vec<_> = all.iter().map(|row| row.2).collect();
    assert_eq!(
        kinds,
        ["recursive", "recursive", "direct", "indirect", "indirect"]
    );
    let indirect: BTreeSet<_> = node
        .list(Kind::Indirect, "")
        .into_iter()
        .map(|row| row.0)
        .collect();
    assert_eq!(
        indirect,
        BTreeSet::from([leaf.cid.to_string(), shared.cid.to_string()])
    );
    assert_eq!(node.list(Kind::All, "two").len(), 1);
    assert_eq!(node.list(Kind::All, "o").len(), 3);
    assert_eq!(node.list(Kind::Indirect, "o").len(), 0);
    let mut listing = node.pinner.list(Query::default());
    let mut count = 0;
    while let Some(pin) = listing.next().await {
        pin.unwrap();
        count += 1;
    }
    assert_eq!(count, 5);
}

#[tokio::test]
async fn long_listings_stream_and_stop_when_nobody_reads() {
    let node = node().await;
    let pins = (0..50_000u32).map(|n| Pin {
        cid: Cid::v1(
            cairn_primitives::Codec::RAW,
            Multihash::sha2_256(&n.to_le_bytes()),
        ),
        mode: PinMode::Recursive,
        name: String::new(),
    });
    node.rows
        .change_pins(pins.map(cairn_store::meta::PinChange::Set).collect())
        .await
        .unwrap();
    let mut listing = node.pinner.list(Query {
        kind: Kind::Recursive,
        ..Query::default()
    });
    let mut before: Option<Vec<u8>> = None;
    let mut count = 0;
    while let Some(pin) = listing.next().await {
        let bytes = pin.unwrap().cid().to_bytes();
        assert!(before.is_none_or(|before| before < bytes));
        before = Some(bytes);
        count += 1;
    }
    assert_eq!(count, 50_000);
    let mut listing = node.pinner.list(Query::default());
    listing.next().await.unwrap().unwrap();
    drop(listing);
    // A runtime waits for its blocking threads when it ends: this test would hang if that one did not stop.
}

#[tokio::test]
async fn updates_move_the_name() {
    let node = node().await;
    let common = node.dag.chain(50);
    let missing = Made {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    let (new_leaf, old_leaf) = (node.dag.raw(b"new"), node.dag.raw(b"old"));
    let old = node.dag.node(vec![("c", &common), ("d", &old_leaf)], None);
    let new = node.dag.node(vec![("c", &common), ("d", &new_leaf)], None);
    let broken = node.dag.node(vec![("c", &common), ("d", &missing)], None);
    let update = async |from: &Made, to: &Made, unpin| {
        node.pinner
            .update(&node.dag.blocks(), &from.cid, &to.cid, unpin)
            .await
    };
    assert_eq!(
        update(&old, &new, true).await.unwrap_err().to_string(),
        "'from' cid was not recursively pinned already"
    );
    node.pin(&old.cid, PinMode::Recursive, "name")
        .await
        .unwrap();
    update(&old, &old, true).await.unwrap();
    assert!(
        update(&old, &broken, true)
            .await
            .unwrap_err()
            .to_string()
            .starts_with("block was not found locally (offline)")
    );
    update(&old, &new, true).await.unwrap();
    assert_eq!(
        node.list(Kind::Recursive, ""),
        [(new.cid.to_string(), "name".to_owned(), "recursive")]
    );
    update(&new, &old, false).await.unwrap();
    assert_eq!(node.list(Kind::Recursive, "").len(), 2);
    assert_eq!(
        update(&old, &new, true).await.unwrap_err().to_string(),
        "'to' cid was already recursively pinned"
    );
    node.pinner.remove(&new.cid, true).await.unwrap();
    drop(node.dag.hold.clone());
}

#[tokio::test]
async fn blocks_are_removed_unless_pinned() {
    let node = node().await;
    let leaf = node.dag.raw(b"leaf");
    let root = node.dag.node(vec![("leaf", &leaf)], None);
    node.pin(&root.cid, PinMode::Recursive, "").await.unwrap();
    let message = async |cid: &Cid, force| {
        node.pinner
            .remove_block(cid, force)
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(message(&root.cid, true).await, "pinned: recursive");
    assert_eq!(
        message(&leaf.cid, false).await,
        format!("pinned via {}", root.cid)
    );
    node.pinner.remove(&root.cid, true).await.unwrap();
    node.pinner.remove_block(&root.cid, false).await.unwrap();
    assert_eq!(
        message(&root.cid, false).await,
        format!("ipld: could not find {}", root.cid)
    );
    node.pinner.remove_block(&root.cid, true).await.unwrap();
    assert!(has(&node.dag, &leaf) && !has(&node.dag, &root));
}

#[tokio::test]
async fn verification_names_what_is_bad() {
    let node = node().await;
    let leaves: Vec<Made> = (0..4u8).map(|n| node.dag.raw(&[n])).collect();
    let shared = node
        .dag
        .node(vec![("a", &leaves[0]), ("b", &leaves[1])], None);
    let bad = [
        node.dag.node(vec![("s", &shared), ("t", &shared)], None),
        node.dag.node(vec![("u", &shared), ("c", &leaves[2])], None),
    ];
    let good = node
        .dag
        .node(vec![("c", &leaves[2]), ("d", &leaves[3])], None);
    for made in bad.iter().chain([&good]) {
        node.pin(&made.cid, PinMode::Recursive, "").await.unwrap();
    }
    let check = || {
        let mut statuses = Vec::new();
        node.pinner
            .verify_blocking(&mut |status| {
                statuses.push(status);
                true
            })
            .unwrap();
        statuses
    };
    assert!(check().iter().all(cairn_dag::pin::PinStatus::ok));
    node.dag
        .store
        .remove(std::slice::from_ref(leaves[1].cid.hash()))
        .await
        .unwrap();
    let statuses = check();
    assert_eq!(statuses.len(), 3);
    for status in statuses {
        let broken = bad.iter().any(|made| made.cid == status.cid);
        assert_eq!(
            status.bad.iter().map(|bad| &bad.cid).collect::<Vec<_>>(),
            [&leaves[1].cid; 1][..usize::from(broken)].to_vec()
        );
        assert_eq!(status.ok(), !broken);
    }
}

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
    let mut running = Running::start(
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

/// A source whose blocks come one by one, as they are let through.
struct Gate {
    dag: Dag,
    let_through: Semaphore,
    asked: Semaphore,
}

impl BlockSource for Gate {
    fn fetch<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<Option<Bytes>, BlockError>> {
        Box::pin(async move {
            self.asked.add_permits(1);
            self.let_through.acquire().await.unwrap().forget();
            self.dag.store.get(cid.hash())
        })
    }
}

fn gate(dag: Dag) -> Arc<Gate> {
    Arc::new(Gate {
        dag,
        let_through: Semaphore::new(0),
        asked: Semaphore::new(0),
    })
}

/// A pin under way: `present` blocks are here, the others come through the gate.
async fn pin_under_way(
    node: &Node,
    source: &Arc<Gate>,
    root: &Made,
) -> tokio::task::JoinHandle<Result<(), PinError>> {
    let blocks = Blocks::online(node.dag.store.clone(), source.clone());
    let (pinner, cid) = (node.pinner.clone(), root.cid.clone());
    let pin = tokio::spawn(async move {
        pinner
            .add(&blocks, &cid, PinMode::Recursive, "", None)
            .await
    });
    source.asked.acquire().await.unwrap().forget();
    pin
}

/// Two nodes with the same DAG, of which the first lacks the last leaf.
async fn lacking() -> (Node, Arc<Gate>, Made, Vec<Made>) {
    let mut here = node().await;
    let there = Dag::new();
    let make = |dag: &Dag| {
        let leaves: Vec<Made> = (0..20u8).map(|n| dag.raw(&[n; 9])).collect();
        let root = dag.node_of(
            leaves
                .iter()
                .enumerate()
                .map(|(n, leaf)| (format!("{n:02}"), leaf.clone()))
                .collect(),
            None,
        );
        (root, leaves)
    };
    let (root, leaves) = make(&there);
    make(&here.dag);
    here.dag
        .store
        .remove(std::slice::from_ref(leaves[19].cid.hash()))
        .await
        .unwrap();
    here.dag.hold = here.dag.store.hold();
    (here, gate(there), root, leaves)
}

#[tokio::test]
async fn a_collection_beside_a_pin_takes_nothing_of_it() {
    let (node, source, root, leaves) = lacking().await;
    let loose = node.dag.raw(b"loose");
    let mut node = node;
    let pin = pin_under_way(&node, &source, &root).await;
    node.dag.hold = node.dag.store.hold();
    // The pin has touched what is here and waits for the last block.
    node.collect();
    source.let_through.add_permits(1);
    pin.await.unwrap().unwrap();
    node.collect();
    assert!(
        leaves
            .iter()
            .chain([&root])
            .all(|made| has(&node.dag, made))
    );
    assert!(matches!(
        node.state(Kind::All, &leaves[19].cid).await,
        PinState::Indirect { .. }
    ));
    // What began while the pin's hold lived waits for a later collection.
    let _ = has(&node.dag, &loose);
    node.pinner.remove(&root.cid, true).await.unwrap();
    node.dag.hold = node.dag.store.hold();
    node.collect();
    assert_eq!(node.dag.store.stat().unwrap().blocks, 0);
}

#[tokio::test]
async fn a_dropped_pin_leaves_no_row() {
    let (node, source, root, _) = lacking().await;
    let pin = pin_under_way(&node, &source, &root).await;
    pin.abort();
    assert!(pin.await.unwrap_err().is_cancelled());
    assert_eq!(node.rows.pin_count().unwrap(), 0);
    node.collect();
    assert_eq!(node.dag.store.stat().unwrap().blocks, 0);
}

#[tokio::test]
async fn a_block_removed_behind_a_pin_is_fetched_again() {
    let (node, source, root, leaves) = lacking().await;
    let pin = pin_under_way(&node, &source, &root).await;
    node.pinner
        .remove_block(&leaves[0].cid, false)
        .await
        .unwrap();
    source.let_through.add_permits(2);
    pin.await.unwrap().unwrap();
    assert!(has(&node.dag, &leaves[0]));
    assert_eq!(
        node.pinner
            .remove_block(&leaves[0].cid, true)
            .await
            .unwrap_err()
            .to_string(),
        format!("pinned via {}", root.cid)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pins_and_collections_race() {
    let node = Arc::new(node().await);
    let stop = Arc::new(AtomicBool::new(false));
    let collector = {
        let (node, stop) = (node.clone(), stop.clone());
        tokio::task::spawn_blocking(move || {
            let mut taken = 0;
            while !stop.load(Ordering::Relaxed) {
                taken += node.collect().blocks;
            }
            taken
        })
    };
    let workers = (0..2u8).map(|worker| {
        let node = node.clone();
        tokio::spawn(async move {
            for round in 0..200u8 {
                // As an import does: a hold, blocks, a pin; and a second pin that finds its blocks present.
                let dag = Dag {
                    store: node.dag.store.clone(),
                    hold: node.dag.store.hold(),
                };
                let leaves: Vec<Made> = (0..5).map(|n| dag.raw(&[worker, round, n])).collect();
                let root = dag.node(leaves.iter().map(|leaf| ("", leaf)).collect(), None);
                let pin = Pin {
                    cid: root.cid.clone(),
                    mode: PinMode::Recursive,
                    name: String::new(),
                };
                node.pinner.add_held(&dag.hold, vec![pin]).await.unwrap();
                drop(dag);
                let above = {
                    let dag = Dag {
                        store: node.dag.store.clone(),
                        hold: node.dag.store.hold(),
                    };
                    let above = dag.node(vec![("below", &root)], None);
                    node.pinner
                        .update(&dag.blocks(), &root.cid, &above.cid, true)
                        .await
                        .unwrap();
                    above
                };
                assert!(
                    leaves
                        .iter()
                        .chain([&root, &above])
                        .all(|made| has(&node.dag, made)),
                    "{round}"
                );
                if round % 2 == 0 {
                    node.pinner.remove(&above.cid, true).await.unwrap();
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    collector.await.unwrap();
    assert!(node.list(Kind::Recursive, "").len() == 200);
    let mut bad = 0;
    node.pinner
        .verify_blocking(&mut |status| {
            bad += status.bad.len();
            true
        })
        .unwrap();
    assert_eq!(bad, 0);
}

#[tokio::test]
async fn wide_and_deep_dags_are_walked_once() {
    let mut node = node().await;
    let diamonds = node.dag.diamonds(1000);
    let progress = Progress::default();
    node.pinner
        .add(
            &node.dag.blocks(),
            &diamonds.cid,
            PinMode::Recursive,
            "",
            Some(&progress),
        )
        .await
        .unwrap();
    assert_eq!(progress.nodes(), 1001);
    let chain = node.dag.chain(100_000);
    node.pin(&chain.cid, PinMode::Recursive, "").await.unwrap();
    let end = node.dag.raw(b"the end");
    assert_eq!(
        node.state(Kind::All, &end.cid).await,
        PinState::Indirect {
            via: chain.cid.clone()
        }
    );
    let mut listed = 0;
    node.pinner
        .list_blocking(&Query::default(), &mut |_| {
            listed += 1;
            true
        })
        .unwrap();
    assert_eq!(listed, 1001 + 100_001);
    node.pinner
        .verify_blocking(&mut |status| status.ok())
        .unwrap();
    node.dag.hold = node.dag.store.hold();
    assert_eq!(node.collect().blocks, 0);
    node.pinner.remove(&chain.cid, true).await.unwrap();
    assert_eq!(node.collect().blocks, 100_001);
}

#[test]
fn pins_can_be_made_on_other_threads() {
    fn send<T: Send>(_: T) {}
    let dag = Dag::new();
    let pinner = Pinner::new(dag.store.clone(), Arc::new(MemoryRows::new()));
    let (blocks, cid) = (dag.blocks(), absent());
    send(pinner.add(&blocks, &cid, PinMode::Recursive, "", None));
    send(pinner.update(&blocks, &cid, &cid, true));
    send(pinner.add_held(&dag.hold, Vec::new()));
    send(pinner.remove(&cid, true));
    send(pinner.remove_block(&cid, true));
    send(pinner.state(Kind::All, Vec::new()));
}
