//! Futures of reads, which are ready immediately if the answer is in memory.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::traits::BlockError;

/// The future of a read.
///
/// An answer that is in memory is stored in the future: it needs no allocation and no task, and the first poll
/// returns it. Reads that wait for a disk or a network do so off the runtime's threads.
#[must_use = "futures do nothing unless polled"]
pub struct ReadFuture<'a, T>(State<'a, T>);

enum State<'a, T> {
    /// `None` after it was returned.
    Ready(Option<Result<T, BlockError>>),
    Waiting(BoxFuture<'a, Result<T, BlockError>>),
}

impl<'a, T: Send + 'a> ReadFuture<'a, T> {
    /// An answer that is available.
    pub fn ready(answer: Result<T, BlockError>) -> Self {
        Self(State::Ready(Some(answer)))
    }

    /// An answer that must be waited for.
    pub fn waiting(answer: impl Future<Output = Result<T, BlockError>> + Send + 'a) -> Self {
        Self(State::Waiting(Box::pin(answer)))
    }

    /// The answer, if it is available.
    ///
    /// # Errors
    /// The future itself, if it must be waited for.
    pub fn into_ready(self) -> Result<Result<T, BlockError>, Self> {
        match self.0 {
            State::Ready(Some(answer)) => Ok(answer),
            waiting => Err(Self(waiting)),
        }
    }

    /// Maps a successful answer.
    pub fn and_then<U: Send + 'a>(
        self,
        then: impl FnOnce(T) -> Result<U, BlockError> + Send + 'a,
    ) -> ReadFuture<'a, U> {
        match self.into_ready() {
            Ok(answer) => ReadFuture::ready(answer.and_then(then)),
            Err(waiting) => ReadFuture::waiting(async move { waiting.await.and_then(then) }),
        }
    }
}

impl<T> Unpin for ReadFuture<'_, T> {}

impl<T> Future for ReadFuture<'_, T> {
    type Output = Result<T, BlockError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(answer) => match answer.take() {
                Some(answer) => Poll::Ready(answer),
                // Polled again after it was ready, which no caller may do.
                None => Poll::Pending,
            },
            State::Waiting(answer) => answer.as_mut().poll(context),
        }
    }
}

impl<T> fmt::Debug for ReadFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = matches!(self.0, State::Ready(_));
        f.debug_struct("ReadFuture").field("ready", &ready).finish()
    }
}

/// Runs a blocking operation on a blocking thread; without a runtime, on this thread.
pub(super) async fn unblock<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, BlockError> + Send + 'static,
) -> Result<T, BlockError> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime
            .spawn_blocking(run)
            .await
            .map_err(|_| BlockError::Cancelled)?,
        Err(_) => run(),
    }
}

/// Maximum number of reads of one store that block a thread at the same time; others wait without a thread, so that
/// many cold reads leave threads for everything else. More would not be faster on most disks.
const MAX_BLOCKED: usize = 64;

/// Bounds the threads that wait for a store's reads.
#[derive(Clone, Debug)]
pub(super) struct BlockingReads(Arc<Semaphore>);

impl Default for BlockingReads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_BLOCKED)))
    }
}

impl BlockingReads {
    /// As [`unblock`], within the bound.
    pub(super) async fn run<T: Send + 'static>(
        self,
        run: impl FnOnce() -> Result<T, BlockError> + Send + 'static,
    ) -> Result<T, BlockError> {
        let turn = self.0.acquire_owned().await;
        unblock(move || {
            let answer = run();
            drop(turn);
            answer
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::super::wait::wait;
    use super::*;

    #[test]
    fn an_available_answer_is_ready_at_the_first_poll() {
        let read = ReadFuture::ready(Ok(1)).and_then(|one| Ok(one + 1));
        assert_eq!(read.now_or_never().unwrap().unwrap(), 2);
        let failed = ReadFuture::<u8>::ready(Err(BlockError::Closed)).and_then(|_| Ok(()));
        assert!(matches!(failed.into_ready(), Ok(Err(BlockError::Closed))));
    }

    #[test]
    fn what_waits_is_not_ready() {
        let (send, answer) = tokio::sync::oneshot::channel();
        let read = ReadFuture::waiting(async { answer.await.map_err(|_| BlockError::Closed) });
        let read = read.and_then(|one: u8| Ok(one + 1)).into_ready();
        let mut read = read.unwrap_err();
        assert!((&mut read).now_or_never().is_none());
        send.send(1).unwrap();
        assert_eq!(wait(read).unwrap(), 2);
    }

    #[tokio::test]
    async fn blocked_threads_are_bounded() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let (blocked, now) = (BlockingReads::default(), Arc::new(AtomicUsize::new(0)));
        let reads = (0..MAX_BLOCKED * 4).map(|_| {
            let now = Arc::clone(&now);
            blocked.clone().run(move || {
                assert!(now.fetch_add(1, Ordering::AcqRel) < MAX_BLOCKED);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::AcqRel);
                Ok(())
            })
        });
        futures_util::future::try_join_all(reads).await.unwrap();
    }
}
