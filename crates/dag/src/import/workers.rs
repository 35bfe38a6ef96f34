//! The hashing threads.
//!
//! One set of threads serves all imports of the process, because the cores are the limit, not the imports: one thread
//! per core, without the core of the receiving task, at least one. They start with the first import that needs them
//! and end with the last one. On two cores, receiving on one and hashing on the other is 75 % faster than doing both
//! in one task; a work-stealing pool or a blocking task per chunk is not faster.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::ImportError;

/// Jobs that may wait for a thread, over all imports; whoever has another one waits for a place. A job holds at most a
/// few MiB, so that this bounds the memory of everything that is queued.
const QUEUE: usize = 64;
/// Threads at most: past this the store is the bound.
const MAX_THREADS: usize = 16;

static SHARED: Mutex<Weak<Workers>> = Mutex::new(Weak::new());

type Job = Box<dyn FnOnce() + Send>;

/// A set of hashing threads; they end when the last handle is dropped.
#[derive(Debug)]
pub(super) struct Workers {
    queue: crossbeam_channel::Sender<Job>,
    places: Arc<Semaphore>,
}

impl Workers {
    /// The threads of this process, started if they do not run.
    pub(super) fn shared() -> Result<Arc<Self>, ImportError> {
        let mut shared = SHARED.lock();
        if let Some(workers) = shared.upgrade() {
            return Ok(workers);
        }
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let workers = Arc::new(Self::start((cores - 1).clamp(1, MAX_THREADS))?);
        *shared = Arc::downgrade(&workers);
        Ok(workers)
    }

    fn start(threads: usize) -> Result<Self, ImportError> {
        let (queue, jobs) = crossbeam_channel::unbounded::<Job>();
        for index in 0..threads {
            let jobs = jobs.clone();
            let started = thread::Builder::new()
                .name(format!("cairn-hash-{index}"))
                .spawn(move || {
                    for job in jobs {
                        // A fault in one import must not take the hashing from the others.
                        if catch_unwind(AssertUnwindSafe(job)).is_err() {
                            tracing::error!("a hashing job failed");
                        }
                    }
                });
            match started {
                // The threads that could be had are enough.
                Err(_) if index > 0 => break,
                started => started.map_err(|error| ImportError::Threads(Arc::new(error)))?,
            };
        }
        Ok(Self {
            queue,
            places: Arc::new(Semaphore::new(QUEUE)),
        })
    }

    /// Queues some work; waits while the queue is full. If the ticket is dropped first, the work is not done.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<PendingResult<T>, ImportError> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| ImportError::Hashing)?;
        let (done, ticket) = oneshot::channel();
        let job = move || {
            let _place: OwnedSemaphorePermit = place;
            if !done.is_closed() {
                // The receiver may have gone meanwhile; then nobody wants the answer.
                let _ = done.send(work());
            }
        };
        self.queue
            .send(Box::new(job))
            .map_err(|_| ImportError::Hashing)?;
        Ok(PendingResult(ticket))
    }
}

/// The pending result of queued work.
#[derive(Debug)]
pub(super) struct PendingResult<T>(oneshot::Receiver<T>);

impl<T> PendingResult<T> {
    /// Waits for the result. Cancel safe.
    pub(super) async fn wait(&mut self) -> Result<T, ImportError> {
        (&mut self.0).await.map_err(|_| ImportError::Hashing)
    }

    /// The result, if it is there.
    pub(super) fn ready(&mut self) -> Result<Option<T>, ImportError> {
        match self.0.try_recv() {
            Ok(done) => Ok(Some(done)),
            Err(oneshot::error::TryRecvError::Empty) => Ok(None),
            Err(oneshot::error::TryRecvError::Closed) => Err(ImportError::Hashing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn survives_a_fault() {
        let workers = Workers::start(1).unwrap();
        let mut bad = workers.run(|| panic!("on purpose")).await.unwrap();
        let bad: Result<(), _> = bad.wait().await;
        assert!(matches!(bad, Err(ImportError::Hashing)));
        let mut good = workers.run(|| 7).await.unwrap();
        assert_eq!(good.wait().await.unwrap(), 7);
    }

    #[tokio::test]
    async fn ends_with_its_last_handle() {
        let first = Workers::shared().unwrap();
        assert!(Arc::ptr_eq(&first, &Workers::shared().unwrap()));
        let (alive, gone) = crossbeam_channel::bounded::<()>(0);
        let own = Workers::start(2).unwrap();
        let mut ticket = own.run(move || alive).await.unwrap();
        drop(ticket.wait().await.unwrap());
        drop(own);
        assert!(gone.recv().is_err());
    }

    #[tokio::test]
    async fn skips_what_nobody_waits_for() {
        let workers = Workers::start(1).unwrap();
        let (open, gate) = crossbeam_channel::bounded::<()>(1);
        let mut first = workers.run(move || gate.recv().is_ok()).await.unwrap();
        let (mark, marks) = crossbeam_channel::unbounded();
        let second = workers.run(move || mark.send(())).await.unwrap();
        drop(second);
        open.send(()).unwrap();
        assert!(first.wait().await.unwrap());
        assert!(marks.recv().is_err());
    }
}
