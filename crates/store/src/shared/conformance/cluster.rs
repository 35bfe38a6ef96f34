//! The cluster.

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::{Cid, Codec, Multihash};

use super::MakeRows;
use crate::shared::{
    ClusterPin, Expiry, HoldingStatus, Lease, MAX_PAGE, NewClusterPin, NewMetric, Outcome,
    PeerState, PinKind, PinKinds, PinListing, Placement, Removal, Renewal, SharedError, SharedRows,
    Statuses,
};

const TERM: Duration = Duration::from_secs(60);
const NOW: Duration = Duration::ZERO;

/// Runs the cases, each on rows of its own.
pub async fn run(make: &MakeRows<'_>) {
    peers(&*make().await).await;
    outages(&*make().await).await;
    pins(&*make().await).await;
    pages(&*make().await).await;
    work(&*make().await).await;
    failures(&*make().await).await;
    returns(&*make().await).await;
    moves(&*make().await).await;
    sources(&*make().await).await;
    everywhere(&*make().await).await;
    drains(&*make().await).await;
    shards(&*make().await).await;
    expires(&*make().await).await;
    users(&*make().await).await;
    many_at_once(make().await).await;
}

fn cid(text: &str) -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(text.as_bytes()))
}

async fn number_of_pins(rows: &dyn SharedRows) -> usize {
    let pins = rows.cluster_pins(PinKinds::ALL, None, MAX_PAGE).await;
    pins.expect("the pins").len()
}

fn new(text: &str, placement: Placement) -> NewClusterPin {
    NewClusterPin {
        cid: cid(text),
        kind: PinKind::Data,
        direct: false,
        name: text.to_owned(),
        replication: if placement == Placement::Everywhere {
            (-1, -1)
        } else {
            (1, 2)
        },
        shard_size: 0,
        metadata: Default::default(),
        origins: Vec::new(),
        update_of: None,
        reference: None,
        depth: -1,
        expiry: Expiry::Never,
        placement,
        owner: None,
        source: None,
    }
}

fn on(peers: &[&str]) -> Placement {
    Placement::On(peers.iter().map(|peer| (*peer).to_owned()).collect())
}

async fn put(rows: &dyn SharedRows, pin: NewClusterPin) -> ClusterPin {
    let mut written = rows.put_cluster_pins(vec![pin]).await.expect("a pin");
    written.pop().expect("one pin")
}

async fn join(rows: &dyn SharedRows, peer: &str) -> Lease {
    rows.join_cluster(peer, "{}", TERM).await.expect("a lease")
}

/// Pins what is due, and counts it.
async fn pin_all(rows: &dyn SharedRows, lease: &Lease) -> usize {
    let claimed = rows.claim_holdings(lease, 100).await.expect("work");
    for claim in &claimed {
        let done = rows
            .finish_holding(lease, &claim.pin, Outcome::Pinned)
            .await;
        assert!(done.expect("finishing"));
    }
    claimed.len()
}

async fn holders(rows: &dyn SharedRows, text: &str) -> Vec<(String, bool, HoldingStatus)> {
    let row = rows.cluster_status(&cid(text)).await.expect("a status");
    let holdings = row.expect("a pin").holdings.into_iter();
    holdings
        .map(|holding| (holding.peer, holding.assigned, holding.status))
        .collect()
}

