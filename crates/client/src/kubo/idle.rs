//! Timeouts of calls.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::time::{Instant, Sleep};

use crate::error::Error;
use crate::transport::Body;

/// Measures the time in which nothing is sent or received.
#[derive(Debug)]
pub(crate) struct Idle {
    limit: Option<Duration>,
    moved: Arc<Mutex<Instant>>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Idle {
    /// Starts it; without a limit it never expires.
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Self {
            limit,
            moved: Arc::new(Mutex::new(Instant::now())),
            alarm: None,
        }
    }

    /// Resets the time.
    pub(crate) fn moved(&mut self) {
        if self.limit.is_some() {
            *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }

    /// Wraps a body, so that sending it resets the time.
    pub(crate) fn watch(&self, body: Body) -> Body {
        if self.limit.is_none() {
            return body;
        }
        let moved = Arc::clone(&self.moved);
        body.map_frame(move |frame| {
            *moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            frame
        })
        .boxed_unsync()
    }

    /// Ready with an error after the timeout.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        loop {
            let moved = *self.moved.lock().unwrap_or_else(PoisonError::into_inner);
            // A limit that exceeds the range of the clock is none.
            let Some(end) = moved.checked_add(limit) else {
                return Poll::Pending;
            };
            let alarm = self
                .alarm
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
            if alarm.deadline() != end {
                alarm.as_mut().reset(end);
            }
            match alarm.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => {
                    let moved = *self.moved.lock().unwrap_or_else(PoisonError::into_inner);
                    if moved.elapsed() >= limit {
                        return Poll::Ready(Error::Timeout { limit });
                    }
                }
            }
        }
    }

    /// Waits for a future until the timeout.
    pub(crate) async fn wait<T>(
        &mut self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            if let Poll::Ready(outcome) = work.as_mut().poll(context) {
                return Poll::Ready(outcome);
            }
            self.poll(context).map(Err)
        })
        .await
    }
}
