//! What every [`MfsRows`] must do.

use std::sync::Arc;

use super::super::MfsRows;
use super::cid;

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &dyn Fn() -> Arc<dyn MfsRows>) {
    names_the_root(&*make()).await;
}

async fn names_the_root(rows: &dyn MfsRows) {
    assert_eq!(rows.mfs_root().expect("reading"), None);
    for number in [1, 2] {
        rows.set_mfs_root(&cid(number)).await.expect("naming");
        assert_eq!(rows.mfs_root().expect("reading"), Some(cid(number)));
    }
}
