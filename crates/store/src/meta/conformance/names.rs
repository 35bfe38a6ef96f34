//! What every [`NameRows`] must do.

use std::sync::Arc;

use cairn_primitives::PeerId;
use cairn_primitives::keys::Keypair;

use super::super::{NameRecord, NameRows};

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &dyn Fn() -> Arc<dyn NameRows>) {
    keeps_records(&*make()).await;
    keeps_the_highest_number(&*make()).await;
}

/// A name made of a number.
#[must_use]
pub fn name(number: u8) -> PeerId {
    Keypair::from_ed25519_seed(&[number; 32]).peer_id()
}

/// A record of a name.
#[must_use]
pub fn record(number: u8, sequence: u64, text: &str) -> NameRecord {
    NameRecord {
        name: name(number),
        sequence,
        record: text.as_bytes().to_vec().into(),
    }
}

fn list(rows: &dyn NameRows) -> Vec<NameRecord> {
    let mut all = Vec::new();
    rows.name_records(&mut |record| {
        all.push(record);
        true
    })
    .expect("listing");
    all
}

async fn keeps_records(rows: &dyn NameRows) {
    assert_eq!(rows.name_record(&name(1)).expect("reading"), None);
    assert_eq!(list(rows), []);
    let mut records = [record(1, 0, "a"), record(2, 7, ""), record(3, 1, "c")];
    for record in &records {
        rows.set_name_record(record.clone()).await.expect("keeping");
        let kept = rows.name_record(&record.name).expect("reading");
        assert_eq!(kept.as_ref(), Some(record));
    }
    records.sort_by_key(|left| left.name.to_bytes());
    assert_eq!(list(rows), records);
    let mut seen = 0;
    rows.name_records(&mut |_| {
        seen += 1;
        seen < 2
    })
    .expect("listing");
    assert_eq!(seen, 2);
}

async fn keeps_the_highest_number(rows: &dyn NameRows) {
    let high = u64::MAX;
    let middle = i64::MAX.unsigned_abs();
    for (sequence, text, kept) in [
        (1, "first", "first"),
        (0, "older", "first"),
        (1, "same", "same"),
        (300, "300", "300"),
        (255, "255", "300"),
        (middle, "middle", "middle"),
        (high, "high", "high"),
        (middle + 1, "lower", "high"),
    ] {
        let given = record(1, sequence, text);
        rows.set_name_record(given).await.expect("keeping");
        let found = rows.name_record(&name(1)).expect("reading");
        assert_eq!(found.expect("a record").record, kept.as_bytes());
    }
}
