//! Streams of items.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use futures_util::stream::Stream;

use super::{Answer, ReadItems, Records};
use crate::error::Error;

/// A stream of the items of a response. The request is sent when the stream is polled first; dropping the stream cancels the call.
#[must_use = "a stream does nothing unless it is read"]
pub struct Items<T> {
    state: State,
    read: ReadItems<T>,
    ready: VecDeque<T>,
}

enum State {
    Sending(BoxFuture<'static, Result<Answer, Error>>),
    Reading(Box<Records<serde::de::IgnoredAny>>),
    Ended,
}

impl<T> std::fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

impl<T> Items<T> {
    pub(super) fn new(
        answer: BoxFuture<'static, Result<Answer, Error>>,
        read: ReadItems<T>,
    ) -> Self {
        Self {
            state: State::Sending(answer),
            read,
            ready: VecDeque::new(),
        }
    }

    /// The next item; `None` at the end of a complete response. Cancel safe.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. After an error the stream has ended.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Collects the remaining items.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Partial`] contains the `Vec` of the items that had arrived.
    pub async fn try_collect(mut self) -> Result<Vec<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        let mut all = Vec::new();
        loop {
            match self.try_next().await {
                Ok(Some(item)) => all.push(item),
                Ok(None) => return Ok(all),
                Err(Error::Partial(partial)) => return Err(partial.with(all).into()),
                Err(error) => return Err(error),
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(item)));
            }
            let step = match &mut self.state {
                State::Sending(answer) => match ready!(answer.as_mut().poll(context)) {
                    Ok(answer) => {
                        self.state = State::Reading(Box::new(Records::new(answer)));
                        continue;
                    }
                    Err(error) => Err(error),
                },
                State::Reading(records) => match ready!(records.poll_line(context)) {
                    Ok(Some(line)) => (self.read)(&line, &mut self.ready).map(Some),
                    Ok(None) => Ok(None),
                    Err(error) => Err(error),
                },
                State::Ended => Ok(None),
            };
            match step {
                Ok(Some(())) => {}
                Ok(None) => {
                    self.state = State::Ended;
                    return Poll::Ready(Ok(None));
                }
                Err(error) => {
                    self.state = State::Ended;
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

impl<T: Unpin> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context).map(Result::transpose)
    }
}