async fn renew(rows: &dyn SharedRows, lease: &Lease, term: Duration) -> Renewal {
    let metric = NewMetric {
        name: "freespace".to_owned(),
        value: "12".to_owned(),
        weight: 12,
        partitionable: false,
        term,
    };
    let tag = NewMetric {
        name: "tag:group".to_owned(),
        value: "a".to_owned(),
        weight: 0,
        partitionable: true,
        term,
    };
    let outage = Duration::from_secs(3600);
    rows.renew_lease(lease, r#"{"new":1}"#, vec![metric, tag], term, outage, NOW)
        .await
        .expect("a renewal")
}

async fn peers(rows: &dyn SharedRows) {
    assert_eq!(rows.cluster_peers().await.expect("peers").peers, []);
    let first = join(rows, "b").await;
    let other = join(rows, "a").await;
    let found = rows.cluster_peers().await.expect("peers");
    let ids: Vec<&str> = found.peers.iter().map(|peer| peer.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(found.peers.iter().all(|peer| peer.lease > found.now));
    // The next process of a peer takes over.
    let second = join(rows, "b").await;
    assert!(second.epoch > first.epoch);
    assert_eq!(renew(rows, &first, TERM).await, Renewal::Lost);
    assert!(matches!(
        renew(rows, &second, TERM).await,
        Renewal::Until(_)
    ));
    renew(rows, &other, TERM).await;
    let metrics = rows
        .cluster_metrics(Some("freespace"))
        .await
        .expect("metrics");
    assert_eq!(metrics.len(), 2);
    assert_eq!((metrics[0].peer.as_str(), metrics[0].weight), ("a", 12));
    assert!(metrics[0].expires > metrics[0].received);
    assert_eq!(rows.cluster_metrics(None).await.expect("metrics").len(), 4);
    assert_eq!(rows.cluster_metrics(Some("x")).await.expect("metrics"), []);
    let info = &rows.cluster_peers().await.expect("peers").peers[1].info;
    assert_eq!(info, r#"{"new":1}"#);
}

async fn outages(rows: &dyn SharedRows) {
    let lease = join(rows, "a").await;
    // The first renewal, and one after a long time, begin a grace period.
    renew(rows, &lease, TERM).await;
    let after_first = rows.cluster_peers().await.expect("peers").grace;
    assert!(after_first > rows.now().await.expect("the clock"));
    renew(rows, &lease, TERM).await;
    assert_eq!(
        rows.cluster_peers().await.expect("peers").grace,
        after_first
    );
}

async fn pins(rows: &dyn SharedRows) {
    join(rows, "a").await;
    let written = put(
        rows,
        NewClusterPin {
            metadata: [("k".to_owned(), "ü".to_owned())].into(),
            origins: vec!["/ip4/1.2.3.4/tcp/1".to_owned()],
            update_of: Some(cid("old")),
            expiry: Expiry::After(TERM),
            shard_size: 7,
            ..new("one", on(&["a"]))
        },
    )
    .await;
    assert_eq!(written.expires, Some(written.created + 60_000));
    assert_eq!(written.peers, ["a"]);
    assert_eq!(written.replication, (1, 2));
    assert_eq!(written.update_of, Some(cid("old")));
    let found = rows.cluster_pin(&cid("one")).await.expect("a pin");
    assert_eq!(found, Some(written.clone()));
    let again = put(rows, new("one", on(&["a"]))).await;
    assert!(again.version > written.version);
    assert_eq!((again.expires, again.metadata.len()), (None, 0));
    // Another form of the CID is another pin of the same content.
    let hash = Multihash::sha2_256(b"v0");
    let v0 = Cid::v0(hash.clone()).expect("a CID");
    let v1 = Cid::v1(Codec::DAG_PB, hash);
    put(
        rows,
        NewClusterPin {
            cid: v0.clone(),
            ..new("v0", on(&["a"]))
        },
    )
    .await;
    assert_eq!(rows.cluster_pin(&v1).await.expect("none"), None);
    assert!(rows.cluster_wants("a", &v1).await.expect("wanted"));
    assert!(rows.cluster_wants("a", &v0).await.expect("wanted"));
    assert!(!rows.cluster_wants("b", &v0).await.expect("not wanted"));
    let past = NewClusterPin {
        expiry: Expiry::At(1),
        ..new("past", on(&["a"]))
    };
    let refused = rows
        .put_cluster_pins(vec![new("with it", on(&["a"])), past])
        .await;
    assert!(matches!(refused, Err(SharedError::Range { .. })));
    assert_eq!(rows.cluster_pin(&cid("with it")).await.expect("none"), None);
    let named = NewClusterPin {
        name: "a\0b".to_owned(),
        ..new("named", on(&["a"]))
    };
    let refused = rows.put_cluster_pins(vec![named]).await;
    assert!(matches!(refused, Err(SharedError::BadName { .. })));
    assert_eq!(number_of_pins(rows).await, 2);
    let removed = rows.remove_cluster_pin(&v0).await.expect("removing");
    assert!(matches!(removed, Removal::Removed(pin) if pin.cid == v0));
    assert_eq!(
        rows.remove_cluster_pin(&v0).await.expect("removing"),
        Removal::Absent
    );
    assert!(!rows.cluster_wants("a", &v0).await.expect("not wanted"));
}

async fn pages(rows: &dyn SharedRows) {
    let lease = join(rows, "a").await;
    for number in 0..10 {
        put(rows, new(&format!("pin {number}"), on(&["a"]))).await;
        put(rows, new(&format!("all {number}"), Placement::Everywhere)).await;
    }
    assert_eq!(pin_all(rows, &lease).await, 20);
    put(rows, new("queued", on(&["a"]))).await;
    let meta = NewClusterPin {
        kind: PinKind::Meta,
        ..new("meta", Placement::Nowhere)
    };
    put(rows, meta).await;
    for size in [1, 7, 100] {
        let mut seen: Vec<ClusterPin> = Vec::new();
        loop {
            let after = seen.last().map(|pin| pin.cid.clone());
            let kinds = PinKinds::of(&[PinKind::Data]);
            let page = rows
                .cluster_pins(kinds, after.as_ref(), size)
                .await
                .expect("a page");
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen.len(), 21);
        assert!(seen.is_sorted_by_key(|pin| pin.cid.to_bytes()));
        assert!(
            seen.iter()
                .all(|pin| pin.everywhere == pin.peers.is_empty())
        );
        let mut found = Vec::new();
        loop {
            let after = found.last().map(|(cid, _): &(Cid, usize)| cid.clone());
            let listing = PinListing {
                with: None,
                after: after.as_ref(),
            };
            let page = rows.cluster_statuses(listing, size).await.expect("a page");
            if page.is_empty() {
                break;
            }
            found.extend(
                page.into_iter()
                    .map(|row| (row.pin.cid, row.holdings.len())),
            );
        }
        assert_eq!(found.len(), 22);
        assert_eq!(found.iter().filter(|(_, count)| *count == 1).count(), 21);
    }
    let all = rows
        .cluster_pins(PinKinds::ALL, None, 100)
        .await
        .expect("a page");
    assert_eq!(all.len(), 22);
    for (statuses, count) in [
        (Statuses::of(&[HoldingStatus::Pinned]), 20),
        (Statuses::of(&[HoldingStatus::Queued]), 1),
        (
            Statuses::of(&[HoldingStatus::Pinned, HoldingStatus::Queued]),
            21,
        ),
        (Statuses::of(&[HoldingStatus::Failed]), 0),
    ] {
        let listing = PinListing {
            with: Some(statuses),
            after: None,
        };
        let page = rows.cluster_statuses(listing, 100).await.expect("a page");
        assert_eq!(page.len(), count);
    }
    assert_eq!(rows.count_holdings("a").await.expect("counts"), (1, 20));
}

async fn work(rows: &dyn SharedRows) {
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

async fn failures(rows: &dyn SharedRows) {
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

async fn returns(rows: &dyn SharedRows) {
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

async fn moves(rows: &dyn SharedRows) {
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

async fn sources(rows: &dyn SharedRows) {
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
}

async fn everywhere(rows: &dyn SharedRows) {
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

async fn drains(rows: &dyn SharedRows) {
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

async fn shards(rows: &dyn SharedRows) {
    let a = join(rows, "a").await;
    for owner in ["one", "two"] {
        let owned = |text: &str, kind| NewClusterPin {
            kind,
            owner: Some(cid(owner)),
            ..new(text, on(&["a"]))
        };
        let meta = NewClusterPin {
            kind: PinKind::Meta,
            reference: Some(cid(&format!("dag of {owner}"))),
            ..new(owner, Placement::Nowhere)
        };
        rows.put_cluster_pins(vec![
            meta,
            owned(&format!("dag of {owner}"), PinKind::ClusterDag),
            owned(&format!("only {owner}"), PinKind::Shard),
            owned("both", PinKind::Shard),
        ])
        .await
        .expect("pins");
    }
    assert_eq!(pin_all(rows, &a).await, 5);
    let refused = rows
        .remove_cluster_pin(&cid("both"))
        .await
        .expect("removing");
    assert_eq!(refused, Removal::Owned);
    let removed = rows
        .remove_cluster_pin(&cid("one"))
        .await
        .expect("removing");
    assert!(matches!(removed, Removal::Removed(pin) if pin.reference == Some(cid("dag of one"))));
    assert!(rows.cluster_wants("a", &cid("both")).await.expect("wanted"));
    assert!(
        !rows
            .cluster_wants("a", &cid("only one"))
            .await
            .expect("not wanted")
    );
    assert_eq!(number_of_pins(rows).await, 4);
    rows.remove_cluster_pin(&cid("two"))
        .await
        .expect("removing");
    assert_eq!(number_of_pins(rows).await, 0);
    assert!(
        !rows
            .cluster_wants("a", &cid("both"))
            .await
            .expect("not wanted")
    );
}

async fn expires(rows: &dyn SharedRows) {
    join(rows, "a").await;
    let short = NewClusterPin {
        expiry: Expiry::After(Duration::from_millis(1)),
        ..new("short", on(&["a"]))
    };
    let long = NewClusterPin {
        expiry: Expiry::After(TERM),
        ..new("long", on(&["a"]))
    };
    put(rows, short).await;
    put(rows, long).await;
    while rows.expire_cluster_pins(9).await.expect("expiring") == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rows.cluster_pin(&cid("short")).await.expect("none"), None);
    assert_eq!(number_of_pins(rows).await, 1);
}

async fn users(rows: &dyn SharedRows) {
    assert_eq!(
        rows.cluster_secret([1; 32]).await.expect("a secret"),
        [1; 32]
    );
    assert_eq!(
        rows.cluster_secret([2; 32]).await.expect("a secret"),
        [1; 32]
    );
    let made = rows
        .set_cluster_user("b", "hash", [3; 32])
        .await
        .expect("a user");
    rows.set_cluster_user("a", "hash", [4; 32])
        .await
        .expect("a user");
    assert_eq!(rows.cluster_user("b").await.expect("a user"), Some(made));
    let changed = rows
        .set_cluster_user("b", "other", [5; 32])
        .await
        .expect("a user");
    assert_eq!(
        (changed.hash.as_str(), &changed.secret[..]),
        ("other", &[5; 32][..])
    );
    let page = rows.cluster_users(None, 1).await.expect("users");
    assert_eq!(page[0].name, "a");
    let page = rows.cluster_users(Some("a"), 9).await.expect("users");
    assert_eq!((page.len(), page[0].name.as_str()), (1, "b"));
    assert!(rows.set_cluster_user("", "hash", [0; 32]).await.is_err());
    assert!(rows.remove_cluster_user("a").await.expect("removing"));
    assert!(!rows.remove_cluster_user("a").await.expect("removing"));
    assert_eq!(rows.cluster_user("a").await.expect("none"), None);
}

/// Pins that are written and finished by many at once have one holding for each peer in the end.
async fn many_at_once(rows: Arc<dyn SharedRows>) {
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
