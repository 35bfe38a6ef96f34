//! Slots for connections: when none is free, idle connections are closed in favour of new ones.
//!
//! A connection is idle while no request of it is active and nothing is left to write: before the first request,
//! between two requests, and while a head or a handshake arrives slowly. The one that has been idle longest is closed
//! first.
//!
//! A request only updates the state of its own connection. Only a connection that needs a slot examines all others.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The connection slots of a listener.
#[derive(Debug)]
pub(super) struct ConnectionSlots {
    free: Arc<Semaphore>,
    taken: Arc<OpenConnections>,
}

/// The open connections.
#[derive(Debug, Default)]
struct OpenConnections {
    list: Mutex<List>,
    /// Whether a connection waits for a slot.
    wanted: AtomicBool,
    /// Wakes the connection that waits for a slot.
    changed: Notify,
}

#[derive(Debug, Default)]
struct List {
    next: u64,
    all: HashMap<u64, Arc<Shared>>,
}

impl ConnectionSlots {
    /// This many.
    pub(super) fn new(most: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            taken: Arc::default(),
        }
    }

    /// Takes a slot; waits while every connection is busy. Cancel safe.
    pub(super) async fn take(&self) -> ConnectionSlot {
        loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                self.taken.wanted.store(false, Ordering::SeqCst);
                return ConnectionSlot::new(permit, &self.taken);
            }
            // Set before the scan: a connection that becomes idle after the scan wakes the waiter.
            self.taken.wanted.store(true, Ordering::SeqCst);
            self.taken.evict_one();
            tokio::select! {
                permit = Arc::clone(&self.free).acquire_owned() => {
                    // The semaphore is never closed.
                    if let Ok(permit) = permit {
                        self.taken.wanted.store(false, Ordering::SeqCst);
                        return ConnectionSlot::new(permit, &self.taken);
                    }
                }
                () = self.taken.changed.notified() => {}
            }
        }
    }

    /// Asks the connection that has been idle longest to close.
    pub(super) fn evict_one(&self) {
        self.taken.evict_one();
    }
}

impl OpenConnections {
    /// Asks the connection that has been idle longest to close, unless one is already closing.
    fn evict_one(&self) {
        let list = self.list.lock();
        let mut longest: Option<(Instant, &Arc<Shared>)> = None;
        for shared in list.all.values() {
            let state = shared.state.lock();
            if state.asked {
                return;
            }
            if let Some(since) = state.since
                && longest.is_none_or(|(first, _)| since < first)
            {
                longest = Some((since, shared));
            }
        }
        let Some((since, shared)) = longest else {
            return;
        };
        let mut state = shared.state.lock();
        if state.since == Some(since) {
            state.asked = true;
            shared.leave.notify_one();
        } else {
            // It became busy meanwhile: examine the others again.
            self.changed.notify_one();
        }
    }
}

/// The slot of a connection, released on drop.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    activity: Activity,
    number: u64,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlot {
    fn new(permit: OwnedSemaphorePermit, taken: &Arc<OpenConnections>) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            leave: Notify::new(),
            taken: Arc::clone(taken),
        });
        let mut list = taken.list.lock();
        let number = list.next;
        list.next += 1;
        list.all.insert(number, Arc::clone(&shared));
        drop(list);
        Self {
            activity: Activity(shared),
            number,
            _permit: permit,
        }
    }

    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let taken = &self.activity.0.taken;
        taken.list.lock().all.remove(&self.number);
        taken.wake();
    }
}

impl OpenConnections {
    /// Wakes a waiter, if there is one.
    fn wake(&self) {
        if self.wanted.load(Ordering::SeqCst) {
            self.changed.notify_one();
        }
    }
}

/// The activity of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    leave: Notify,
    taken: Arc<OpenConnections>,
}

