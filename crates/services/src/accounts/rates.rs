//! Rates of requests, by token, and of failed attempts, by address.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use parking_lot::Mutex;

/// Maximum number of keys of a [`Rates`]. Beyond it those that have not been used for a period are dropped; when all
/// are in use, further keys share one limiter.
const MAX_KEYS: usize = 65_536;

/// A number of requests in a period of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many; all of them may come at once.
    pub requests: NonZeroU32,
    /// In which time.
    pub period: Duration,
}

impl Limit {
    /// The time in which one more request becomes available.
    fn interval(self) -> Duration {
        (self.period / self.requests.get()).max(Duration::from_nanos(1))
    }

    fn quota(self) -> Quota {
        Quota::with_period(self.interval())
            .unwrap_or_else(|| Quota::per_second(self.requests))
            .allow_burst(self.requests)
    }
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Maximum number of requests in a period.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// The time until all are available again.
    pub reset: Duration,
    /// The time until the next request is accepted, if this one is not.
    pub retry_after: Option<Duration>,
}

type Direct<C> = RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>;

struct Entry<C: Clock> {
    limiter: Direct<C>,
    used: C::Instant,
    /// Until when requests are refused, since one was.
    refused_until: Option<C::Instant>,
}

/// A limiter for each key.
pub(super) struct Rates<K, C: Clock = MonotonicClock> {
    limit: Limit,
    clock: C,
    state: Mutex<State<K, C>>,
}

struct State<K, C: Clock> {
    keys: HashMap<K, Entry<C>>,
    /// For keys beyond the maximum.
    shared: Direct<C>,
}

impl<K, C: Clock> std::fmt::Debug for Rates<K, C> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Rates")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl<K: Hash + Eq> Rates<K> {
    pub(super) fn new(limit: Limit) -> Self {
        Self::with_clock(limit, MonotonicClock)
    }
}

impl<K: Hash + Eq, C: Clock + Clone> Rates<K, C> {
    fn with_clock(limit: Limit, clock: C) -> Self {
        let state = State {
            keys: HashMap::new(),
            shared: direct(limit, clock.clone()),
        };
        Self {
            limit,
            clock,
            state: Mutex::new(state),
        }
    }

    /// Counts a request of a key.
    pub(super) fn count(&self, key: K) -> Rate {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if state.keys.len() >= MAX_KEYS && !state.keys.contains_key(&key) {
            let period = self.limit.period;
            state
                .keys
                .retain(|_, entry| now.duration_since(entry.used) <= period.into());
            if state.keys.len() >= MAX_KEYS {
                return self.rate(state.shared.check());
            }
        }
        let entry = state.keys.entry(key).or_insert_with(|| Entry {
            limiter: direct(self.limit, self.clock.clone()),
            used: now,
            refused_until: None,
        });
        let rate = self.check(entry, now);
        drop(state);
        rate
    }

    /// Counts a request of a key that has been counted before; `None` for other keys.
    pub(super) fn count_known(&self, key: &K) -> Option<Rate> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let entry = state.keys.get_mut(key)?;
        let rate = self.check(entry, now);
        drop(state);
        Some(rate)
    }

    /// Where a key stands whose requests are refused at the moment, without counting one.
    pub(super) fn refused(&self, key: &K) -> Option<Rate> {
        let now = self.clock.now();
        let state = self.state.lock();
        let until = state.keys.get(key)?.refused_until?;
        drop(state);
        let wait = Duration::from(until.duration_since(now));
        (!wait.is_zero()).then(|| self.refusal(wait))
    }

    fn check(&self, entry: &mut Entry<C>, now: C::Instant) -> Rate {
        entry.used = now;
        let rate = self.rate(entry.limiter.check());
        entry.refused_until = rate.retry_after.map(|wait| now + wait.into());
        rate
    }

    fn rate(&self, outcome: Outcome<C>) -> Rate {
        let limit = self.limit.requests.get();
        let interval = self.limit.interval();
        match outcome {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity().min(limit);
                Rate {
                    limit,
                    remaining,
                    reset: interval * (limit - remaining),
                    retry_after: None,
                }
            }
            Err(early) => self.refusal(early.wait_time_from(self.clock.now())),
        }
    }

    fn refusal(&self, wait: Duration) -> Rate {
        let limit = self.limit.requests.get();
        Rate {
            limit,
            remaining: 0,
            reset: wait + self.limit.interval() * (limit - 1),
            retry_after: Some(wait),
        }
    }
}

type Outcome<C> = Result<governor::middleware::StateSnapshot, NotUntil<<C as Clock>::Instant>>;

fn direct<C: Clock + Clone>(limit: Limit, clock: C) -> Direct<C> {
    RateLimiter::direct_with_clock(limit.quota(), clock)
        .with_middleware::<StateInformationMiddleware>()
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limit(requests: u32, seconds: u64) -> Limit {
        Limit {
            requests: NonZeroU32::new(requests).unwrap(),
            period: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn a_burst_is_accepted_and_then_one_in_an_interval() {
        let clock = FakeRelativeClock::default();
        let rates = Rates::with_clock(limit(30, 10), clock.clone());
        assert_eq!(rates.count_known(&"one"), None);
        for left in (0..30).rev() {
            let rate = rates.count("one");
            assert_eq!((rate.limit, rate.remaining), (30, left));
            assert_eq!(rate.retry_after, None);
        }
        let refused = rates.count("one");
        assert_eq!(refused.remaining, 0);
        let wait = refused.retry_after.unwrap();
        assert!(rates.refused(&"one").is_some());
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
        // Others are not concerned.
        assert_eq!(rates.count("two").remaining, 29);
        clock.advance(wait);
        assert_eq!(rates.refused(&"one"), None);
        assert_eq!(rates.count_known(&"one").unwrap().retry_after, None);
        clock.advance(Duration::from_secs(11));
        assert_eq!(rates.count("one").remaining, 29);
    }

    #[test]
    fn keys_are_bounded_and_those_in_use_are_kept() {
        let clock = FakeRelativeClock::default();
        let rates = Rates::with_clock(limit(2, 10), clock.clone());
        for key in 0..MAX_KEYS {
            rates.count(key);
        }
        // All are in use: the others share a limiter.
        assert_eq!(rates.count(MAX_KEYS + 1).remaining, 1);
        assert_eq!(rates.count(MAX_KEYS + 2).remaining, 0);
        assert!(rates.count(MAX_KEYS + 3).retry_after.is_some());
        assert_eq!(rates.state.lock().keys.len(), MAX_KEYS);
        clock.advance(Duration::from_secs(11));
        rates.count(5);
        assert_eq!(rates.count(MAX_KEYS + 1).remaining, 1);
        assert_eq!(rates.state.lock().keys.len(), 2);
    }
}
