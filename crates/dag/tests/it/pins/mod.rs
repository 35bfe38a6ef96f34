//! Pins and collection.

mod changes;
mod collections;
mod owners;
mod queries;
mod races;
mod written;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cairn_dag::gc::CollectError;
use cairn_dag::pin::{Below, PinError, PinKind, PinState, Progress, Query};
use cairn_dag::{Pinner, gc};
use cairn_primitives::Cid;
use cairn_store::BlockStore;
use cairn_store::block::Collected;
use cairn_store::meta::{MemoryRows, PinMode, Rows};
use cairn_store::{BlockReader as _, BlockWriter as _};

use crate::support::{BuiltNode, Dag, absent};

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

    fn list(&self, kind: PinKind, name: &str) -> Vec<(String, String, &'static str)> {
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

    async fn state(&self, kind: PinKind, cid: &Cid) -> PinState {
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

fn has(dag: &Dag, made: &BuiltNode) -> bool {
    dag.store.has_blocking(made.cid.hash()).unwrap()
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
        node.state(PinKind::All, &end.cid).await,
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
    send(pinner.add_written(&dag.hold, &[], "", Below::Unknown));
    send(pinner.remove(&cid, true));
    send(pinner.remove_block(&cid, true));
    send(pinner.state(PinKind::All, Vec::new()));
}
