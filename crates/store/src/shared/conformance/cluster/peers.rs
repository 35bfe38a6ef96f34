//! Peers and their leases, and users.

use super::{TERM, join, renew};
use crate::shared::{Renewal, SharedRows};

pub(super) async fn peers(rows: &dyn SharedRows) {
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

pub(super) async fn outages(rows: &dyn SharedRows) {
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

pub(super) async fn users(rows: &dyn SharedRows) {
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
