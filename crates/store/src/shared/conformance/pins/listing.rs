//! Listings: every combination of filters, against a model.

use super::super::super::{NameMatch, PinPage};
use super::*;

/// Runs every case.
pub(super) async fn run(make: &MakeRows<'_>) {
    agrees_with_a_model(&*make().await).await;
    versions_of_a_cid_are_one(&*make().await).await;
    pages_through_while_it_grows(&*make().await).await;
}

/// A number generator: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

const NAMES: [&str; 8] = [
    "Photo.jpg",
    "photo.JPG",
    "photo",
    "Straße",
    "STRASSE",
    "100%_\\x",
    "",
    "ΌΣΟΣ",
];

const PARTS: [&str; 8] = ["photo", "PHOTO", "ß", "SS", "%", "_", "σ", "none"];

fn matches(pin: &PinRequest, filter: &PinFilter) -> bool {
    let fold = crate::shared::pins::fold;
    let named = filter.name.as_ref().is_none_or(|(wanted, how)| {
        pin.name.as_ref().is_some_and(|name| match how {
            NameMatch::Exact => name == wanted,
            NameMatch::ExactFolded => fold(name) == fold(wanted),
            NameMatch::Partial => name.contains(wanted),
            NameMatch::PartialFolded => fold(name).contains(&fold(wanted)),
        })
    });
    named
        && (filter.cids.is_empty() || filter.cids.contains(&pin.cid))
        && (filter.states.is_empty() || filter.states.contains(&pin.state))
        && filter.before.is_none_or(|before| pin.created() < before)
        && filter.after.is_none_or(|after| pin.created() > after)
        && filter
            .meta
            .iter()
            .all(|(key, value)| pin.meta.get(key) == Some(value))
}

fn metadata(random: &mut Random, keys: usize) -> BTreeMap<String, String> {
    (0..random.below(keys))
        .map(|_| {
            let key = random.of(&["app", "user", "ключ"]).to_string();
            (key, random.of(&["1", "2"]).to_string())
        })
        .collect()
}

async fn agrees_with_a_model(rows: &dyn SharedRows) {
    let mut random = Random(12);
    let owner = account(rows, "owner").await;
    let other = account(rows, "other").await;
    let cids: Vec<_> = (0..6).map(|number| cid(&number.to_string())).collect();
    let mut model: Vec<PinRequest> = Vec::new();
    for turn in 0..120 {
        let of = if turn % 5 == 0 { &other } else { &owner };
        let pin = NewPin {
            cid: random.of(&cids).clone(),
            name: (random.below(4) > 0).then(|| random.of(&NAMES).to_string()),
            meta: metadata(&mut random, 3),
            ..new(of, "")
        };
        let made = insert(rows, pin).await;
        if of == &owner {
            model.push(made);
        }
    }
    // Some are pinned, some fail, some are being pinned, some are removed.
    for leased in lease(rows, "peer", 80).await {
        let (end, state) = match random.below(4) {
            0 => {
                let started = rows.start_pin(leased.lease).await.expect("starting");
                assert_eq!(started, Fenced::Done);
                (None, PinState::Pinning)
            }
            1 => (Some(pinned(7)), PinState::Pinned),
            2 => {
                let details = "no peer has it".to_owned();
                (Some(PinEnd::Failed { details }), PinState::Failed)
            }
            _ => (None, PinState::Queued),
        };
        if let Some(end) = end {
            assert_eq!(finish(rows, leased.lease, end).await, Fenced::Done);
        }
        let mine = |pin: &&mut PinRequest| pin.created() == leased.lease.created;
        if leased.lease.account == owner.id
            && let Some(pin) = model.iter_mut().find(mine)
        {
            pin.state = state;
        }
    }
    for _ in 0..15 {
        let pin = model.swap_remove(random.below(model.len()));
        assert!(rows.delete_pin(owner.id, pin.id).await.expect("removing"));
    }
    model.sort_by_key(|pin| std::cmp::Reverse(pin.created()));
    for _ in 0..400 {
        let filter = any_filter(&mut random, &cids, &model);
        let limit = *random.of(&[0, 1, 3, 10, 1000]);
        let wanted: Vec<_> = model.iter().filter(|pin| matches(pin, &filter)).collect();
        let found = rows.pin_requests(owner.id, filter.clone(), limit).await;
        let PinPage { count, pins } = found.expect("listing");
        assert_eq!(count, wanted.len() as u64, "{filter:?}");
        let ids: Vec<_> = pins.iter().map(|pin| (pin.id, pin.state)).collect();
        let first = wanted.iter().take(limit).map(|pin| (pin.id, pin.state));
        assert_eq!(ids, first.collect::<Vec<_>>(), "{filter:?}");
    }
}

fn any_filter(random: &mut Random, cids: &[Cid], model: &[PinRequest]) -> PinFilter {
    let mut filter = PinFilter::default();
    if random.below(3) == 0 {
        // Some twice.
        filter.cids = (0..random.below(4))
            .map(|_| random.of(cids).clone())
            .collect();
    }
    if random.below(2) == 0 {
        filter.name = Some(match random.below(4) {
            0 => (random.of(&NAMES).to_string(), NameMatch::Exact),
            1 => (random.of(&NAMES).to_string(), NameMatch::ExactFolded),
            2 => (random.of(&PARTS).to_string(), NameMatch::Partial),
            _ => (random.of(&PARTS).to_string(), NameMatch::PartialFolded),
        });
    }
    if random.below(2) == 0 {
        let states = (0..=random.below(5)).map(|_| *random.of(&PinState::ALL));
        filter.states = states.collect();
    }
    if random.below(3) == 0 {
        filter.before = Some(random.of(model).created());
    }
    if random.below(3) == 0 {
        filter.after = Some(random.of(model).created());
    }
    if random.below(3) == 0 {
        filter.meta = metadata(random, 3);
    }
    filter
}

async fn versions_of_a_cid_are_one(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let v1 = cid("one");
    let v0 = v1.to_v0().expect("a CID of version 0");
    let pin = NewPin {
        cid: v0.clone(),
        cid_text: v0.to_string(),
        ..new(&owner, "one")
    };
    let made = insert(rows, pin).await;
    assert_eq!(made.cid_text, v0.to_string());
    for cids in [vec![v0.clone()], vec![v1.clone()], vec![v0, v1]] {
        let filter = PinFilter {
            cids,
            ..PinFilter::default()
        };
        let page = rows.pin_requests(owner.id, filter, 10).await;
        let page = page.expect("listing");
        assert_eq!(
            (page.count, page.pins.as_slice()),
            (1, [made.clone()].as_slice())
        );
    }
}

async fn pages_through_while_it_grows(rows: &dyn SharedRows) {
    let owner = account(rows, "owner").await;
    let mut made = Vec::new();
    for number in 0..50 {
        made.push(insert(rows, new(&owner, &number.to_string())).await.id);
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let filter = PinFilter {
            before,
            ..PinFilter::default()
        };
        let page = rows
            .pin_requests(owner.id, filter, 7)
            .await
            .expect("listing");
        let Some(last) = page.pins.last() else { break };
        assert_eq!(page.count, (50 - seen.len()) as u64);
        before = Some(last.created());
        seen.extend(page.pins.iter().map(|pin| pin.id));
        insert(rows, new(&owner, "later")).await;
    }
    made.reverse();
    assert_eq!(seen, made);
}
