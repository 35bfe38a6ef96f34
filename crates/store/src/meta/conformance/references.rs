//! What every [`ReferenceRows`] must do.

use std::sync::Arc;

use super::super::{Reference, ReferenceChange, ReferenceOrder, ReferenceRows};
use super::cid;

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &dyn Fn() -> Arc<dyn ReferenceRows>) {
    refers(&*make()).await;
    pages_references(&*make()).await;
}

/// A reference of [`cid`], to a place in a file.
#[must_use]
pub fn reference(id: u64, number: u64, path: &str, offset: u64) -> Reference {
    Reference {
        id,
        key: cid(number).hash().clone(),
        path: path.into(),
        offset,
        size: 8,
    }
}

/// Every reference, read in pages of this many.
#[must_use]
pub fn list_references(
    rows: &dyn ReferenceRows,
    order: ReferenceOrder,
    page: usize,
) -> Vec<Reference> {
    let mut all: Vec<Reference> = Vec::new();
    loop {
        let found = rows
            .reference_page(order, all.last(), page)
            .expect("listing");
        if found.is_empty() {
            return all;
        }
        assert!(found.len() <= page);
        all.extend(found);
    }
}

async fn refer(rows: &dyn ReferenceRows, references: &[Reference]) {
    let changes = references.iter().cloned().map(ReferenceChange::Set);
    rows.change_references(changes.collect())
        .await
        .expect("setting references");
}

async fn refers(rows: &dyn ReferenceRows) {
    let key = |number| cid(number).hash().clone();
    let find = |numbers: &[u64]| {
        let keys: Vec<_> = numbers.iter().map(|&number| key(number)).collect();
        rows.references(&keys).expect("finding")
    };
    assert_eq!(find(&[1, 2]), [None, None]);
    assert_eq!(find(&[]), []);
    assert_eq!(rows.last_reference().expect("reading"), 0);
    assert_eq!(rows.reference_count().expect("counting"), 0);
    let a = reference(1, 1, "a", 0);
    let b = Reference {
        size: u32::MAX,
        ..reference(2, 2, "deep/ü 'b'\u{1f5ff}%_", i64::MAX.unsigned_abs())
    };
    refer(rows, &[a.clone(), b.clone()]).await;
    assert_eq!(
        find(&[2, 9, 1, 2]),
        [Some(b.clone()), None, Some(a), Some(b.clone())]
    );
    // The last of a batch counts, and takes the place of the one before.
    let moved = reference(9, 1, "c", 3);
    refer(rows, &[reference(3, 1, "a", 7), moved.clone()]).await;
    assert_eq!(find(&[1]), [Some(moved.clone())]);
    assert_eq!(rows.last_reference().expect("reading"), 9);
    assert_eq!(rows.reference_count().expect("counting"), 2);
    // A reference that was replaced is not removed by the id that it had.
    rows.change_references(vec![
        ReferenceChange::RemoveId(1),
        ReferenceChange::RemoveId(77),
        ReferenceChange::Remove(key(77)),
        ReferenceChange::Remove(key(2)),
    ])
    .await
    .expect("removing");
    assert_eq!(find(&[1, 2]), [Some(moved), None]);
    rows.change_references(vec![ReferenceChange::RemoveId(9)])
        .await
        .expect("removing");
    assert_eq!(find(&[1, 2]), [None, None]);
    assert_eq!(rows.reference_count().expect("counting"), 0);
    rows.change_references(Vec::new())
        .await
        .expect("changing nothing");
    // A path that nothing referred to for a while is as good as new.
    refer(rows, std::slice::from_ref(&b)).await;
    assert_eq!(find(&[2]), [Some(b)]);
}

async fn pages_references(rows: &dyn ReferenceRows) {
    let mut all: Vec<Reference> = (0..60)
        .map(|number| {
            let path = ["b", "a", "a/b", "a b", "ü"][usize::try_from(number % 5).expect("small")];
            reference(number + 1, number, path, (100 - number) / 20 * 8)
        })
        .collect();
    refer(rows, &all).await;
    for page in [1, 7, 60, 100] {
        all.sort_by(|one, other| one.key.as_bytes().cmp(other.key.as_bytes()));
        assert_eq!(list_references(rows, ReferenceOrder::Key, page), all);
        let place = |found: &Reference| {
            let key = found.key.as_bytes().to_vec();
            (found.path.to_string(), found.offset, key)
        };
        all.sort_by_key(place);
        assert_eq!(list_references(rows, ReferenceOrder::Place, page), all);
    }
    // What a page ended with may be gone when the next one is read.
    for order in [ReferenceOrder::Key, ReferenceOrder::Place] {
        let listed = list_references(rows, order, 100);
        let (first, rest) = listed.split_at(listed.len() / 2);
        let last = first.last().expect("half of them");
        let gone = listed.iter().filter(|found| found.path == last.path);
        let gone: Vec<Reference> = gone.cloned().collect();
        let changes = gone
            .iter()
            .map(|found| ReferenceChange::RemoveId(found.id))
            .collect();
        rows.change_references(changes).await.expect("removing");
        let found = rows.reference_page(order, Some(last), 100);
        let left: Vec<_> = rest
            .iter()
            .filter(|found| found.path != last.path)
            .cloned()
            .collect();
        assert_eq!(found.expect("listing"), left);
        refer(rows, &gone).await;
    }
}
