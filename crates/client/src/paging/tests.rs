//! Paging against simulated services.

use std::collections::HashMap;

use proptest::prelude::*;

use super::time::{MILLISECOND, Nanos, SECOND, read, write};
use super::{Bounds, Item, Pager, PagingError};

#[derive(Clone, Debug)]
struct Listed {
    id: String,
    created: String,
}

impl Item for Listed {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> &str {
        &self.created
    }
}

/// How a simulated service behaves.
#[derive(Clone, Copy, Debug)]
struct Behaviour {
    /// Whether `before` and `after` include pins of exactly that time.
    inclusive: bool,
    /// Whether pages are sorted, the newest pin first; otherwise they are in the order of the IDs.
    sorted: bool,
    /// Whether `count` is the number of all that match; otherwise it is the length of the page.
    counts_all: bool,
    /// The largest page, whatever is requested.
    most: usize,
}

struct Service {
    behaviour: Behaviour,
    pins: Vec<(Nanos, String)>,
}

impl Service {
    fn list(&self, request: &Bounds) -> (u64, Vec<Listed>) {
        let Behaviour {
            inclusive,
            sorted,
            counts_all,
            most,
        } = self.behaviour;
        let before = request.before.as_deref().map(|text| read(text).unwrap());
        let after = request.after.as_deref().map(|text| read(text).unwrap());
        let mut found: Vec<&(Nanos, String)> = self
            .pins
            .iter()
            .filter(|(time, _)| before.is_none_or(|to| *time < to || inclusive && *time == to))
            .filter(|(time, _)| after.is_none_or(|from| *time > from || inclusive && *time == from))
            .collect();
        if sorted {
            found.sort_by(|one, next| next.cmp(one));
        } else {
            found.sort_by_key(|(_, id)| id.chars().rev().collect::<String>());
        }
        let all = found.len();
        found.truncate(most.min(request.limit as usize));
        let count = if counts_all { all } else { found.len() } as u64;
        let listed = found.into_iter().map(|(time, id)| Listed {
            id: id.clone(),
            created: if time % SECOND == 0 && !inclusive {
                write(*time).replace(".000Z", "Z")
            } else {
                write(*time)
            },
        });
        (count, listed.collect())
    }
}

/// Lists everything, and adds newer pins meanwhile; returns how often each pin was listed and the number of requests.
fn walk(
    service: &mut Service,
    limit: u32,
    unit: Nanos,
) -> Result<(HashMap<String, u32>, usize), PagingError> {
    let mut listed = HashMap::new();
    let bounds = Bounds {
        limit,
        ..Bounds::default()
    };
    let mut pager = Pager::new(bounds, true);
    let mut requests = 0;
    let newest = service.pins.iter().map(|(time, _)| *time).max();
    let mut now = newest.unwrap_or(0);
    while let Some(request) = pager.request() {
        requests += 1;
        assert!(requests < 5_000, "the pager goes on for ever");
        let (count, page) = service.list(&request);
        for pin in pager.take(count, page)? {
            *listed.entry(pin.id).or_default() += 1;
        }
        if requests < 50 {
            now += unit;
            service.pins.push((now, format!("added-{requests}")));
        }
    }
    Ok((listed, requests))
}

fn behaviours() -> impl Strategy<Value = Behaviour> {
    (any::<bool>(), any::<bool>(), any::<bool>(), 12_usize..200).prop_map(
        |(inclusive, sorted, counts_all, most)| Behaviour {
            inclusive,
            sorted,
            counts_all,
            most: if counts_all { most } else { usize::MAX },
        },
    )
}

proptest! {
    /// Every pin that exists at the beginning is listed exactly once, others at most once.
    #[test]
    fn every_pin_is_listed_once(
        behaviour in behaviours(),
        limit in 12_u32..60,
        unit in prop_oneof![Just(SECOND), Just(MILLISECOND), Just(1)],
        gaps in prop::collection::vec(0_i64..4, 0..400),
    ) {
        // At most as many pins have the same time as three times of them fit a page of any size here.
        let mut time = Nanos::from(1_700_000_000) * SECOND;
        let mut same = 0;
        let mut pins = Vec::new();
        for (index, gap) in gaps.iter().enumerate() {
            let gap = if same == 3 { 1 } else { *gap };
            same = if gap == 0 { same + 1 } else { 0 };
            time += Nanos::from(gap) * unit;
            pins.push((time, format!("pin-{index:04}")));
        }
        let known: Vec<String> = pins.iter().map(|(_, id)| id.clone()).collect();
        let mut service = Service { behaviour, pins };
        let (listed, _) = walk(&mut service, limit, unit).unwrap();
        for id in known {
            prop_assert_eq!(listed.get(&id), Some(&1), "{}", id);
        }
        prop_assert!(listed.values().all(|times| *times == 1));
    }
}

fn second_precision(count: usize, per_second: usize) -> Vec<(Nanos, String)> {
    let at = |index: usize| Nanos::try_from(1_000 + index / per_second).unwrap() * SECOND;
    let ids = 0..count;
    ids.map(|index| (at(index), format!("{index:05}")))
        .collect()
}

const CLUSTER: Behaviour = Behaviour {
    inclusive: true,
    sorted: false,
    counts_all: true,
    most: usize::MAX,
};

const EXACT: Behaviour = Behaviour {
    inclusive: false,
    sorted: true,
    counts_all: true,
    most: 1000,
};

#[test]
fn a_service_that_follows_the_specification_needs_one_request_a_page() {
    let pins = second_precision(10_000, 1);
    let mut service = Service {
        behaviour: EXACT,
        pins,
    };
    let (listed, requests) = walk(&mut service, 1000, SECOND).unwrap();
    assert_eq!(listed.len(), 10_000);
    // Every page but the first has one pin of the page before.
    assert_eq!(requests, 11);
}

#[test]
fn a_second_may_have_as_many_pins_as_a_page() {
    for behaviour in [CLUSTER, EXACT] {
        let pins = second_precision(9_990, 999);
        let mut service = Service { behaviour, pins };
        let (listed, _) = walk(&mut service, 1000, SECOND).unwrap();
        let old = listed.keys().filter(|id| !id.starts_with("added"));
        assert_eq!(old.count(), 9_990, "{behaviour:?}");
        assert!(listed.values().all(|times| *times == 1));
    }
}

#[test]
fn what_cannot_be_paged_is_an_error() {
    for behaviour in [CLUSTER, EXACT] {
        let pins = second_precision(3_000, 1_500);
        let mut service = Service { behaviour, pins };
        let walked = walk(&mut service, 1000, SECOND);
        assert!(
            matches!(walked, Err(PagingError::Unpageable { limit: 1000, .. })),
            "{walked:?}"
        );
    }
}

#[test]
fn an_unsorted_service_needs_few_requests() {
    let pins = second_precision(20_000, 20);
    let mut service = Service {
        behaviour: CLUSTER,
        pins,
    };
    let (listed, requests) = walk(&mut service, 1000, SECOND).unwrap();
    assert!(listed.len() >= 20_000);
    assert!(requests < 120, "{requests}");
}
