//! Pins beside collections and removals.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn_dag::Blocks;
use cairn_dag::pin::{Below, PinError, PinKind, PinState};
use cairn_store::meta::{PinMode, PinRows as _};
use cairn_store::{BlockCollector as _, BlockWriter as _};

use super::{Node, has, node};
use crate::exchange::Remote;
use crate::support::{BuiltNode, Dag};

/// Peers whose blocks come one by one, as they are let through.
fn gate(dag: Dag) -> Arc<Remote> {
    Remote::new(dag.store, Duration::ZERO, false)
}

/// A pin under way: `present` blocks are here, the others come through the gate.
async fn pin_under_way(
    node: &Node,
    source: &Arc<Remote>,
    root: &BuiltNode,
) -> tokio::task::JoinHandle<Result<(), PinError>> {
    let blocks = Blocks::online(node.dag.store.clone(), source.clone());
    let (pinner, cid) = (node.pinner.clone(), root.cid.clone());
    let pin = tokio::spawn(async move {
        pinner
            .add(&blocks, &cid, PinMode::Recursive, "", None)
            .await
    });
    while source.in_flight.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    pin
}

/// Two nodes with the same DAG, of which the first lacks the last leaf.
async fn lacking() -> (Node, Arc<Remote>, BuiltNode, Vec<BuiltNode>) {
    let mut here = node().await;
    let there = Dag::new();
    let make = |dag: &Dag| {
        let leaves: Vec<BuiltNode> = (0..20u8).map(|n| dag.raw(&[n; 9])).collect();
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
    source.gate.add_permits(1);
    pin.await.unwrap().unwrap();
    node.collect();
    assert!(
        leaves
            .iter()
            .chain([&root])
            .all(|made| has(&node.dag, made))
    );
    assert!(matches!(
        node.state(PinKind::All, &leaves[19].cid).await,
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
    source.gate.add_permits(2);
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
                let leaves: Vec<BuiltNode> = (0..5).map(|n| dag.raw(&[worker, round, n])).collect();
                let root = dag.node(leaves.iter().map(|leaf| ("", leaf)).collect(), None);
                let roots = [root.cid.clone()];
                let pinned = node.pinner.add_written(&dag.hold, &roots, "", Below::Held);
                pinned.await.unwrap();
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
    assert!(node.list(PinKind::Recursive, "").len() == 200);
    let mut bad = 0;
    node.pinner
        .verify_blocking(&mut |status| {
            bad += status.bad.len();
            true
        })
        .unwrap();
    assert_eq!(bad, 0);
}
