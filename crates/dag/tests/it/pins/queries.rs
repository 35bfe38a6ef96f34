//! States, listings and verification.

use std::collections::BTreeSet;

use cairn_dag::pin::{PinKind, PinState, Query};
use cairn_primitives::{Cid, Multihash};
use cairn_store::BlockWriter as _;
use cairn_store::meta::{Pin, PinMode, PinOwner, PinRows as _};

use super::node;
use crate::support::{BuiltNode, absent, inline};

#[tokio::test]
async fn states_tell_why() {
    let node = node().await;
    let leaf = node.dag.raw(b"leaf");
    let inner = node.dag.node(
        vec![
            ("leaf", &leaf),
            (
                "in",
                &BuiltNode {
                    cid: inline(b"in"),
                    tree: 2,
                    content: 2,
                },
            ),
        ],
        None,
    );
    let root = node.dag.node(vec![("inner", &inner)], None);
    assert_eq!(
        node.state(PinKind::All, &leaf.cid).await,
        PinState::NotPinned
    );
    node.pin(&root.cid, PinMode::Recursive, "r").await.unwrap();
    let recursive = PinState::Pinned {
        mode: PinMode::Recursive,
        name: "r".to_owned(),
    };
    assert_eq!(node.state(PinKind::All, &root.cid).await, recursive);
    assert_eq!(
        node.state(PinKind::Direct, &root.cid).await,
        PinState::NotPinned
    );
    assert_eq!(
        node.state(PinKind::Indirect, &root.cid).await,
        PinState::NotPinned
    );
    let indirect = PinState::Indirect {
        via: root.cid.clone(),
    };
    for cid in [&leaf.cid, &inner.cid, &inline(b"in")] {
        assert_eq!(node.state(PinKind::All, cid).await, indirect);
        assert_eq!(
            node.state(PinKind::Recursive, cid).await,
            PinState::NotPinned
        );
    }
    node.pin(&leaf.cid, PinMode::Direct, "").await.unwrap();
    assert_eq!(
        node.state(PinKind::All, &leaf.cid).await.to_string(),
        "pinned: direct"
    );
    assert_eq!(node.state(PinKind::Indirect, &leaf.cid).await, indirect);
    assert_eq!(indirect.to_string(), format!("pinned via {}", root.cid));
    let many = node
        .pinner
        .state(
            PinKind::All,
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
    let unknown = "zz".parse::<PinKind>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "unknown pin type \"zz\": expected direct, indirect, recursive or all"
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
    let all = node.list(PinKind::All, "");
    let kinds: Vec<_> = all.iter().map(|row| row.2).collect();
    assert_eq!(
        kinds,
        ["recursive", "recursive", "direct", "indirect", "indirect"]
    );
    let indirect: BTreeSet<_> = node
        .list(PinKind::Indirect, "")
        .into_iter()
        .map(|row| row.0)
        .collect();
    assert_eq!(
        indirect,
        BTreeSet::from([leaf.cid.to_string(), shared.cid.to_string()])
    );
    assert_eq!(node.list(PinKind::All, "two").len(), 1);
    assert_eq!(node.list(PinKind::All, "o").len(), 3);
    assert_eq!(node.list(PinKind::Indirect, "o").len(), 0);
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
        owner: PinOwner::User,
    });
    node.rows
        .change_pins(pins.map(cairn_store::meta::PinChange::Set).collect())
        .await
        .unwrap();
    let mut listing = node.pinner.list(Query {
        kind: PinKind::Recursive,
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
async fn verification_names_what_is_bad() {
    let node = node().await;
    let leaves: Vec<BuiltNode> = (0..4u8).map(|n| node.dag.raw(&[n])).collect();
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
