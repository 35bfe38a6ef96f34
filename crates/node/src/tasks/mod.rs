//! What a node does by itself.

mod collect;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use collect::{AutoCollect, CheckOutcome};

/// Tasks that run until the node stops.
#[derive(Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    /// The same for threads, which cannot wait for a token.
    flag: Arc<AtomicBool>,
}

impl Tasks {
    /// Starts a task; it is to end soon after its token is cancelled. One that is started after [`Tasks::stop`] sees
    /// a cancelled token at once.
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

    /// Cancelled when the node is to stop.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Set when the node is to stop.
    #[must_use]
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// Tells every task to stop, and waits until all have.
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
