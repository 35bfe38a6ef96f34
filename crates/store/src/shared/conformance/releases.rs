//! What every [`ReleaseRows`](super::super::ReleaseRows) must do.

use cairn_primitives::{Cid, Codec, Multihash};

use super::super::SharedRows;
use super::MakeRows;

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &MakeRows<'_>) {
    adds_once_and_finishes(&*make().await).await;
}

async fn adds_once_and_finishes(rows: &dyn SharedRows) {
    let one = Cid::v1(Codec::DAG_PB, Multihash::sha2_256(b"one"));
    let two = Cid::v1(Codec::RAW, Multihash::sha2_256(b"two"));
    let as_v0 = one.to_v0().expect("a CID of version 0");
    for (peer, cid) in [("a", &as_v0), ("a", &two), ("b", &one), ("a", &one)] {
        rows.add_release(peer, cid).await.expect("adding");
    }
    let found = rows.releases("a", 10).await.expect("reading");
    // The one that was added again is the last.
    let cids: Vec<_> = found.iter().map(|release| release.cid.clone()).collect();
    assert_eq!(cids, [two, one.clone()]);
    assert_eq!(rows.releases("a", 1).await.expect("reading").len(), 1);
    assert_eq!(rows.releases("c", 1).await.expect("reading"), []);
    let last = found.last().expect("two releases").id;
    rows.add_release("a", &one).await.expect("adding again");
    assert!(!rows.finish_release(last).await.expect("finishing"));
    for release in rows.releases("a", 10).await.expect("reading") {
        assert!(rows.finish_release(release.id).await.expect("finishing"));
        assert!(!rows.finish_release(release.id).await.expect("finishing"));
    }
    assert_eq!(rows.releases("a", 10).await.expect("reading"), []);
    assert_eq!(rows.releases("b", 10).await.expect("reading").len(), 1);
}
