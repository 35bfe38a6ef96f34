//! Room for connections: where there is none left, those at rest make way for those that come.
//!
//! A connection rests while no request of it is being answered and nothing is left to write: before the first request, between
//! two, and while a head or a handshake dribbles in. The one that has rested longest goes first.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places of a listener.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    resting: Arc<Resting>,
}

/// The connections at rest.
#[derive(Debug, Default)]
struct Resting {
    list: Mutex<List>,
    /// Something has changed for whoever waits for a place.
    changed: Notify,
}

#[derive(Debug, Default)]
struct List {
    next: u64,
    by_age: BTreeMap<u64, Arc<Shared>>,
    /// Connections that were asked to leave and have not answered.
    leaving: usize,
}

impl Places {
    /// This many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            resting: Arc::default(),
        }
    }

    /// A place; waits while every connection is at work. Cancel safe.
    pub(super) async fn take(&self) -> Place {
        loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return Place::new(permit, Arc::clone(&self.resting));
            }
            self.resting.ask_one();
            tokio::select! {
                permit = Arc::clone(&self.free).acquire_owned() => {
                    // The semaphore is never closed.
                    if let Ok(permit) = permit {
                        return Place::new(permit, Arc::clone(&self.resting));
                    }
                }
                () = self.resting.changed.notified() => {}
            }
        }
    }
}

impl Resting {
    /// Asks the connection that has rested longest to leave, unless one is about to.
    fn ask_one(&self) {
        let mut list = self.list.lock();
        if list.leaving > 0 {
            return;
        }
        if let Some((_, longest)) = list.by_age.pop_first() {
            list.leaving += 1;
            drop(list);
            longest.leave.notify_one();
        }
    }
}

/// The place of a connection; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    activity: Activity,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn new(permit: OwnedSemaphorePermit, resting: Arc<Resting>) -> Self {
        let activity = Activity(Arc::new(Shared {
            state: Mutex::default(),
            leave: Notify::new(),
            resting,
        }));
        activity.change(|_| ());
        Self {
            activity,
            _permit: permit,
        }
    }

    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.activity.change(|state| state.gone = true);
    }
}

/// What a connection does.
#[derive(Clone, Debug)]
pub(crate) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    leave: Notify,
    resting: Arc<Resting>,
}

#[derive(Debug, Default)]
struct State {
    requests: usize,
    blocked: bool,
    gone: bool,
    /// Its key in the list, while it rests.
    age: Option<u64>,
}

impl State {
    fn rests(&self) -> bool {
        self.requests == 0 && !self.blocked
    }
}

impl Activity {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.state.lock();
        change(&mut state);
        let rests = state.rests() && !state.gone;
        if rests == state.age.is_some() {
            return;
        }
        let resting = &self.0.resting;
        let mut list = resting.list.lock();
        if rests {
            let age = list.next;
            list.next += 1;
            list.by_age.insert(age, Arc::clone(&self.0));
            state.age = Some(age);
        } else if let Some(age) = state.age.take()
            && list.by_age.remove(&age).is_none()
        {
            // It was asked to leave: it has gone, or has found something to do.
            list.leaving -= 1;
        }
        drop(list);
        resting.changed.notify_one();
    }

    /// A request has come.
    pub(crate) fn begin(&self) -> Busy {
        self.change(|state| state.requests += 1);
        Busy(self.clone())
    }

    /// Whether what is written waits for the client.
    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.change(|state| state.blocked = blocked);
    }

    /// Whether there is nothing to do.
    pub(super) fn rests(&self) -> bool {
        self.0.state.lock().rests()
    }

    /// Returns once the connection is to make way, and rests. Cancel safe.
    pub(super) async fn asked_to_leave(&self) {
        loop {
            self.0.leave.notified().await;
            if self.rests() {
                return;
            }
        }
    }
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(crate) struct Busy(Activity);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(|state| state.requests -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_longest_at_rest_makes_way() {
        let places = Places::new(2);
        let first = places.take().await;
        let second = places.take().await;
        // The first has worked since: the second has rested longer.
        drop(first.activity().begin());
        assert!(places.take().now_or_never().is_none());
        assert!(first.activity().asked_to_leave().now_or_never().is_none());
        assert!(second.activity().asked_to_leave().now_or_never().is_some());
        // While one leaves, no other is asked to.
        assert!(places.take().now_or_never().is_none());
        assert!(first.activity().asked_to_leave().now_or_never().is_none());
        drop(second);
        let third = places.take().await;
        assert_eq!(places.resting.list.lock().leaving, 0);
        drop((first, third));
        assert!(places.resting.list.lock().by_age.is_empty());
    }

    #[tokio::test]
    async fn whoever_works_stays_until_it_rests() {
        let places = Places::new(1);
        let only = places.take().await;
        let work = only.activity().begin();
        only.activity().set_blocked(true);
        drop(work);
        assert!(places.take().now_or_never().is_none());
        assert!(only.activity().asked_to_leave().now_or_never().is_none());
        only.activity().set_blocked(false);
        assert!(places.take().now_or_never().is_none());
        // Asked, it has found something to do meanwhile.
        let work = only.activity().begin();
        assert!(only.activity().asked_to_leave().now_or_never().is_none());
        drop(work);
        assert!(places.take().now_or_never().is_none());
        assert!(only.activity().asked_to_leave().now_or_never().is_some());
        drop(only);
        assert!(places.take().now_or_never().is_some());
    }
}
