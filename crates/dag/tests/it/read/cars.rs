//! DAGs as CARs.

use bytes::Bytes;
use cairn_dag::Blocks;
use cairn_dag::export::Car;
use cairn_primitives::Multihash;
use futures_util::TryStreamExt as _;

use super::{export, nobody, read_car};
use crate::support::{BuiltNode, Dag, absent, counter, inline};

#[tokio::test]
async fn cars_are_byte_for_byte_kubos() {
    let dag = Dag::new();
    let root = dag.recorded();
    let car = export(&dag.blocks(), &root.cid).await;
    assert_eq!(
        data_encoding::HEXLOWER.encode(&car.header),
        "a265726f6f747381d82a582300122056291b8438b85c441c3b2a6e0119a5e2636183a9044f4e19630e4e8f1c22fe926776657273696f6e01"
    );
    let sections = car.blocks.iter().map(|(cid, data)| {
        let mut section = cid.to_bytes();
        section.extend_from_slice(data);
        let digest = data_encoding::HEXLOWER.encode(Multihash::sha2_256(&section).digest());
        format!("{}:{}", &digest[..32], section.len())
    });
    assert_eq!(
        sections.collect::<Vec<_>>(),
        [
            "238003b7218d705aee99c221cb796fbe:226",
            "39937c136643fe618b524ab789a71b4d:49",
            "e54f55fdd6f6e2b97daec278c05e8180:1045",
            "b4ba90e9bb8f5bcd9bdf58d7b43014c6:40",
            "3127fca91564b4db81e2112cc63246f3:131",
            "cf793a0d4b30846a4928ddfdfc2afd51:49",
            "19f19f5a73aff39c4b1b373023895b1a:87",
            "4579470c4d2b54613c27735742847500:49",
        ]
    );
}

#[tokio::test]
async fn cars_hold_every_block_once() {
    let dag = Dag::new();
    let root = dag.diamonds(60);
    assert_eq!(export(&dag.blocks(), &root.cid).await.blocks.len(), 61);
    let inlined = BuiltNode {
        cid: inline(b"in"),
        tree: 2,
        content: 2,
    };
    let leaf = dag.raw(&counter("big", 100_000));
    let one = dag.node(vec![("a", &leaf), ("b", &inlined), ("c", &leaf)], None);
    let root = dag.node(vec![("a", &inlined), ("b", &one), ("c", &leaf)], None);
    for blocks in [dag.blocks(), Blocks::online(dag.store.clone(), nobody())] {
        let cids: Vec<_> = export(&blocks, &root.cid)
            .await
            .blocks
            .into_iter()
            .map(|(cid, _)| cid)
            .collect();
        assert_eq!(
            cids,
            [
                root.cid.clone(),
                inline(b"in"),
                one.cid.clone(),
                leaf.cid.clone()
            ]
        );
    }
}

#[tokio::test]
async fn cars_fail_before_the_first_byte_or_with_the_block() {
    let dag = Dag::new();
    let error = Car::open(&dag.blocks(), &absent(), false)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "block {} was not found locally, and this node is offline",
            absent()
        )
    );
    let missing = BuiltNode {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    let leaf = dag.raw(b"leaf");
    let root = dag.node(vec![("a", &missing), ("b", &leaf)], None);
    let car = Car::open(&dag.blocks(), &root.cid, false).await.unwrap();
    let error = car
        .into_stream()
        .try_collect::<Vec<Bytes>>()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("cannot read block {}", absent())),
        "{error}"
    );
    let car = Car::open(&dag.blocks(), &root.cid, true).await.unwrap();
    let partial = read_car(
        &car.into_stream()
            .try_collect::<Vec<Bytes>>()
            .await
            .unwrap()
            .concat(),
    );
    assert_eq!(
        partial
            .blocks
            .into_iter()
            .map(|(cid, _)| cid)
            .collect::<Vec<_>>(),
        [root.cid, leaf.cid]
    );
}
