//! Chooses the peers of a pin.
//!
//! Peers that have it already are kept, then those that the user chose are taken, then the others: spread over the values of
//! their tags, and among those the ones with the most free space first.

use std::collections::{HashMap, HashSet};

use cairn_store::shared::ClusterMetric;

/// What a peer is compared by.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) id: String,
    /// Free bytes; 0 when unknown.
    pub(super) free: i64,
    /// The values of its tags.
    pub(super) tags: Vec<(String, String)>,
}

/// The candidates among these peers, by their metrics that are valid.
pub(super) fn candidates(
    peers: impl IntoIterator<Item = String>,
    metrics: &[ClusterMetric],
    now: i64,
) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = peers
        .into_iter()
        .map(|id| Candidate {
            id,
            free: 0,
            tags: Vec::new(),
        })
        .collect();
    let places: HashMap<String, usize> = candidates
        .iter()
        .enumerate()
        .map(|(place, candidate)| (candidate.id.clone(), place))
        .collect();
    for metric in metrics.iter().filter(|metric| metric.expires > now) {
        let place = places.get(&metric.peer);
        let Some(candidate) = place.and_then(|&place| candidates.get_mut(place)) else {
            continue;
        };
        if metric.name == "freespace" {
            candidate.free = metric.weight;
        } else if metric.partitionable {
            candidate
                .tags
                .push((metric.name.clone(), metric.value.clone()));
        }
    }
    candidates
}

/// Too few candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooFew {
    pub(super) candidates: usize,
}

/// Chooses up to `most` peers, and at least `least`. `current` are those that have the pin, `chosen` those that the user
/// prefers.
pub(super) fn allocate(
    candidates: &[Candidate],
    current: &[String],
    chosen: &[String],
    least: usize,
    most: usize,
) -> Result<Vec<String>, TooFew> {
    if candidates.len() < least {
        return Err(TooFew {
            candidates: candidates.len(),
        });
    }
    let mut left: Vec<&Candidate> = candidates.iter().collect();
    let mut taken: Vec<&Candidate> = Vec::new();
    // The user's choice comes before what is there: it may move the pin.
    for wanted in [chosen, current] {
        for id in wanted {
            if taken.len() < most
                && let Some(place) = left.iter().position(|peer| peer.id == *id)
            {
                taken.push(left.swap_remove(place));
            }
        }
    }
    while taken.len() < most && !left.is_empty() {
        let used: HashSet<&(String, String)> = taken.iter().flat_map(|peer| &peer.tags).collect();
        let shared = |peer: &Candidate| peer.tags.iter().filter(|tag| used.contains(tag)).count();
        let best = left
            .iter()
            .enumerate()
            .min_by_key(|(_, peer)| (shared(peer), std::cmp::Reverse(peer.free), peer.id.clone()))
            .map(|(place, _)| place);
        let Some(best) = best else { break };
        taken.push(left.swap_remove(best));
    }
    Ok(taken.into_iter().map(|peer| peer.id.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers() -> Vec<Candidate> {
        let peer = |id: &str, free, group: &str| Candidate {
            id: id.to_owned(),
            free,
            tags: vec![("tag:group".to_owned(), group.to_owned())],
        };
        vec![
            peer("a", 50, "x"),
            peer("b", 40, "x"),
            peer("c", 10, "y"),
            peer("d", 20, "y"),
        ]
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn pins_go_to_free_space_and_different_tags() {
        let peers = peers();
        assert_eq!(allocate(&peers, &[], &[], 1, 1).unwrap(), ids(&["a"]));
        assert_eq!(allocate(&peers, &[], &[], 1, 2).unwrap(), ids(&["a", "d"]));
        assert_eq!(
            allocate(&peers, &[], &[], 1, 9).unwrap(),
            ids(&["a", "d", "b", "c"])
        );
    }

    #[test]
    fn the_users_choice_and_present_holders_come_first() {
        let peers = peers();
        let current = ids(&["c", "gone"]);
        assert_eq!(
            allocate(&peers, &current, &[], 1, 2).unwrap(),
            ids(&["c", "a"])
        );
        let chosen = ids(&["b", "unknown"]);
        assert_eq!(
            allocate(&peers, &current, &chosen, 1, 1).unwrap(),
            ids(&["b"])
        );
        assert_eq!(
            allocate(&peers, &[], &[], 5, 5),
            Err(TooFew { candidates: 4 })
        );
    }

    #[test]
    fn metrics_that_have_expired_do_not_count() {
        let metric = |name: &str, expires| ClusterMetric {
            peer: "a".to_owned(),
            name: name.to_owned(),
            value: "x".to_owned(),
            weight: 7,
            partitionable: name != "freespace",
            received: 0,
            expires,
        };
        let metrics = [metric("freespace", 5), metric("tag:group", 20)];
        let found = candidates(ids(&["a"]), &metrics, 10);
        assert_eq!((found[0].free, found[0].tags.len()), (0, 1));
    }
}
