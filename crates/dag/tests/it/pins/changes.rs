//! Adding, moving and removing of pins.

use cairn_dag::NodeError;
use cairn_dag::pin::{PinError, PinKind, Progress};
use cairn_primitives::Cid;
use cairn_store::meta::{PinMode, PinRows as _};

use super::{has, node};
use crate::support::{BuiltNode, absent, inline};

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
        node.list(PinKind::Recursive, ""),
        [(root.cid.to_string(), "again".to_owned(), "recursive")]
    );
    node.pin(&root.cid, PinMode::Recursive, "").await.unwrap();
    assert_eq!(node.list(PinKind::All, "").len(), 3);
    let conflict = node.pin(&root.cid, PinMode::Direct, "").await.unwrap_err();
    assert_eq!(
        conflict.to_string(),
        format!("{} is already pinned recursively", root.cid)
    );
    let refused = node.pinner.remove(&root.cid, false).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("{} is pinned recursively", root.cid)
    );
    let indirect = node.pinner.remove(&one.cid, true).await.unwrap_err();
    assert_eq!(indirect.to_string(), "not pinned, or only indirectly");
    node.pinner.remove(&root.cid, true).await.unwrap();
    assert!(matches!(
        node.pinner.remove(&root.cid, true).await,
        Err(PinError::NotPinned)
    ));
    node.pin(&root.cid, PinMode::Direct, "d").await.unwrap();
    assert_eq!(
        node.list(PinKind::All, ""),
        [(root.cid.to_string(), "d".to_owned(), "direct")]
    );
    node.pin(&root.cid, PinMode::Recursive, "r").await.unwrap();
    assert_eq!(node.list(PinKind::Direct, "").len(), 0);
    node.pinner.remove(&root.cid, true).await.unwrap();
    node.pin(&root.cid, PinMode::Direct, "").await.unwrap();
    node.pinner.remove(&root.cid, false).await.unwrap();
    let long = node
        .pin(&root.cid, PinMode::Direct, &"n".repeat(256))
        .await
        .unwrap_err();
    assert_eq!(
        long.to_string(),
        "the name of the pin has 256 bytes: at most 255 are allowed"
    );
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
    let missing = BuiltNode {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    let root = node.dag.node(vec![("a", &missing)], None);
    for (cid, mode) in [
        (absent(), PinMode::Recursive),
        (absent(), PinMode::Direct),
        (root.cid.clone(), PinMode::Recursive),
    ] {
        assert!(matches!(
            node.pin(&cid, mode, "").await,
            Err(PinError::Incomplete(NodeError::Fetch(error))) if error.is_not_found()
        ));
    }
    assert_eq!(node.rows.pin_count().unwrap(), 0);
    node.pin(&root.cid, PinMode::Direct, "").await.unwrap();
}

#[tokio::test]
async fn updates_move_the_name() {
    let node = node().await;
    let common = node.dag.chain(50);
    let missing = BuiltNode {
        cid: absent(),
        tree: 0,
        content: 0,
    };
    let (new_leaf, old_leaf) = (node.dag.raw(b"new"), node.dag.raw(b"old"));
    let old = node.dag.node(vec![("c", &common), ("d", &old_leaf)], None);
    let new = node.dag.node(vec![("c", &common), ("d", &new_leaf)], None);
    let broken = node.dag.node(vec![("c", &common), ("d", &missing)], None);
    let update = async |from: &BuiltNode, to: &BuiltNode, unpin| {
        node.pinner
            .update(&node.dag.blocks(), &from.cid, &to.cid, unpin)
            .await
    };
    assert_eq!(
        update(&old, &new, true).await.unwrap_err().to_string(),
        "the old CID is not pinned recursively"
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
            .ends_with("and this node is offline")
    );
    update(&old, &new, true).await.unwrap();
    assert_eq!(
        node.list(PinKind::Recursive, ""),
        [(new.cid.to_string(), "name".to_owned(), "recursive")]
    );
    update(&new, &old, false).await.unwrap();
    assert_eq!(node.list(PinKind::Recursive, "").len(), 2);
    assert_eq!(
        update(&old, &new, true).await.unwrap_err().to_string(),
        "the new CID is already pinned recursively"
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
        format!("block {} was not found", root.cid)
    );
    node.pinner.remove_block(&root.cid, true).await.unwrap();
    assert!(has(&node.dag, &leaf) && !has(&node.dag, &root));
}
