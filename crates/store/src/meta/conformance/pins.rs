//! What every [`PinRows`] must do.

use std::sync::Arc;

use cairn_primitives::{Cid, Codec, Multihash};

use super::super::{Pin, PinChange, PinFilter, PinMode, PinOwner, PinRows};
use super::cid;

/// A recursive pin without a name, of [`cid`].
#[must_use]
pub fn pin(number: u64) -> Pin {
    Pin {
        cid: cid(number),
        mode: PinMode::Recursive,
        name: String::new(),
        owner: PinOwner::User,
    }
}

/// Every pin that passes a filter.
#[must_use]
pub fn list(rows: &dyn PinRows, filter: &PinFilter) -> Vec<Pin> {
    let mut pins = Vec::new();
    rows.pins(filter, &mut |pin| {
        pins.push(pin);
        true
    })
    .expect("listing");
    pins
}

async fn set(rows: &dyn PinRows, pins: impl IntoIterator<Item = Pin>) {
    rows.change_pins(pins.into_iter().map(PinChange::Set).collect())
        .await
        .expect("setting pins");
}

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &dyn Fn() -> Arc<dyn PinRows>) {
    sets_replaces_and_removes(&*make()).await;
    keeps_forms_of_one_hash_apart(&*make()).await;
    keeps_owners_apart(&*make()).await;
    applies_a_batch_in_order(&*make()).await;
    lists_in_order_of_bytes(&*make()).await;
    filters(&*make()).await;
    stops_when_asked(&*make()).await;
    lists_one_view(&make()).await;
    takes_changes_from_many(make()).await;
}

async fn sets_replaces_and_removes(rows: &dyn PinRows) {
    assert_eq!(rows.pin(&cid(1), PinOwner::User).expect("reading"), None);
    assert_eq!(rows.pin_count().expect("counting"), 0);
    set(rows, [pin(1)]).await;
    assert_eq!(
        rows.pin(&cid(1), PinOwner::User).expect("reading"),
        Some(pin(1))
    );
    let renamed = Pin {
        mode: PinMode::Direct,
        name: "naïve \u{1f5ff}\0'%".into(),
        ..pin(1)
    };
    set(rows, [renamed.clone()]).await;
    assert_eq!(
        rows.pin(&cid(1), PinOwner::User).expect("reading"),
        Some(renamed)
    );
    assert_eq!(rows.pin_count().expect("counting"), 1);
    rows.change_pins(vec![
        PinChange::Remove(cid(1), PinOwner::User),
        PinChange::Remove(cid(2), PinOwner::User),
    ])
    .await
    .expect("removing");
    assert_eq!(rows.pin(&cid(1), PinOwner::User).expect("reading"), None);
    assert_eq!(rows.pin_count().expect("counting"), 0);
    rows.change_pins(Vec::new())
        .await
        .expect("changing nothing");
}

async fn keeps_forms_of_one_hash_apart(rows: &dyn PinRows) {
    let hash = Multihash::sha2_256(b"block");
    let forms = [
        Cid::v0(hash.clone()).expect("a version 0"),
        Cid::v1(Codec::DAG_PB, hash.clone()),
        Cid::v1(Codec::RAW, hash),
    ];
    set(
        rows,
        forms.iter().map(|cid| Pin {
            cid: cid.clone(),
            ..pin(0)
        }),
    )
    .await;
    assert_eq!(rows.pin_count().expect("counting"), 3);
    for cid in &forms {
        assert_eq!(
            rows.pin(cid, PinOwner::User)
                .expect("reading")
                .map(|pin| pin.cid)
                .as_ref(),
            Some(cid)
        );
    }
}

async fn keeps_owners_apart(rows: &dyn PinRows) {
    let of_services = |number| Pin {
        mode: PinMode::Direct,
        name: "service".into(),
        owner: PinOwner::Services,
        ..pin(number)
    };
    set(rows, [pin(1), of_services(1), of_services(2), pin(3)]).await;
    let mut all = vec![pin(1), of_services(1), of_services(2), pin(3)];
    all.sort_by_key(|pin| (pin.cid.to_bytes(), pin.owner));
    assert_eq!(list(rows, &PinFilter::default()), all);
    assert_eq!(rows.pin_count().expect("counting"), 4);
    for owner in [PinOwner::User, PinOwner::Services] {
        let filter = PinFilter {
            owner: Some(owner),
            ..PinFilter::default()
        };
        all.retain(|pin| pin.owner == owner);
        assert_eq!(list(rows, &filter), all);
        all = list(rows, &PinFilter::default());
    }
    let get = |number, owner| rows.pin(&cid(number), owner).expect("reading");
    assert_eq!(get(1, PinOwner::Services), Some(of_services(1)));
    assert_eq!(get(2, PinOwner::User), None);
    let changes = [
        (1, PinOwner::User),
        (2, PinOwner::User),
        (3, PinOwner::Services),
    ];
    let changes = changes.map(|(number, owner)| PinChange::Remove(cid(number), owner));
    rows.change_pins(changes.into()).await.expect("removing");
    assert_eq!(get(1, PinOwner::User), None);
    assert_eq!(get(1, PinOwner::Services), Some(of_services(1)));
    assert_eq!(get(2, PinOwner::Services), Some(of_services(2)));
    assert_eq!(get(3, PinOwner::User), Some(pin(3)));
    assert_eq!(rows.pin_count().expect("counting"), 3);
}

