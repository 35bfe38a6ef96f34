//! Streams of records, and the tasks that produce them.

use std::future::Future;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;

use super::super::Failure;
use crate::stream::Producer;

/// Records that may wait for the connection; at the bound the producer waits.
const QUEUE: usize = 64;

/// A stream of records.
pub(crate) struct Records<R> {
    stream: BoxStream<'static, Result<R, Failure>>,
    /// Whether the response begins before the first record.
    opened: bool,
}

impl<R: Send + 'static> Records<R> {
    /// The records of a stream.
    pub(crate) fn stream(stream: impl Stream<Item = Result<R, Failure>> + Send + 'static) -> Self {
        Self {
            stream: stream.boxed(),
            opened: false,
        }
    }

    /// As [`Self::stream`], for records that may be long in coming: the client learns at once that it is being answered.
    pub(crate) fn opened(stream: impl Stream<Item = Result<R, Failure>> + Send + 'static) -> Self {
        Self {
            opened: true,
            ..Self::stream(stream)
        }
    }

    /// None.
    pub(crate) fn none() -> Self {
        Self::stream(futures_util::stream::empty())
    }

    /// Maps each record.
    pub(crate) fn map<T: Send + 'static>(
        self,
        each: impl Fn(R) -> T + Send + 'static,
    ) -> Records<T> {
        Records {
            stream: (self.stream.map(move |record| record.map(&each))).boxed(),
            opened: self.opened,
        }
    }

    /// The records as a stream.
    pub(crate) fn into_stream(self) -> BoxStream<'static, Result<R, Failure>> {
        self.stream
    }

    /// The records as lines, which `write` makes of them. An empty piece comes first where the answer begins before the first
    /// record.
    pub(crate) fn lines(
        self,
        write: impl FnOnce(
            BoxStream<'static, Result<R, Failure>>,
        ) -> BoxStream<'static, Result<Bytes, Failure>>,
    ) -> BoxStream<'static, Result<Bytes, Failure>> {
        let lines = write(self.stream);
        if self.opened {
            let opening = futures_util::stream::iter([Ok(Bytes::new())]);
            opening.chain(lines).boxed()
        } else {
            lines
        }
    }

    /// The records that a producer sends. The producer runs while the client reads, and is dropped when the client
    /// leaves.
    pub(crate) fn work<F>(work: impl FnOnce(Sender<R>) -> F) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Self::queued(QUEUE, work)
    }

    /// As [`Self::work`], for large records: only one waits at a time.
    pub(crate) fn large<F>(work: impl FnOnce(Sender<R>) -> F) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Self::queued(1, work)
    }

    fn queued<F>(queue: usize, work: impl FnOnce(Sender<R>) -> F) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(queue);
        Self::stream(Producer::new(work(Sender(sender)), receiver))
    }
}

/// Sends records from the producer of [`Records::work`].
#[derive(Clone)]
pub(crate) struct Sender<R>(mpsc::Sender<R>);

impl<R> Sender<R> {
    /// Sends a record; waits while the client is slow.
    pub(crate) async fn send(&self, record: R) -> Result<(), Failure> {
        self.0
            .send(record)
            .await
            .map_err(|_| Failure::normal("the client has left"))
    }

    /// Sends a record, or skips it while an earlier one waits for a slow client.
    pub(crate) fn offer(&self, record: impl FnOnce() -> R) {
        if self.0.capacity() == self.0.max_capacity() {
            let _ = self.0.try_send(record());
        }
    }

    /// Sends from a blocking thread; `false` when the client has left.
    pub(crate) fn blocking_send(&self, record: R) -> bool {
        self.0.blocking_send(record).is_ok()
    }
}
