//! Content that waits to be announced.

use std::collections::VecDeque;
use std::sync::Arc;

use cairn_primitives::Multihash;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

/// How many of the newest jobs are looked through for content that is to be announced first.
const NEWEST: usize = 64;

/// Content to be announced.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) key: Multihash,
    pub(super) origin: Origin,
    /// Who waits for the result: whether it was announced.
    pub(super) done: Option<oneshot::Sender<bool>>,
    /// Its place in the queue.
    pub(super) _place: Option<OwnedSemaphorePermit>,
}

impl Job {
    /// One of new content, or of what a command asked for.
    fn new(
        key: Multihash,
        done: Option<oneshot::Sender<bool>>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            key,
            origin: Origin::New,
            done,
            _place: place,
        }
    }
}

/// Why content is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is new, or a command asked for it.
    New,
    /// All content is announced again.
    Sweep,
}

/// Jobs, bounded by the number of places. Those of commands come first, and commands wait for a place. New content that finds no
/// place is not queued: it is announced with all other content.
#[derive(Debug)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    jobs: Mutex<Jobs>,
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct Jobs {
    urgent: VecDeque<Job>,
    new: VecDeque<Job>,
}

impl Queue {
    pub(super) fn new(places: usize) -> Self {
        let places = places.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            jobs: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Queues what a command asked for; waits for a place.
    pub(super) async fn push_urgent(&self, key: Multihash, done: Option<oneshot::Sender<bool>>) {
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let job = Job::new(key, done, place);
        self.jobs.lock().urgent.push_back(job);
        self.changed.notify_one();
    }

    /// Queues new content, and returns whether there was a place.
    pub(super) fn push_new(&self, key: Multihash) -> bool {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return false;
        };
        let job = Job::new(key, None, Some(place));
        self.jobs.lock().new.push_back(job);
        self.changed.notify_one();
        true
    }

    /// Queues new content before other, if there is a place. What waits among the newest is moved.
    pub(super) fn push_first(&self, key: &Multihash) {
        let mut jobs = self.jobs.lock();
        let newest = jobs.new.len().saturating_sub(NEWEST);
        let waiting = jobs.new.range(newest..).position(|job| job.key == *key);
        let job = match waiting.and_then(|at| jobs.new.remove(newest + at)) {
            Some(job) => job,
            None => {
                let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                    return;
                };
                Job::new(key.clone(), None, Some(place))
            }
        };
        jobs.urgent.push_back(job);
        drop(jobs);
        self.changed.notify_one();
    }

    pub(super) fn pop(&self) -> Option<Job> {
        let mut jobs = self.jobs.lock();
        jobs.urgent.pop_front().or_else(|| jobs.new.pop_front())
    }

    pub(super) fn len(&self) -> usize {
        let jobs = self.jobs.lock();
        jobs.urgent.len() + jobs.new.len()
    }

    /// Removes all jobs, and returns their number.
    pub(super) fn clear(&self) -> usize {
        let jobs = std::mem::take(&mut *self.jobs.lock());
        jobs.urgent.len() + jobs.new.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Multihash {
        Multihash::sha2_256(&[number])
    }

    #[tokio::test]
    async fn it_is_bounded_and_commands_come_first() {
        let queue = Queue::new(3);
        assert!(queue.push_new(key(1)) && queue.push_new(key(2)));
        queue.push_urgent(key(3), None).await;
        assert!(!queue.push_new(key(4)));
        assert_eq!(queue.len(), 3);
        let first = queue.pop().unwrap();
        assert_eq!(first.key, key(3));
        assert!(!queue.push_new(key(4)));
        drop(first);
        assert!(queue.push_new(key(4)));
        assert_eq!((queue.clear(), queue.len()), (3, 0));
        assert!(queue.pop().is_none() && queue.push_new(key(5)));
    }

    #[test]
    fn a_root_is_announced_before_what_is_below_it() {
        let queue = Queue::new(3);
        assert!(queue.push_new(key(1)) && queue.push_new(key(2)));
        // It is moved.
        queue.push_first(&key(2));
        assert_eq!(queue.len(), 2);
        queue.push_first(&key(3));
        // There is no place.
        queue.push_first(&key(4));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop())
            .map(|job| job.key)
            .collect();
        assert_eq!(order, [key(2), key(3), key(1)]);
    }
}
