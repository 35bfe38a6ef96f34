//! The writing thread of a database, which commits waiting batches together.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::meta::RowError;

/// Batches that wait for the thread; at the bound, callers wait to hand theirs over.
const QUEUE: usize = 1_024;

/// Changes that one transaction takes before it commits; a batch is never split, however large.
const TRANSACTION: usize = 16_384;

/// After a transaction of so many batches, further callers are expected.
const BUSY: usize = 3;

/// How long the thread then waits for them, about as long as a sync takes: one for eight costs less than two for four each.
const GATHER: Duration = Duration::from_micros(100);

/// The work of the thread.
pub(crate) trait BatchWriter: Send + 'static {
    /// Changes that are applied atomically, and the channel for the result.
    type Batch: Send + 'static;

    /// The number of changes.
    fn weight(batch: &Self::Batch) -> usize;

    /// Commits all waiting batches in one transaction, and answers each.
    fn commit(&mut self, waiting: &mut Vec<Self::Batch>);

    /// Answers that the database is closed.
    fn refuse(batch: Self::Batch);

    /// Closes the database.
    fn finish(self) -> Result<(), RowError>;
}

enum Job<B> {
    Apply(B),
    Close(oneshot::Sender<Result<(), RowError>>),
}

/// The handle of the thread.
pub(crate) struct Queue<B> {
    /// `None` once closed.
    sender: Mutex<Option<mpsc::Sender<Job<B>>>>,
}

impl<B> std::fmt::Debug for Queue<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl<B: Send + 'static> Queue<B> {
    /// Starts the thread. It ends at [`Queue::close`], or when this is dropped and nothing waits.
    pub(crate) fn start(name: &str, work: impl BatchWriter<Batch = B>) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(work, receiver))?;
        Ok(Self {
            sender: Mutex::new(Some(sender)),
        })
    }

    pub(crate) fn check_open(&self) -> Result<(), RowError> {
        self.sender().map(drop)
    }

    fn sender(&self) -> Result<mpsc::Sender<Job<B>>, RowError> {
        self.sender.lock().clone().ok_or(RowError::Closed)
    }

    /// Hands a batch over.
    pub(crate) async fn send(&self, batch: B) -> Result<(), RowError> {
        self.sender()?
            .send(Job::Apply(batch))
            .await
            .map_err(|_| RowError::Closed)
    }

    /// Refuses further batches, waits for those handed over, and moves the log into the database. Closing what is
    /// closed does nothing.
    pub(crate) async fn close(&self) -> Result<(), RowError> {
        let Some(sender) = self.sender.lock().take() else {
            return Ok(());
        };
        let (answer, answered) = oneshot::channel();
        sender
            .send(Job::Close(answer))
            .await
            .map_err(|_| RowError::Closed)?;
        answered.await.unwrap_or(Err(RowError::Closed))
    }
}

fn run<W: BatchWriter>(mut work: W, mut jobs: mpsc::Receiver<Job<W::Batch>>) {
    let mut waiting = Vec::new();
    let mut last = 0;
    while let Some(first) = jobs.blocking_recv() {
        if last >= BUSY && matches!(first, Job::Apply(_)) {
            std::thread::sleep(GATHER);
        }
        let mut next = Some(first);
        let mut changes = 0;
        let mut closing = None;
        while let Some(job) = next.take() {
            match job {
                Job::Apply(batch) => {
                    changes += W::weight(&batch);
                    waiting.push(batch);
                }
                Job::Close(answer) => {
                    closing = Some(answer);
                    break;
                }
            }
            if changes < TRANSACTION {
                next = jobs.try_recv().ok();
            }
        }
        last = waiting.len();
        if !waiting.is_empty() {
            work.commit(&mut waiting);
        }
        if let Some(answer) = closing {
            // Whoever held a sender across the close is refused, not forgotten.
            jobs.close();
            while let Some(job) = jobs.blocking_recv() {
                match job {
                    Job::Apply(batch) => W::refuse(batch),
                    Job::Close(other) => drop(other.send(Ok(()))),
                }
            }
            drop(answer.send(work.finish()));
            return;
        }
    }
    if let Err(error) = work.finish() {
        tracing::warn!(%error, "the rows were not closed cleanly");
    }
}
