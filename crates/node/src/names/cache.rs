//! Where names led a moment ago.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use cairn_store::names::NameTarget;
use parking_lot::Mutex;

/// How much is remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Names at most. At the bound the one goes that would be forgotten first.
    pub(super) names: usize,
    /// For how long at most; `None` for as long as the answer allows.
    pub(super) ttl: Option<Duration>,
}

/// Answers by name, each for as long as it may be cached.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: Mutex<HashMap<String, Entry>>,
}

#[derive(Debug)]
struct Entry {
    target: NameTarget,
    until: Instant,
}

impl Cache {
    /// Where a name leads, with the time that is left to say so.
    pub(super) fn get(&self, name: &str, now: Instant) -> Option<NameTarget> {
        let mut entries = self.entries.lock();
        let entry = entries.get(name)?;
        let left = entry.until.saturating_duration_since(now);
        if left.is_zero() {
            entries.remove(name);
            return None;
        }
        Some(NameTarget {
            ttl: Some(left),
            ..entry.target.clone()
        })
    }

    /// Remembers where a name leads, within the bounds.
    pub(super) fn put(&self, name: &str, target: &NameTarget, bounds: Bounds, now: Instant) {
        let Some(ttl) = target.ttl else {
            return;
        };
        let ttl = bounds.ttl.map_or(ttl, |most| ttl.min(most));
        let kept = !ttl.is_zero() && bounds.names > 0;
        let Some(until) = now.checked_add(ttl).filter(|_| kept) else {
            return;
        };
        let mut entries = self.entries.lock();
        if entries.len() >= bounds.names {
            entries.retain(|other, entry| other == name || entry.until > now);
        }
        while entries.len() >= bounds.names && !entries.contains_key(name) {
            let first = entries
                .iter()
                .min_by_key(|(_, entry)| entry.until)
                .map(|(name, _)| name.clone());
            match first {
                Some(first) => drop(entries.remove(&first)),
                None => break,
            }
        }
        let entry = Entry {
            target: target.clone(),
            until,
        };
        entries.insert(name.to_owned(), entry);
    }

    /// Forgets a name.
    pub(super) fn forget(&self, name: &str) {
        self.entries.lock().remove(name);
    }
}

#[cfg(test)]
mod tests {
    use cairn_primitives::ContentPath;

    use super::*;

    fn target(ttl: Option<Duration>) -> NameTarget {
        NameTarget {
            path: ContentPath::new("/ipns/elsewhere").unwrap(),
            ttl,
        }
    }

    const SECOND: Duration = Duration::from_secs(1);
    const MOST: usize = 100;

    fn bounds(ttl: Option<Duration>) -> Bounds {
        Bounds { names: MOST, ttl }
    }

    #[test]
    fn answers_are_kept_for_their_time() {
        let (cache, now) = (Cache::default(), Instant::now());
        cache.put("none", &target(None), bounds(None), now);
        cache.put("zero", &target(Some(Duration::ZERO)), bounds(None), now);
        cache.put("long", &target(Some(Duration::MAX)), bounds(None), now);
        cache.put("ten", &target(Some(10 * SECOND)), bounds(None), now);
        cache.put(
            "capped",
            &target(Some(10 * SECOND)),
            bounds(Some(SECOND)),
            now,
        );
        for name in ["none", "zero", "long", "other"] {
            assert_eq!(cache.get(name, now), None, "{name}");
        }
        let later = now + 4 * SECOND;
        assert_eq!(cache.get("ten", later), Some(target(Some(6 * SECOND))));
        assert_eq!(cache.get("capped", later), None);
        cache.forget("ten");
        assert_eq!(cache.get("ten", later), None);
    }

    #[test]
    fn it_has_a_bound() {
        let (cache, now) = (Cache::default(), Instant::now());
        for number in 0..MOST + 10 {
            let ttl = Duration::from_secs(100 + number as u64);
            cache.put(&number.to_string(), &target(Some(ttl)), bounds(None), now);
        }
        assert_eq!(cache.entries.lock().len(), MOST);
        assert_eq!(cache.get("9", now), None);
        assert!(cache.get("10", now).is_some());
        let none = Bounds {
            names: 0,
            ttl: None,
        };
        cache.put("off", &target(Some(SECOND)), none, now);
        assert_eq!(cache.get("off", now), None);
    }
}
