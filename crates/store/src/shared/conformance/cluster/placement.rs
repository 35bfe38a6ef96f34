//! Which peers have a pin.

use super::{NOW, TERM, cid, holders, join, new, on, pin_all, put, renew};
use crate::shared::{HoldingStatus, NewClusterPin, PeerState, Placement, Renewal, SharedRows};

pub(super) async fn moves(rows: &dyn SharedRows) {
    let a = join(rows, "a").await;
    let b = join(rows, "b").await;
    let c = join(rows, "c").await;
    for lease in [&a, &b, &c] {
        renew(rows, lease, TERM).await;
    }
    put(rows, new("x", on(&["a", "b"]))).await;
    pin_all(rows, &a).await;
    pin_all(rows, &b).await;
    // During the grace period nobody is replaced.
    renew(rows, &b, NOW).await;
    assert!(
        rows.misplaced_pins(NOW, None, 9)
            .await
            .expect("pins")
            .is_empty()
    );
    let found = loop {
        let renewed = rows.renew_lease(&a, "{}", vec![], TERM, NOW, NOW).await;
        renewed.expect("a renewal");
        let found = rows.misplaced_pins(NOW, None, 9).await.expect("pins");
        if let Some(first) = found.into_iter().next() {
            break first;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(found.pin.cid, cid("x"));
    let to = vec!["a".to_owned(), "c".to_owned()];
    let version = found.pin.version;
    let stale = rows
        .reassign_pin(&a, &cid("x"), version - 1, to.clone())
        .await;
    assert!(!stale.expect("reassigning"));
    // Nobody moves pins without a valid lease.
    let late = rows.reassign_pin(&b, &cid("x"), version, to.clone()).await;
    assert!(!late.expect("reassigning"));
    let moved = rows.reassign_pin(&a, &cid("x"), version, to).await;
    assert!(moved.expect("reassigning"));
    // The old holder stays until the new one has it.
    let pinned = HoldingStatus::Pinned;
    assert_eq!(
        holders(rows, "x").await,
        [
            ("a".to_owned(), true, pinned),
            ("b".to_owned(), false, pinned),
            ("c".to_owned(), true, HoldingStatus::Queued)
        ]
    );
    assert!(rows.cluster_wants("b", &cid("x")).await.expect("wanted"));
    pin_all(rows, &c).await;
    assert!(
        !rows
            .cluster_wants("b", &cid("x"))
            .await
            .expect("not wanted")
    );
    assert_eq!(
        holders(rows, "x").await,
        [
            ("a".to_owned(), true, pinned),
            ("c".to_owned(), true, pinned)
        ]
    );
    // What was not pinned yet goes at once.
    put(rows, new("y", on(&["a"]))).await;
    put(rows, new("y", on(&["c"]))).await;
    assert_eq!(
        holders(rows, "y").await,
        [("c".to_owned(), true, HoldingStatus::Queued)]
    );
}

pub(super) async fn sources(rows: &dyn SharedRows) {
    join(rows, "a").await;
    let b = join(rows, "b").await;
    let from_a = |text: &str, peers: &[&str]| NewClusterPin {
        source: Some("a".to_owned()),
        ..new(text, on(peers))
    };
    let pinned = HoldingStatus::Pinned;
    put(rows, from_a("x", &["a"])).await;
    assert_eq!(holders(rows, "x").await, [("a".to_owned(), true, pinned)]);
    // One that should not have it keeps it until the others do.
    put(rows, from_a("y", &["b"])).await;
    assert_eq!(
        holders(rows, "y").await,
        [
            ("a".to_owned(), false, pinned),
            ("b".to_owned(), true, HoldingStatus::Queued)
        ]
    );
    assert_eq!(pin_all(rows, &b).await, 1);
    assert_eq!(holders(rows, "y").await, [("b".to_owned(), true, pinned)]);
    // So does one that has not joined yet, whoever should have it.
    let early = NewClusterPin {
        source: Some("early".to_owned()),
        ..new("z", Placement::Everywhere)
    };
    put(rows, early).await;
    let here = rows.content_holders(&cid("z")).await.expect("holders");
    assert_eq!(here, ["early"]);
    join(rows, "early").await;
    let kept = holders(rows, "z").await;
    assert!(
        kept.contains(&("early".to_owned(), true, pinned)),
        "{kept:?}"
    );
}

pub(super) async fn everywhere(rows: &dyn SharedRows) {
    let a = join(rows, "a").await;
    put(rows, new("x", Placement::Everywhere)).await;
    pin_all(rows, &a).await;
    let b = join(rows, "b").await;
    assert_eq!(pin_all(rows, &b).await, 1);
    assert_eq!(pin_all(rows, &join(rows, "b").await).await, 0);
    let here = rows.content_holders(&cid("x")).await.expect("holders");
    assert_eq!(here, ["a", "b"]);
    // Fewer replicas: the others go when those have it.
    put(rows, new("x", on(&["b"]))).await;
    assert_eq!(holders(rows, "x").await.len(), 1);
}

pub(super) async fn drains(rows: &dyn SharedRows) {
    let a = join(rows, "a").await;
    put(rows, new("x", on(&["a"]))).await;
    put(rows, new("all", Placement::Everywhere)).await;
    pin_all(rows, &a).await;
    assert!(!rows.drain_peer("nobody").await.expect("draining"));
    assert!(rows.drain_peer("a").await.expect("draining"));
    let peers = rows.cluster_peers().await.expect("peers").peers;
    assert_eq!(peers[0].state, PeerState::Draining);
    // Nobody else has them.
    assert!(
        rows.remove_drained_peers()
            .await
            .expect("removing")
            .is_empty()
    );
    let b = join(rows, "b").await;
    assert_eq!(pin_all(rows, &b).await, 1);
    let left = rows.misplaced_pins(TERM, None, 9).await.expect("pins");
    assert_eq!(left.len(), 1);
    let moved = rows
        .reassign_pin(&b, &cid("x"), left[0].pin.version, vec!["b".to_owned()])
        .await;
    assert!(moved.expect("reassigning"));
    assert!(
        rows.remove_drained_peers()
            .await
            .expect("removing")
            .is_empty()
    );
    assert_eq!(pin_all(rows, &b).await, 1);
    assert_eq!(rows.remove_drained_peers().await.expect("removing"), ["a"]);
    assert_eq!(renew(rows, &a, TERM).await, Renewal::Lost);
    assert_eq!(rows.cluster_peers().await.expect("peers").peers.len(), 1);
    // A pin that was meant for it is moved as well.
    put(rows, new("late", on(&["a", "b"]))).await;
    let left = rows.misplaced_pins(TERM, None, 9).await.expect("pins");
    assert_eq!(left.len(), 1);
    // A process of its next life is none of its first.
    let next = join(rows, "a").await;
    assert!(next.epoch > a.epoch);
    assert_eq!(renew(rows, &a, TERM).await, Renewal::Lost);
    let left = rows.misplaced_pins(TERM, None, 9).await.expect("pins");
    assert!(left.is_empty());
}
