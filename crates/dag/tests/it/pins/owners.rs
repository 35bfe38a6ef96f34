//! Pins of users and of the services.

use cairn_dag::pin::{PinError, PinKind, PinState};
use cairn_store::BlockWriter as _;
use cairn_store::meta::{PinMode, PinOwner, PinRows as _};

use super::{has, node};

#[tokio::test]
async fn each_owner_keeps_its_pins() {
    let mut node = node().await;
    let leaf = node.dag.raw(b"leaf");
    let root = node.dag.node(vec![("leaf", &leaf)], None);
    let services = node.pinner.of(PinOwner::Services);
    let blocks = node.dag.blocks();
    node.pin(&root.cid, PinMode::Direct, "mine").await.unwrap();
    services
        .add(&blocks, &root.cid, PinMode::Recursive, "theirs", None)
        .await
        .unwrap();
    node.dag.hold = node.dag.store.hold();

    // One row, the user's where it matches.
    let row = |name: &str, kind| vec![(root.cid.to_string(), name.to_owned(), kind)];
    assert_eq!(node.list(PinKind::Direct, ""), row("mine", "direct"));
    assert_eq!(
        node.list(PinKind::Recursive, ""),
        row("theirs", "recursive")
    );
    assert_eq!(node.list(PinKind::All, "mine"), row("mine", "direct"));
    assert_eq!(
        node.list(PinKind::All, "theirs"),
        row("theirs", "recursive")
    );
    let all = node.list(PinKind::All, "");
    assert_eq!(all.len(), 2);
    assert_eq!(all.first(), row("mine", "direct").first());
    assert!(matches!(
        node.state(PinKind::All, &root.cid).await,
        PinState::Pinned { mode: PinMode::Direct, name } if name == "mine"
    ));
    assert!(matches!(
        node.state(PinKind::Recursive, &root.cid).await,
        PinState::Pinned { mode: PinMode::Recursive, name } if name == "theirs"
    ));
    let mut verified = 0;
    node.pinner
        .verify_blocking(&mut |status| {
            verified += 1;
            status.ok()
        })
        .unwrap();
    assert_eq!(verified, 1);

    // Both as recursive pins: still one row, checked once.
    node.pin(&root.cid, PinMode::Recursive, "mine")
        .await
        .unwrap();
    assert_eq!(node.list(PinKind::Recursive, ""), row("mine", "recursive"));
    assert_eq!(node.collect().blocks, 0);

    // The user's pin goes, the services' one stays.
    node.pinner.remove(&root.cid, true).await.unwrap();
    let refused = node.pinner.remove(&root.cid, true).await.unwrap_err();
    assert!(matches!(&refused, PinError::OfServices { cid } if *cid == root.cid));
    assert!(refused.to_string().contains("pinned by the services"));
    let not_own = node
        .pinner
        .update(&blocks, &root.cid, &leaf.cid, true)
        .await;
    assert!(matches!(not_own, Err(PinError::FromNotPinned)));
    assert_eq!(node.collect().blocks, 0);
    assert!(node.pinner.remove_block(&leaf.cid, false).await.is_err());

    // And the other way round.
    node.pin(&root.cid, PinMode::Recursive, "").await.unwrap();
    services.remove(&root.cid, true).await.unwrap();
    assert!(matches!(
        services.remove(&root.cid, true).await,
        Err(PinError::NotPinned)
    ));
    assert_eq!(node.collect().blocks, 0);
    node.pinner.remove(&root.cid, true).await.unwrap();
    assert_eq!(node.collect().blocks, 2);
    assert!(!has(&node.dag, &root));
    assert_eq!(node.rows.pin_count().unwrap(), 0);
}
