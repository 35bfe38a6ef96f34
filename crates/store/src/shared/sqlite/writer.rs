//! Writes of shared rows: one transaction and one sync for all who wait.

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::simulate::Simulated;
use super::{SharedError, failed};
use crate::meta::RowError;
use crate::sqlite::alone;
use crate::sqlite::queue::{BatchWriter, Queue};

/// A write, and who waits for it.
pub(super) trait Job: Send {
    /// Applies it, and keeps what it came to.
    fn run(&mut self, connection: &Connection) -> Result<(), SharedError>;
    /// Tells what it came to, or why it failed.
    fn answer(self: Box<Self>, outcome: Result<(), SharedError>);
}

struct Write<T, F> {
    write: Option<F>,
    found: Option<T>,
    answer: oneshot::Sender<Result<T, SharedError>>,
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, SharedError> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), SharedError> {
        let write = self.write.take().ok_or(SharedError::Interrupted)?;
        self.found = Some(write(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), SharedError>) {
        let Self { found, answer, .. } = *self;
        let found = outcome.and_then(|()| found.ok_or(SharedError::Interrupted));
        // A caller that gave up is not a reason to fail the others.
        drop(answer.send(found));
    }
}

/// Where writes are made.
#[derive(Debug)]
pub(super) enum Writer {
    /// On a thread of their own.
    Thread(Queue<Box<dyn Job>>),
    /// In a simulation.
    Simulated(Simulated),
}

impl Writer {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let queue = Queue::start("shared-rows-writer", Database { connection })?;
        Ok(Self::Thread(queue))
    }

    /// Runs a write in a transaction, whole or not at all; it is durable when this answers.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, SharedError> + Send + 'static,
    ) -> Result<T, SharedError> {
        let queue = match self {
            Self::Thread(queue) => queue,
            Self::Simulated(simulated) => return simulated.write(write).await,
        };
        let (answer, answered) = oneshot::channel();
        let job = Write {
            write: Some(write),
            found: None,
            answer,
        };
        queue.send(Box::new(job)).await?;
        answered.await.unwrap_or(Err(SharedError::Closed))
    }

    pub(super) async fn close(&self) -> Result<(), RowError> {
        match self {
            Self::Thread(queue) => queue.close().await,
            Self::Simulated(_) => Ok(()),
        }
    }
}

struct Database {
    connection: Connection,
}

impl BatchWriter for Database {
    type Batch = Box<dyn Job>;

    fn weight(_: &Self::Batch) -> usize {
        1
    }

    fn commit(&mut self, waiting: &mut Vec<Self::Batch>) {
        let mut applied = Vec::with_capacity(waiting.len());
        let outcome = self.transaction(waiting, &mut applied);
        for job in applied.into_iter().chain(waiting.drain(..)) {
            job.answer(outcome.clone());
        }
    }

    fn refuse(job: Self::Batch) {
        job.answer(Err(SharedError::Closed));
    }

    fn finish(self) -> Result<(), RowError> {
        // The last connection moves the log into the database. While another process uses it, waiting for that
        // process's readers would stop its writers.
        self.connection
            .close()
            .map_err(|(_, error)| crate::sqlite::database("write")(error))
    }
}

impl Database {
    /// Takes jobs off `waiting` and applies them; those that stand with the transaction go to `applied`, those undone alone
    /// are answered at once. What is left in `waiting` was not tried.
    fn transaction(
        &mut self,
        waiting: &mut Vec<Box<dyn Job>>,
        applied: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), SharedError> {
        let write = failed("write");
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&write)?;
        let mut jobs = std::mem::take(waiting).into_iter();
        while let Some(mut job) = jobs.next() {
            let done = alone(&transaction, &write, || job.run(&transaction));
            match done {
                Ok(()) => applied.push(job),
                Err(error) => {
                    // A full disk or a failed write undoes the whole transaction, not this job alone.
                    let lost = transaction.is_autocommit();
                    job.answer(Err(error.clone()));
                    if lost {
                        waiting.extend(jobs);
                        return Err(error);
                    }
                }
            }
        }
        transaction.commit().map_err(&write)
    }
}
