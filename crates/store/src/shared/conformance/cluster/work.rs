//! What a peer claims, pins and finishes.

use std::sync::Arc;
use std::time::Duration;

use super::{NOW, TERM, cid, holders, join, new, on, pin_all, put, renew};
use crate::shared::{HoldingStatus, NewClusterPin, Outcome, PinListing, Placement, SharedRows};

pub(super) async fn work(rows: &dyn SharedRows) {
    let lease = join(rows, "a").await;
    put(rows, new("one", on(&["a"]))).await;
    let claimed = rows.claim_holdings(&lease, 9).await.expect("work");
    assert_eq!(claimed.len(), 1);
    assert_eq!((&claimed[0].pin.cid, claimed[0].attempts), (&cid("one"), 0));
    assert!(
        rows.claim_holdings(&lease, 9)
            .await
            .expect("work")
            .is_empty()
    );
    assert_eq!(
        holders(rows, "one").await,
        [("a".to_owned(), true, HoldingStatus::Pinning)]
    );
    // A process that has gone does not finish; the next one begins again.
    let next = join(rows, "a").await;
    let late = rows
        .finish_holding(&lease, &claimed[0].pin, Outcome::Pinned)
        .await;
    assert!(!late.expect("finishing"));
    assert!(
        rows.claim_holdings(&lease, 9)
            .await
            .expect("work")
            .is_empty()
    );
    assert_eq!(pin_all(rows, &next).await, 1);
    assert_eq!(
        rows.content_holders(&cid("one")).await.expect("holders"),
        ["a"]
    );
    // Neither does one whose lease has run out.
    put(rows, new("two", on(&["a"]))).await;
    let claimed = rows.claim_holdings(&next, 9).await.expect("work");
    renew(rows, &next, NOW).await;
    let two = &claimed[0].pin;
    let late = rows.finish_holding(&next, two, Outcome::Pinned).await;
    assert!(!late.expect("finishing"));
    // What it does not work on any more is queued again, once it has a lease.
    let none = rows.requeue_holdings(&next, &[]).await;
    assert!(!none.expect("queueing"));
    renew(rows, &next, TERM).await;
    let kept = rows.requeue_holdings(&next, &[cid("two")]).await;
    assert!(kept.expect("queueing"));
    assert_eq!(pin_all(rows, &next).await, 0);
    let again = rows.requeue_holdings(&next, &[cid("one")]).await;
    assert!(again.expect("queueing"));
    assert_eq!(pin_all(rows, &next).await, 1);
    // One that was removed meanwhile is not finished.
    put(rows, new("three", on(&["a"]))).await;
    let claimed = rows.claim_holdings(&next, 9).await.expect("work");
    rows.remove_cluster_pin(&cid("three"))
        .await
        .expect("removing");
    let three = &claimed[0].pin;
    let done = rows.finish_holding(&next, three, Outcome::Pinned).await;
    assert!(!done.expect("finishing"));
    // What the peer has lost is queued again.
    let pinned = rows.pinned_holdings("a", None, 9).await.expect("pins");
    assert_eq!(pinned.len(), 2);
    let second = rows.pinned_holdings("a", pinned.first(), 9).await;
    assert_eq!(second.expect("pins"), pinned[1..]);
    let lost = rows.requeue_lost("a", &cid("two")).await;
    assert!(lost.expect("queueing"));
    let twice = rows.requeue_lost("a", &cid("two")).await;
    assert!(!twice.expect("queueing"));
    assert_eq!(pin_all(rows, &next).await, 1);
    // Another mode is pinned again; the same one is not.
    put(rows, new("one", on(&["a"]))).await;
    assert_eq!(pin_all(rows, &next).await, 0);
    put(
        rows,
        NewClusterPin {
            direct: true,
            ..new("one", on(&["a"]))
        },
    )
    .await;
    let direct = rows.claim_holdings(&next, 9).await.expect("work");
    // It changes again while the peer pins it in the old mode: only the work on the new one counts.
    put(rows, new("one", on(&["a"]))).await;
    let whole = rows.claim_holdings(&next, 9).await.expect("work");
    let old = &direct[0].pin;
    let late = rows.finish_holding(&next, old, Outcome::Pinned).await;
    assert!(!late.expect("finishing"));
    assert_eq!(
        holders(rows, "one").await,
        [("a".to_owned(), true, HoldingStatus::Pinning)]
    );
    let new = &whole[0].pin;
    let done = rows.finish_holding(&next, new, Outcome::Pinned).await;
    assert!(done.expect("finishing"));
}

