//! What is pinned.

use std::time::Duration;

use cairn_primitives::{Cid, Codec, Multihash};

use super::{TERM, cid, join, new, number_of_pins, on, pin_all, put};
use crate::shared::{
    ClusterPin, Expiry, HoldingStatus, NewClusterPin, PinKind, PinKinds, PinListing, Placement,
    Removal, SharedError, SharedRows, Statuses,
};

pub(super) async fn pins(rows: &dyn SharedRows) {
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

pub(super) async fn pages(rows: &dyn SharedRows) {
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
    put(rows, meta.clone()).await;
    // Neither becomes the other, in whatever order they are written.
    for other in [
        new("meta", on(&["a"])),
        NewClusterPin {
            cid: cid("queued"),
            ..meta
        },
    ] {
        let (other, refused) = (other.cid.clone(), rows.put_cluster_pins(vec![other]).await);
        assert!(matches!(refused, Err(SharedError::OtherKind { cid }) if cid == other));
    }
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

pub(super) async fn shards(rows: &dyn SharedRows) {
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

pub(super) async fn expires(rows: &dyn SharedRows) {
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
