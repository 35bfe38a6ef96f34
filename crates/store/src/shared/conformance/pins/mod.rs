//! What every [`PinRequestRows`](super::super::PinRequestRows) must do.

mod listing;
mod queue;

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_primitives::{Cid, Codec, Multihash};

use super::super::{
    Account, AccountId, Fenced, Idempotency, Inserted, LeasedPin, MAX_PIN_NAME, NewPin, PinEnd,
    PinFilter, PinLease, PinRequest, PinState, RequestId, SharedError, SharedRows,
};
use super::{MakeRows, account};

/// A lease that does not end during a test.
const LONG: Duration = Duration::from_secs(3600);

/// Runs every case, each on rows of its own that `make` answers empty.
pub async fn run(make: &MakeRows<'_>) {
    makes_finds_and_removes(&*make().await).await;
    refuses(&*make().await).await;
    repeats(&*make().await).await;
    times_are_unique(make).await;
    goes_with_its_account(&*make().await).await;
    listing::run(make).await;
    queue::run(make).await;
}

fn cid(text: &str) -> Cid {
    Cid::v1(Codec::DAG_PB, Multihash::sha2_256(text.as_bytes()))
}

/// A request whose content is its name.
fn new(account: &Account, text: &str) -> NewPin {
    let cid = cid(text);
    NewPin {
        account: account.id,
        cid_text: cid.to_string(),
        cid,
        name: Some(text.to_owned()),
        origins: Vec::new(),
        meta: BTreeMap::new(),
        idempotency: None,
    }
}

async fn insert(rows: &dyn SharedRows, pin: NewPin) -> PinRequest {
    match rows.insert_pin(pin).await.expect("making a request") {
        Inserted::New(pin) => pin,
        Inserted::Repeated(pin) => unreachable!("{pin:?} is not new"),
    }
}

async fn find(rows: &dyn SharedRows, account: &Account, id: RequestId) -> Option<PinRequest> {
    rows.pin_request(account.id, id).await.expect("reading")
}

async fn lease(rows: &dyn SharedRows, peer: &str, limit: usize) -> Vec<LeasedPin> {
    rows.lease_pins(peer, limit, LONG).await.expect("leasing")
}

fn pinned(size: u64) -> PinEnd {
    PinEnd::Pinned {
        dag_size: size,
        raw_size: Some(size / 2),
        details: None,
    }
}

async fn finish(rows: &dyn SharedRows, lease: PinLease, end: PinEnd) -> Fenced {
    rows.finish_pin(lease, end).await.expect("finishing")
}

/// Makes a request that is pinned at a peer, when no other one waits.
async fn make_pinned(rows: &dyn SharedRows, pin: NewPin, peer: &str) -> PinRequest {
    let made = insert(rows, pin).await;
    let leased = lease(rows, peer, 10).await;
    let [leased] = leased.as_slice() else {
        unreachable!("{leased:?} is not one request");
    };
    assert_eq!(finish(rows, leased.lease, pinned(100)).await, Fenced::Done);
    made
}

/// The CIDs that a peer may unpin, which are finished.
async fn released(rows: &dyn SharedRows, peer: &str) -> Vec<Cid> {
    let mut cids = Vec::new();
    for release in rows.releases(peer, 100).await.expect("reading") {
        assert!(rows.finish_release(release.id).await.expect("finishing"));
        cids.push(release.cid);
    }
    cids
}

async fn number(rows: &dyn SharedRows, account: AccountId, states: &[PinState]) -> u64 {
    let filter = PinFilter {
        states: states.to_vec(),
        ..PinFilter::default()
    };
    let page = rows.pin_requests(account, filter, 0).await;
    page.expect("counting").count
}

async fn makes_finds_and_removes(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let other = account(rows, "other").await;
    let before = rows.now().await.expect("the clock");
    let wanted = NewPin {
        cid_text: "as it was written".to_owned(),
        name: Some("naïve \u{1f5ff}'%\"".to_owned()),
        origins: vec!["/ip4/192.0.2.1/tcp/1/p2p/x".to_owned()],
        meta: BTreeMap::from([("key\0".to_owned(), "value\n".to_owned())]),
        ..new(&owner, "one")
    };
    let made = insert(rows, wanted.clone()).await;
    let after = rows.now().await.expect("the clock");
    assert!(before <= made.created() && made.created() <= after);
    assert_eq!(made.cid, wanted.cid);
    assert_eq!(made.cid_text, wanted.cid_text);
    assert_eq!(made.name, wanted.name);
    assert_eq!(made.origins, wanted.origins);
    assert_eq!(made.meta, wanted.meta);
    assert_eq!(made.state, PinState::Queued);
    assert!(made.queue.is_some());
    assert_eq!(find(rows, &owner, made.id).await, Some(made.clone()));
    // The same content again is another request, and without a name it is found as well.
    let again = insert(
        rows,
        NewPin {
            name: None,
            ..wanted.clone()
        },
    )
    .await;
    assert_ne!(again.id, made.id);
    assert_eq!(find(rows, &owner, again.id).await, Some(again.clone()));
    // Nobody else sees, changes or counts it.
    assert_eq!(find(rows, &other, made.id).await, None);
    assert!(!rows.delete_pin(other.id, made.id).await.expect("removing"));
    let theirs = rows.replace_pin(made.id, new(&other, "two")).await;
    assert_eq!(theirs.expect("replacing"), None);
    assert_eq!(number(rows, other.id, &[]).await, 0);
    assert_eq!(number(rows, owner.id, &[]).await, 2);
    assert!(rows.delete_pin(owner.id, made.id).await.expect("removing"));
    assert!(!rows.delete_pin(owner.id, made.id).await.expect("removing"));
    assert_eq!(find(rows, &owner, made.id).await, None);
    assert_eq!(number(rows, owner.id, &[]).await, 1);
    let everything = PinFilter {
        meta: wanted.meta,
        ..PinFilter::default()
    };
    let page = rows.pin_requests(owner.id, everything, 10).await;
    assert_eq!(page.expect("listing").count, 1);
}