pub(super) async fn failures(rows: &dyn SharedRows) {
    let lease = join(rows, "a").await;
    put(rows, new("bad", on(&["a"]))).await;
    let fail = |retry| Outcome::Failed {
        error: "no\0 block".to_owned(),
        retry,
    };
    let claimed = rows.claim_holdings(&lease, 9).await.expect("work");
    let bad = &claimed[0].pin;
    let done = rows.finish_holding(&lease, bad, fail(TERM)).await;
    assert!(done.expect("finishing"));
    let row = rows.cluster_status(&cid("bad")).await.expect("a status");
    let holding = row.expect("a pin").holdings.remove(0);
    assert_eq!(
        (holding.status, holding.attempts),
        (HoldingStatus::Failed, 1)
    );
    assert!(holding.error.ends_with("block"), "{}", holding.error);
    assert!(
        rows.claim_holdings(&lease, 9)
            .await
            .expect("work")
            .is_empty()
    );
    // On demand, by pinning again, or when it is due.
    let other = rows
        .retry_holdings(Some(&cid("bad")), Some("b"), None, 9)
        .await;
    assert_eq!(other.expect("retrying"), []);
    // It failed after that.
    let earlier = rows.retry_holdings(None, Some("a"), Some(0), 9).await;
    assert_eq!(earlier.expect("retrying"), []);
    let now = rows.now().await.expect("the clock");
    let again = rows.retry_holdings(None, Some("a"), Some(now), 9).await;
    assert_eq!(again.expect("retrying"), [cid("bad")]);
    rows.claim_holdings(&lease, 9).await.expect("work");
    rows.finish_holding(&lease, bad, fail(TERM))
        .await
        .expect("finishing");
    put(rows, new("bad", on(&["a"]))).await;
    rows.claim_holdings(&lease, 9).await.expect("work");
    rows.finish_holding(&lease, bad, fail(NOW))
        .await
        .expect("finishing");
    let due = rows.claim_holdings(&lease, 9).await.expect("work");
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].attempts, 1);
}

pub(super) async fn returns(rows: &dyn SharedRows) {
    let (a, b) = (join(rows, "a").await, join(rows, "b").await);
    for (text, source) in [("at a", Some("a")), ("at nobody", None)] {
        let mut pin = new(text, on(&["a", "b"]));
        pin.source = source.map(ToOwned::to_owned);
        put(rows, pin).await;
    }
    let claimed = rows.claim_holdings(&b, 10).await.expect("work");
    assert_eq!(claimed.len(), 2);
    for claim in &claimed {
        let failed = Outcome::Failed {
            error: "the source is away".to_owned(),
            retry: Duration::from_secs(3_600),
        };
        let done = rows.finish_holding(&b, &claim.pin, failed).await;
        assert!(done.expect("finishing"));
    }
    assert_eq!(rows.claim_holdings(&b, 10).await.expect("work"), []);
    // The holder returns: what it has is due at once, at whoever failed to get it.
    let again = join(rows, "a").await;
    assert!(again.epoch > a.epoch);
    let claimed = rows.claim_holdings(&b, 10).await.expect("work");
    let names: Vec<&str> = claimed.iter().map(|claim| &*claim.pin.name).collect();
    assert_eq!(names, ["at a"]);
    assert_eq!(claimed[0].attempts, 1);
    // So it is when somebody else gets it.
    assert_eq!(pin_all(rows, &again).await, 1);
    let claimed = rows.claim_holdings(&b, 10).await.expect("work");
    let names: Vec<&str> = claimed.iter().map(|claim| &*claim.pin.name).collect();
    assert_eq!(names, ["at nobody"]);
}

/// Pins that are written and finished by many at once have one holding for each peer in the end.
pub(super) async fn many_at_once(rows: Arc<dyn SharedRows>) {
    let first = join(&*rows, "a").await;
    let tasks: Vec<_> = (0..6)
        .map(|task| {
            let rows = Arc::clone(&rows);
            tokio::spawn(async move {
                let lease = join(&*rows, &format!("peer {task}")).await;
                for number in 0..10 {
                    put(&*rows, new(&format!("pin {number}"), Placement::Everywhere)).await;
                    pin_all(&*rows, &lease).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task");
    }
    pin_all(&*rows, &first).await;
    let listing = PinListing::default();
    let all = rows.cluster_statuses(listing, 100).await.expect("pins");
    assert_eq!(all.len(), 10);
    assert!(all.iter().all(|row| row.holdings.len() == 7));
}
