//! Wakes threads.

use parking_lot::{Condvar, Mutex};

/// Wakes a thread that waits for work.
#[derive(Debug, Default)]
pub(super) struct Signal {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    pub(super) fn raise(&self) {
        let mut set = self.set.lock();
        if !*set {
            *set = true;
            self.changed.notify_one();
        }
    }

    /// Waits until it is raised, or for `limit`; whether it was raised.
    pub(super) fn wait(&self, limit: std::time::Duration) -> bool {
        let mut set = self.set.lock();
        if !*set {
            self.changed.wait_for(&mut set, limit);
        }
        std::mem::take(&mut *set)
    }
}
