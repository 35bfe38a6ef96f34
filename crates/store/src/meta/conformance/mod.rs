//! What all rows must do: a suite a table group, which each backend runs in its tests.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test suite reports by panicking"
)]

pub mod keys;
pub mod mfs;
pub mod names;
pub mod pins;
pub mod references;

use std::sync::Arc;

use cairn_primitives::{Cid, Codec, Multihash};

pub use self::pins::{list, pin};
pub use self::references::{list_references, reference};
use super::{PinChange, PinFilter, PinOwner, ReferenceOrder, RowError, Rows};

/// A CID made of a number.
#[must_use]
pub fn cid(number: u64) -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(&number.to_be_bytes()))
}

/// Runs the suite of every group, and what concerns all of them; each case on rows of its own that `make` answers empty.
pub async fn run(make: &dyn Fn() -> Arc<dyn Rows>) {
    pins::run(&|| make()).await;
    mfs::run(&|| make()).await;
    names::run(&|| make()).await;
    references::run(&|| make()).await;
    binds(&*make()).await;
    closes(&*make()).await;
}

async fn binds(rows: &dyn Rows) {
    assert_eq!(rows.store_id().expect("reading"), None);
    rows.bind("one").await.expect("binding");
    assert_eq!(rows.store_id().expect("reading").as_deref(), Some("one"));
    rows.bind("two").await.expect("binding");
    assert_eq!(rows.store_id().expect("reading").as_deref(), Some("two"));
}

async fn closes(rows: &dyn Rows) {
    rows.change_pins(vec![PinChange::Set(pin(1))])
        .await
        .expect("setting a pin");
    rows.close().await.expect("closing");
    rows.close().await.expect("closing again");
    assert!(matches!(
        rows.pin(&cid(1), PinOwner::User),
        Err(RowError::Closed)
    ));
    assert!(matches!(rows.pin_count(), Err(RowError::Closed)));
    assert!(matches!(rows.store_id(), Err(RowError::Closed)));
    assert!(matches!(
        rows.pins(&PinFilter::default(), &mut |_| true),
        Err(RowError::Closed)
    ));
    assert!(matches!(
        rows.change_pins(vec![PinChange::Set(pin(2))]).await,
        Err(RowError::Closed)
    ));
    assert!(matches!(
        rows.change_pins(Vec::new()).await,
        Err(RowError::Closed)
    ));
    assert!(matches!(rows.bind("late").await, Err(RowError::Closed)));
    assert!(matches!(rows.mfs_root(), Err(RowError::Closed)));
    assert!(matches!(
        rows.set_mfs_root(&cid(1)).await,
        Err(RowError::Closed)
    ));
    assert!(matches!(
        rows.name_record(&names::name(1)),
        Err(RowError::Closed)
    ));
    assert!(matches!(
        rows.set_name_record(names::record(1, 1, "late")).await,
        Err(RowError::Closed)
    ));
    assert!(matches!(rows.references(&[]), Err(RowError::Closed)));
    assert!(matches!(rows.reference_count(), Err(RowError::Closed)));
    assert!(matches!(rows.last_reference(), Err(RowError::Closed)));
    assert!(matches!(
        rows.reference_page(ReferenceOrder::Key, None, 1),
        Err(RowError::Closed)
    ));
    assert!(matches!(
        rows.change_references(Vec::new()).await,
        Err(RowError::Closed)
    ));
}
