//! Background tasks of a node.

mod collect;
mod reserve;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use collect::{AutoCollect, CheckOutcome};
pub(crate) use reserve::watch_reserve;

/// Tasks that run until the node stops.
#[derive(Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    /// The same flag for threads, which cannot wait for a token.
    flag: Arc<AtomicBool>,
}

impl Tasks {
    /// Starts a task, which must end soon after its token is cancelled. A task started after [`Tasks::stop`] gets a
    /// cancelled token.
    pub fn spawn<F>(&self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let running = task(self.stop.child_token());
        self.tracker.spawn(async move {
            running.await;
            tracing::debug!(task = name, "ended");
        });
    }

    /// Cancelled when the node stops.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Set when the node stops.
    #[must_use]
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// Stops all tasks and waits for them.
    pub async fn stop(&self) {
        self.flag.store(true, Ordering::Relaxed);
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.flag.store(true, Ordering::Relaxed);
        self.stop.cancel();
    }
}