#[derive(Debug)]
struct State {
    requests: usize,
    blocked: bool,
    /// When it became idle; `None` while it is busy.
    since: Option<Instant>,
    /// Whether it was asked to close and is still idle.
    asked: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            requests: 0,
            blocked: false,
            since: Some(Instant::now()),
            asked: false,
        }
    }
}

impl Activity {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.state.lock();
        change(&mut state);
        let is_idle = state.requests == 0 && !state.blocked;
        if is_idle == state.since.is_some() {
            return;
        }
        state.since = is_idle.then(Instant::now);
        state.asked = false;
        drop(state);
        self.0.taken.wake();
    }

    /// A request has started.
    pub(crate) fn begin(&self) -> RequestGuard {
        self.change(|state| state.requests += 1);
        RequestGuard(self.clone())
    }

    /// Whether written data waits for the client.
    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.change(|state| state.blocked = blocked);
    }

    /// Whether it is idle.
    pub(super) fn is_idle(&self) -> bool {
        self.0.state.lock().since.is_some()
    }

    /// Returns when the connection was asked to close and is idle. Cancel safe.
    pub(super) async fn evicted(&self) {
        loop {
            self.0.leave.notified().await;
            if self.is_idle() {
                return;
            }
        }
    }

    /// Returns when the connection has been idle this long, counted from now. One timer serves all requests: it is
    /// reset when it expires, not at each request.
    pub(super) async fn idle_for(&self, limit: Duration) {
        let begun = Instant::now();
        let mut timer = std::pin::pin!(tokio::time::sleep(limit));
        loop {
            timer.as_mut().await;
            let now = Instant::now();
            let since = self.0.state.lock().since.unwrap_or(now);
            let Some(end) = since.max(begun).checked_add(limit) else {
                return std::future::pending().await;
            };
            if end <= now {
                return;
            }
            timer.as_mut().reset(end);
        }
    }
}

/// Marks a request as active until dropped.
#[derive(Debug)]
pub(crate) struct RequestGuard(Activity);

impl Drop for RequestGuard {
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
        let places = ConnectionSlots::new(2);
        let first = places.take().await;
        let second = places.take().await;
        // The first was busy since: the second has been idle longer.
        drop(first.activity().begin());
        assert!(places.take().now_or_never().is_none());
        assert!(first.activity().evicted().now_or_never().is_none());
        assert!(second.activity().evicted().now_or_never().is_some());
        // While one is closing, no other is asked to.
        assert!(places.take().now_or_never().is_none());
        assert!(first.activity().evicted().now_or_never().is_none());
        drop(second);
        let third = places.take().await;
        assert!(!third.activity().0.state.lock().asked);
        drop((first, third));
        assert!(places.taken.list.lock().all.is_empty());
    }

    #[tokio::test]
    async fn whoever_works_stays_until_it_rests() {
        let places = ConnectionSlots::new(1);
        let only = places.take().await;
        let work = only.activity().begin();
        only.activity().set_blocked(true);
        drop(work);
        assert!(places.take().now_or_never().is_none());
        assert!(only.activity().evicted().now_or_never().is_none());
        only.activity().set_blocked(false);
        assert!(places.take().now_or_never().is_none());
        // It became busy after it was asked.
        let work = only.activity().begin();
        assert!(only.activity().evicted().now_or_never().is_none());
        drop(work);
        assert!(places.take().now_or_never().is_none());
        assert!(only.activity().evicted().now_or_never().is_some());
        drop(only);
        assert!(places.take().now_or_never().is_some());
    }
    #[tokio::test]
    async fn work_is_no_rest() {
        let places = ConnectionSlots::new(1);
        let only = places.take().await;
        let work = only.activity().begin();
        let mut rested = std::pin::pin!(only.activity().idle_for(Duration::from_millis(10)));
        tokio::select! {
            () = rested.as_mut() => panic!("it was at work"),
            () = tokio::time::sleep(Duration::from_millis(50)) => drop(work),
        }
        rested.await;
        assert!(only.activity().is_idle());
    }
}
