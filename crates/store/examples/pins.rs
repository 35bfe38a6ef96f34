//! Measures pin requests in a database: `pins URL [TOTAL]`. Half of them are of one account. Makes them with 32 clients, pins a
//! tenth, and then lists with every kind of filter, whose number of matches is counted as well.

#![allow(clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::shared::{AccountId, NameMatch, NewPin, PinEnd, PinFilter, PinState, SharedRows};

/// Clients that write at once.
const CLIENTS: u64 = 32;

/// How often each listing is timed.
const ROUNDS: usize = 31;

/// Accounts beside the large one.
const ACCOUNTS: u64 = 100;

fn cid(number: u64) -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(&number.to_be_bytes()))
}

fn pin(account: AccountId, number: u64) -> NewPin {
    let cid = cid(number);
    NewPin {
        account,
        cid_text: cid.to_string(),
        cid,
        name: Some(format!("Photo {:05} of summer.jpg", number % 100_000)),
        origins: Vec::new(),
        meta: BTreeMap::from([
            ("app".to_owned(), (number % 10).to_string()),
            ("user".to_owned(), (number % 1_009).to_string()),
        ]),
        idempotency: None,
    }
}

async fn make(rows: &Arc<dyn SharedRows>, accounts: &[AccountId], total: u64) {
    let next = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (rows, next, accounts) = (Arc::clone(rows), Arc::clone(&next), accounts.to_vec());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= total {
                        return;
                    }
                    // Every second one is of the first account.
                    let place = if number.is_multiple_of(2) {
                        0
                    } else {
                        1 + number / 2 % ACCOUNTS
                    };
                    let account = accounts[usize::try_from(place).expect("few accounts")];
                    rows.insert_pin(pin(account, number))
                        .await
                        .expect("a request");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a writing task");
    }
    let rate = total as f64 / begin.elapsed().as_secs_f64();
    println!("{total} requests made by {CLIENTS} clients: {rate:.0}/s");
}

async fn work(rows: &Arc<dyn SharedRows>, total: u64) {
    let begin = Instant::now();
    let mut done = 0;
    while done < total {
        let leased = rows.lease_pins("peer", 256, Duration::from_secs(600)).await;
        let ends = leased.expect("leasing").into_iter().map(|pin| {
            let end = PinEnd::Pinned {
                dag_size: 1_000,
                raw_size: Some(900),
                details: None,
            };
            rows.finish_pin(pin.lease, end)
        });
        done += futures_util::future::join_all(ends).await.len() as u64;
    }
    let rate = done as f64 / begin.elapsed().as_secs_f64();
    println!("{done} requests leased and pinned: {rate:.0}/s");
}

async fn list(rows: &Arc<dyn SharedRows>, account: AccountId, name: &str, filter: &PinFilter) {
    let mut times = Vec::new();
    let mut count = 0;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let page = rows.pin_requests(account, filter.clone(), 10).await;
        times.push(begin.elapsed());
        count = page.expect("listing").count;
    }
    times.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let (median, worst) = (times[ROUNDS / 2], times[ROUNDS - 1]);
    println!(
        "{name:32} {count:8} matches {:9.2} ms at the median, {:9.2} ms at most",
        millis(median),
        millis(worst)
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("a database URL");
    let total: u64 = arguments
        .next()
        .map_or(1_000_000, |text| text.parse().expect("a number"));
    let url = url.parse().expect("a database URL");
    let rows = cairn_store::shared::open(&url, Path::new("."))
        .await
        .expect("a database");
    let mut accounts = Vec::new();
    for number in 0..=ACCOUNTS {
        let account = rows.create_account(&format!("account {number}")).await;
        accounts.push(account.expect("an account").id);
    }
    make(&rows, &accounts, total).await;
    work(&rows, total / 10).await;
    let large = accounts[0];
    let newest = rows
        .pin_requests(large, PinFilter::default(), 1)
        .await
        .expect("listing");
    let newest = newest.pins.first().expect("a request").created();
    let oldest = {
        let first = PinFilter {
            cids: vec![cid(0)],
            ..PinFilter::default()
        };
        let page = rows.pin_requests(large, first, 1).await.expect("listing");
        page.pins.first().expect("a request").created()
    };
    let middle = i64::midpoint(oldest, newest);
    let named = |name: &str, how| PinFilter {
        name: Some((name.to_owned(), how)),
        ..PinFilter::default()
    };
    let with_meta = |pairs: &[(&str, &str)]| PinFilter {
        meta: pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        ..PinFilter::default()
    };
    let states = |states: &[PinState]| PinFilter {
        states: states.to_vec(),
        ..PinFilter::default()
    };
    for (name, filter) in [
        ("all", PinFilter::default()),
        ("status pinned", states(&[PinState::Pinned])),
        (
            "status queued, failed",
            states(&[PinState::Queued, PinState::Failed]),
        ),
        (
            "exact name",
            named("Photo 00012 of summer.jpg", NameMatch::Exact),
        ),
        (
            "exact name without case",
            named("PHOTO 00012 OF SUMMER.JPG", NameMatch::ExactFolded),
        ),
        (
            "a CID",
            PinFilter {
                cids: vec![cid(1_000)],
                ..PinFilter::default()
            },
        ),
        (
            "10 CIDs",
            PinFilter {
                cids: (0..10).map(|n| cid(n * 2)).collect(),
                ..PinFilter::default()
            },
        ),
        (
            "before the middle",
            PinFilter {
                before: Some(middle),
                ..PinFilter::default()
            },
        ),
        (
            "after the middle",
            PinFilter {
                after: Some(middle),
                ..PinFilter::default()
            },
        ),
        (
            "pinned before the middle",
            PinFilter {
                before: Some(middle),
                ..states(&[PinState::Pinned])
            },
        ),
        ("part of a name, rare", named("00012", NameMatch::Partial)),
        (
            "part of a name, common",
            named("summer", NameMatch::Partial),
        ),
        (
            "part without case, rare",
            named("PHOTO 00012", NameMatch::PartialFolded),
        ),
        (
            "part without case, none",
            named("winter", NameMatch::PartialFolded),
        ),
        ("metadata, a fifth", with_meta(&[("app", "2")])),
        ("metadata, a thousandth", with_meta(&[("user", "12")])),
        ("metadata, both", with_meta(&[("app", "2"), ("user", "12")])),
        (
            "metadata and status",
            PinFilter {
                states: vec![PinState::Pinned],
                ..with_meta(&[("app", "2")])
            },
        ),
    ] {
        list(&rows, large, name, &filter).await;
    }
    rows.close().await.expect("closing");
}