async fn applies_a_batch_in_order(rows: &dyn PinRows) {
    let changes = vec![
        PinChange::Set(pin(1)),
        PinChange::Remove(cid(1), PinOwner::User),
        PinChange::Set(pin(2)),
        PinChange::Set(Pin {
            name: "last".into(),
            ..pin(2)
        }),
    ];
    rows.change_pins(changes).await.expect("changing");
    assert_eq!(rows.pin(&cid(1), PinOwner::User).expect("reading"), None);
    assert_eq!(
        rows.pin(&cid(2), PinOwner::User)
            .expect("reading")
            .expect("a pin")
            .name,
        "last"
    );
}

async fn lists_in_order_of_bytes(rows: &dyn PinRows) {
    let mut expected: Vec<Pin> = (0..2_000).map(pin).collect();
    let short = Cid::v1(
        Codec::RAW,
        Multihash::wrap(0, b"inline").expect("an identity hash"),
    );
    expected.push(Pin {
        cid: short,
        ..pin(0)
    });
    set(rows, expected.clone()).await;
    expected.sort_by_key(|pin| pin.cid.to_bytes());
    assert_eq!(list(rows, &PinFilter::default()), expected);
    assert_eq!(rows.pin_count().expect("counting"), 2_001);
}

async fn filters(rows: &dyn PinRows) {
    let named = |number, mode, name: &str| Pin {
        mode,
        name: name.into(),
        ..pin(number)
    };
    let all = [
        named(1, PinMode::Recursive, ""),
        named(2, PinMode::Recursive, "holiday 2024"),
        named(3, PinMode::Direct, "HOLIDAY"),
        named(4, PinMode::Direct, "100% été"),
    ];
    set(rows, all.clone()).await;
    let cases: [(Option<PinMode>, Option<&str>, &[u64]); 8] = [
        (None, None, &[1, 2, 3, 4]),
        (Some(PinMode::Direct), None, &[3, 4]),
        (None, Some("day"), &[2]),
        (None, Some("%"), &[4]),
        (None, Some("ét"), &[4]),
        (None, Some("_"), &[]),
        (Some(PinMode::Recursive), Some(""), &[1, 2]),
        (Some(PinMode::Direct), Some("holiday"), &[]),
    ];
    for (mode, name, numbers) in cases {
        let filter = PinFilter {
            mode,
            name_contains: name.map(str::to_owned),
            owner: None,
        };
        let mut found: Vec<Cid> = list(rows, &filter).into_iter().map(|pin| pin.cid).collect();
        let mut expected: Vec<Cid> = numbers.iter().map(|number| cid(*number)).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn stops_when_asked(rows: &dyn PinRows) {
    set(rows, (0..10).map(pin)).await;
    let mut seen = 0;
    rows.pins(&PinFilter::default(), &mut |_| {
        seen += 1;
        seen < 3
    })
    .expect("listing");
    assert_eq!(seen, 3);
}

/// A listing sees the pins of its beginning, and reads and listings inside it work.
async fn lists_one_view(rows: &Arc<dyn PinRows>) {
    set(&**rows, (0..3_000).map(pin)).await;
    let (begun, begins) = std::sync::mpsc::channel();
    let (changed, changes) = std::sync::mpsc::channel();
    let listing = {
        let rows = Arc::clone(rows);
        std::thread::spawn(move || {
            let mut seen = Vec::new();
            rows.pins(&PinFilter::default(), &mut |pin| {
                if seen.is_empty() {
                    begun.send(()).expect("a waiting suite");
                    changes.recv().expect("a changing suite");
                    assert_eq!(rows.pin_count().expect("counting within a listing"), 1);
                    assert_eq!(list(&*rows, &PinFilter::default()).len(), 1);
                }
                seen.push(pin.cid);
                true
            })
            .expect("listing");
            seen
        })
    };
    begins.recv().expect("a listing");
    let mut batch: Vec<PinChange> = (0..3_000)
        .map(|number| PinChange::Remove(cid(number), PinOwner::User))
        .collect();
    batch.push(PinChange::Set(pin(5_000)));
    rows.change_pins(batch)
        .await
        .expect("changing beside a listing");
    changed.send(()).expect("a listing");
    let mut seen = listing.join().expect("the listing's thread");
    seen.sort();
    let mut expected: Vec<Cid> = (0..3_000).map(cid).collect();
    expected.sort();
    assert!(
        seen == expected,
        "a listing saw a change made after its beginning"
    );
    assert_eq!(rows.pin_count().expect("counting"), 1);
}

async fn takes_changes_from_many(rows: Arc<dyn PinRows>) {
    let tasks: Vec<_> = (0..32_u64)
        .map(|task| {
            let rows = Arc::clone(&rows);
            tokio::spawn(async move {
                for number in 0..25 {
                    let own = pin(task * 1_000 + number);
                    let shared = Pin {
                        name: task.to_string(),
                        ..pin(u64::MAX)
                    };
                    rows.change_pins(vec![PinChange::Set(own.clone()), PinChange::Set(shared)])
                        .await
                        .expect("changing");
                    // What was answered can be read.
                    assert_eq!(
                        rows.pin(&own.cid, PinOwner::User).expect("reading"),
                        Some(own)
                    );
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a writing task");
    }
    assert_eq!(rows.pin_count().expect("counting"), 32 * 25 + 1);
}
