//! Pins of what was just written.

use cairn_dag::pin::{Below, PinError};
use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::BlockWriter as _;
use cairn_store::meta::{PinMode, PinOwner, PinRows as _};

use super::{PinKind, has, node};
use crate::support::BuiltNode;

const MISSING: &[u8] = b"missing";

/// An absent block.
fn missing() -> BuiltNode {
    BuiltNode {
        cid: Cid::v1(Codec::RAW, Multihash::sha2_256(MISSING)),
        tree: 1,
        content: 0,
    }
}

#[tokio::test]
async fn a_node_with_absent_links_is_pinned_with_what_is_here() {
    let mut node = node().await;
    let leaves: Vec<BuiltNode> = (0..3u8).map(|leaf| node.dag.raw(&[leaf])).collect();
    // The link that leads nowhere comes first.
    let below = node
        .dag
        .node(vec![("0", &missing()), ("1", &leaves[1])], None);
    let root = node.dag.node(
        vec![("a", &leaves[0]), ("b", &below), ("c", &leaves[2])],
        None,
    );
    let roots = [root.cid.clone()];
    // Without a hold, a pin is of what is here whole.
    let refused = node.pin(&root.cid, PinMode::Recursive, "").await;
    assert!(matches!(refused, Err(PinError::Incomplete(_))));
    assert!(node.rows.pin(&root.cid, PinOwner::User).unwrap().is_none());
    node.pinner
        .add_written(&node.dag.hold, &roots, "name", Below::Unknown)
        .await
        .unwrap();
    assert_eq!(
        node.list(PinKind::Recursive, ""),
        [(root.cid.to_string(), "name".to_owned(), "recursive")]
    );
    let unpinned = node.dag.raw(b"unpinned");
    node.dag.hold = node.dag.store.hold();
    // A collection takes nothing while a block below a pin is missing.
    assert!(super::collect(&node.dag, &*node.rows).is_err());
    node.dag.raw(MISSING);
    node.collect();
    assert!(!has(&node.dag, &unpinned));
    for made in leaves.iter().chain([&below, &root]) {
        assert!(has(&node.dag, made));
    }
}

#[tokio::test]
async fn a_block_that_cannot_be_decoded_is_not_pinned() {
    let node = node().await;
    let cid = Cid::v1(Codec::DAG_PB, Multihash::sha2_256(b"no node"));
    node.dag.put(cid.clone(), b"no node".to_vec());
    let roots = [cid.clone()];
    let refused = node
        .pinner
        .add_written(&node.dag.hold, &roots, "", Below::Unknown)
        .await;
    // No collection could tell what the pin keeps.
    assert!(matches!(refused, Err(PinError::Incomplete(_))));
    assert!(node.rows.pin(&cid, PinOwner::User).unwrap().is_none());
}

#[tokio::test]
async fn pins_of_held_roots_commit_together() {
    let node = node().await;
    let roots = [node.dag.raw(b"one").cid, node.dag.raw(b"two").cid];
    let long = "n".repeat(256);
    for (name, made) in [(long.as_str(), 0), ("name", 2)] {
        let pinned = node
            .pinner
            .add_written(&node.dag.hold, &roots, name, Below::Held)
            .await;
        assert_eq!(pinned.is_ok(), made > 0);
        assert_eq!(node.list(PinKind::Recursive, "name").len(), made);
    }
}
