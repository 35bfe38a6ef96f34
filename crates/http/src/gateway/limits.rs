//! Limits of the gateway: requests at once, and the time of one.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use cairn_node::config::GoDuration;
use cairn_node::config::sections::Gateway as Config;
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// Requests at once, as in Kubo. Further ones are answered with 429.
const MAX_REQUESTS: usize = 4096;
/// How long one request may take, as in Kubo. Then its response is cut off.
const MAX_DURATION: Duration = Duration::from_secs(60 * 60);

/// The limits.
#[derive(Debug)]
pub(super) struct Limits {
    /// Room for further requests; `None` for any number.
    room: Option<Arc<Semaphore>>,
    duration: Option<Duration>,
}

/// What a request holds until its response is sent.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: Option<OwnedSemaphorePermit>,
    end: Option<Instant>,
}

impl Limits {
    /// From the configuration.
    pub(super) fn from_config(config: &Config) -> Self {
        let requests = match config.max_concurrent_requests {
            None => Some(MAX_REQUESTS),
            Some(limit) => usize::try_from(limit).ok().filter(|limit| *limit > 0),
        };
        let duration = config.max_request_duration.0.map(GoDuration::to_std);
        Self {
            room: requests.map(|limit| Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)))),
            duration: Some(duration.unwrap_or(MAX_DURATION)).filter(|limit| !limit.is_zero()),
        }
    }

    /// The slot of a request; `None` if all are taken.
    pub(super) fn enter(&self) -> Option<Slot> {
        let permit = match &self.room {
            None => None,
            Some(room) => Some(Arc::clone(room).try_acquire_owned().ok()?),
        };
        let end = self
            .duration
            .and_then(|duration| Instant::now().checked_add(duration));
        Some(Slot {
            _permit: permit,
            end,
        })
    }
}

impl Slot {
    /// When the request must be done.
    pub(super) fn end(&self) -> Option<Instant> {
        self.end
    }

    /// The body, which keeps the slot until it is sent. One whose bytes are all in memory does not need it: a slow client
    /// costs nothing but its connection.
    pub(super) fn hold(self, body: Body) -> Body {
        if body.is_end_stream() || body.size_hint().exact().is_some() {
            return body;
        }
        let sleep = self.end.map(|end| Box::pin(tokio::time::sleep_until(end)));
        Body::new(LimitedBody {
            body: Some(body),
            sleep,
            _slot: self,
        })
    }
}

/// A body that is cut off when its time is over.
struct LimitedBody {
    body: Option<Body>,
    sleep: Option<Pin<Box<Sleep>>>,
    _slot: Slot,
}

/// The request took too long.
#[derive(Debug, thiserror::Error)]
#[error("the response took longer than Gateway.MaxRequestDuration")]
struct TooLong;

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Some(sleep) = &mut self.sleep
            && sleep.as_mut().poll(cx).is_ready()
        {
            tracing::warn!(
                "a response was cut off: it took longer than Gateway.MaxRequestDuration"
            );
            self.body = None;
            self.sleep = None;
            return Poll::Ready(Some(Err(TooLong.into())));
        }
        match &mut self.body {
            None => Poll::Ready(None),
            Some(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map(http_body::Body::size_hint)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn limits(json: &str) -> Limits {
        Limits::from_config(&serde_json::from_str(json).unwrap())
    }

    fn stream() -> Body {
        let pieces = [Ok::<_, std::convert::Infallible>(Bytes::from_static(b"x"))];
        Body::from_stream(futures_util::stream::iter(pieces))
    }

    #[tokio::test]
    async fn requests_beyond_the_limit_wait_for_nobody() {
        let limits = limits(r#"{"MaxConcurrentRequests": 2}"#);
        let first = limits.enter().unwrap();
        let second = limits.enter().unwrap();
        assert!(limits.enter().is_none());
        // A body in memory gives its slot back at once, a stream when it is done.
        let _whole = second.hold(Body::from("x"));
        let held = limits.enter().unwrap().hold(stream());
        assert!(limits.enter().is_none());
        drop((first, held));
        assert!(limits.enter().is_some());
    }

    #[test]
    fn no_limit_is_possible() {
        let limits = limits(r#"{"MaxConcurrentRequests": 0, "MaxRequestDuration": "0s"}"#);
        let slots: Vec<_> = (0..MAX_REQUESTS * 2).map(|_| limits.enter()).collect();
        assert!(slots.iter().all(Option::is_some));
        assert_eq!(slots[0].as_ref().unwrap().end(), None);
    }

    #[tokio::test]
    async fn a_response_that_takes_too_long_is_cut_off() {
        let limits = limits(r#"{"MaxRequestDuration": "10ms"}"#);
        let endless = futures_util::stream::pending::<Result<Bytes, std::convert::Infallible>>();
        let body = limits.enter().unwrap().hold(Body::from_stream(endless));
        let error = body.collect().await.unwrap_err();
        assert!(error.to_string().contains("MaxRequestDuration"));
    }
}