async fn refuses(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let nobody = Account {
        id: AccountId(owner.id.0 + 1),
        ..owner.clone()
    };
    assert!(matches!(
        rows.insert_pin(new(&nobody, "one")).await,
        Err(SharedError::Missing { what: "account" })
    ));
    let longest = "\u{3b0}".repeat(MAX_PIN_NAME);
    insert(rows, new(&owner, &longest)).await;
    insert(rows, new(&owner, "")).await;
    for bad in [format!("{longest}n"), "a\0b".to_owned()] {
        assert!(matches!(
            rows.insert_pin(new(&owner, &bad)).await,
            Err(SharedError::BadName { .. })
        ));
    }
    assert_eq!(number(rows, owner.id, &[]).await, 2);
}

fn with_key(pin: NewPin, key: &str, lifetime: Duration) -> NewPin {
    NewPin {
        idempotency: Some(Idempotency {
            key: key.to_owned(),
            lifetime,
        }),
        ..pin
    }
}

async fn repeats(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let other = account(rows, "other").await;
    let first = with_key(new(&owner, "one"), "key", LONG);
    let made = insert(rows, first.clone()).await;
    let again = rows.insert_pin(first.clone()).await.expect("repeating");
    assert_eq!(again, Inserted::Repeated(made.clone()));
    assert!(matches!(
        rows.insert_pin(with_key(new(&owner, "two"), "key", LONG))
            .await,
        Err(SharedError::KeyReused)
    ));
    insert(rows, with_key(new(&other, "two"), "key", LONG)).await;
    // Replacing may be repeated too, also when the old request is gone.
    let second = with_key(new(&owner, "two"), "another", LONG);
    let replaced = rows.replace_pin(made.id, second.clone()).await;
    let replaced = replaced.expect("replacing").expect("a request").into_pin();
    let again = rows.replace_pin(made.id, second).await.expect("repeating");
    assert_eq!(again, Some(Inserted::Repeated(replaced.clone())));
    // A key ends with its request, and with its time.
    let anew = insert(rows, first.clone()).await;
    assert_ne!(anew.id, made.id);
    assert!(rows.delete_pin(owner.id, anew.id).await.expect("removing"));
    let short = with_key(new(&owner, "three"), "short", Duration::ZERO);
    let one = insert(rows, short.clone()).await;
    let two = insert(rows, short).await;
    assert_ne!(one.id, two.id);
}

async fn times_are_unique(make: &MakeRows<'_>) {
    let rows = make().await;
    let owner = account(&*rows, "owner").await;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (rows, owner) = (std::sync::Arc::clone(&rows), owner.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                for turn in 0..20 {
                    let made = insert(&*rows, new(&owner, &format!("{task} {turn}"))).await;
                    times.push(made.created());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        let made = task.await.expect("a writing task");
        assert!(made.is_sorted_by(|one, next| one < next));
        times.extend(made);
    }
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), 160);
    assert_eq!(number(&*rows, owner.id, &[]).await, 160);
}

async fn goes_with_its_account(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let pin = make_pinned(rows, new(&owner, "one"), "peer").await;
    let next = rows.replace_pin(pin.id, new(&owner, "two")).await;
    next.expect("replacing").expect("a request");
    let mut wanted = vec![cid("one"), cid("two"), cid("three")];
    assert_eq!(lease(rows, "peer", 10).await.len(), 1);
    insert(rows, new(&owner, "waiting")).await;
    let three = insert(rows, new(&owner, "three")).await;
    for leased in lease(rows, "peer", 10).await {
        if leased.lease.created == three.created() {
            assert_eq!(finish(rows, leased.lease, pinned(1)).await, Fenced::Done);
        } else {
            wanted.push(leased.cid.clone());
        }
    }
    assert!(rows.remove_account(owner.id).await.expect("removing"));
    assert_eq!(find(rows, &owner, pin.id).await, None);
    let mut found = released(rows, "peer").await;
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    for cid in wanted {
        assert!(!rows.wants_pin("peer", &cid).await.expect("reading"));
    }
    assert_eq!(lease(rows, "peer", 10).await, []);
}
