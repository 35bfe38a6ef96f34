//! Tasks that are started again after a panic.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a task that panicked waits until it is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs tasks until it is stopped.
#[derive(Debug)]
pub(crate) struct Supervisor {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Supervisor {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            stop,
            tasks: JoinSet::new(),
        }
    }

    /// Starts a task, which must end soon after its token is cancelled. It is made again when it panics.
    pub(crate) fn spawn<F>(
        &mut self,
        name: &'static str,
        task: impl Fn(CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            loop {
                // A task of its own, so that its panic ends it alone; it is dropped with this one.
                let mut running = JoinSet::new();
                running.spawn(task(stop.child_token()));
                match running.join_next().await {
                    Some(Err(error)) if error.is_panic() => {
                        tracing::error!(task = name, "panicked; it is started again");
                    }
                    _ => break,
                }
                tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
            tracing::debug!(task = name, "ended");
        });
    }

    /// Waits until the tasks are stopped and have ended; those that take longer than `limit` to end are dropped.
    pub(crate) async fn finish(mut self, limit: Duration) {
        self.stop.cancelled().await;
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, ended).await.is_err() {
            tracing::debug!("tasks of the services did not end in time");
            self.tasks.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_panicking_task_is_started_again_and_a_slow_one_dropped() {
        let stop = CancellationToken::new();
        let mut supervisor = Supervisor::new(stop.clone());
        let starts = Arc::new(AtomicU32::new(0));
        let (count, done) = (Arc::clone(&starts), stop.clone());
        supervisor.spawn("panics", move |_| {
            let (count, done) = (Arc::clone(&count), done.clone());
            async move {
                assert!(count.fetch_add(1, Ordering::Relaxed) > 1, "on purpose");
                done.cancel();
            }
        });
        supervisor.spawn("never ends", |_| std::future::pending());
        supervisor.finish(Duration::from_millis(10)).await;
        assert_eq!(starts.load(Ordering::Relaxed), 3);
    }
}
