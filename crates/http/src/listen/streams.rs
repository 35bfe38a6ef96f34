//! HTTP/2 streams: limits of time and memory for each.
//!
//! A response whose client does not open its window is aborted, like a connection that is not read from. The memory
//! of all responses of a connection is bounded: requests wait until others have been read.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use super::slots::RequestGuard;
use crate::guard::IdleTimeout;

/// Maximum number of bytes of an answer that are handed to hyper at once. The next ones follow when the client has
/// room for them, so the progress of a slow client can be observed.
const PIECE: usize = 16 << 10;
/// KiB that the responses of one connection may hold, for requests without a body.
const HELD: usize = 32 << 10;
/// KiB reserved for a response until its size is known: the largest usual block.
const BEGINNING: u32 = 1 << 10;
/// KiB that every response may hold.
const SMALL: usize = 64;
/// Time to send what hyper already has before a stream is reset.
const LAST_WORDS: Duration = Duration::from_millis(50);

tokio::task_local! {
    static CURRENT: Arc<Progress>;
}

/// The progress of a response.
#[derive(Debug, Default)]
struct Progress {
    pieces: AtomicU64,
    /// Whether a piece was handed to hyper that may wait for the client.
    waiting: AtomicBool,
}

/// Runs the streams of a connection, each under the limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    /// Maximum time for which a client reads nothing of a response.
    pub(super) limit: Duration,
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(MonitoredStream {
            stream: Box::pin(stream),
            progress: Arc::default(),
            seen: 0,
            idle: IdleTimeout::new(self.limit),
        });
    }
}

/// A stream that is reset when its client reads nothing for too long.
struct MonitoredStream<F> {
    stream: Pin<Box<F>>,
    progress: Arc<Progress>,
    seen: u64,
    idle: IdleTimeout,
}

impl<F: Future<Output = ()>> Future for MonitoredStream<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let progress = Arc::clone(&this.progress);
        let polled = CURRENT.sync_scope(progress, || this.stream.as_mut().poll(cx));
        if polled.is_ready() {
            return Poll::Ready(());
        }
        let pieces = this.progress.pieces.load(Ordering::Relaxed);
        let waiting = this.progress.waiting.load(Ordering::Relaxed);
        if !waiting || pieces != this.seen {
            this.seen = pieces;
            this.idle.reset();
        }
        if waiting && this.idle.poll_elapsed(cx).is_ready() {
            tracing::debug!("a stream was given up: its client has stopped reading");
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

/// The memory that the responses of one connection may hold.
#[derive(Clone, Debug)]
pub(super) struct MemoryBudget(Arc<Semaphore>);

impl MemoryBudget {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(HELD)))
    }

    /// Reserves memory for a response; waits while there is none. Requests with a body never wait: their unread
    /// bodies would use up the connection's window.
    pub(super) async fn set_aside(&self, has_body: bool) -> Reservation {
        let permit = match has_body {
            true => None,
            false => Arc::clone(&self.0).acquire_many_owned(BEGINNING).await.ok(),
        };
        Reservation {
            budget: Arc::clone(&self.0),
            permit,
            known: false,
        }
    }
}

/// The memory reserved for a response.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    known: bool,
}

impl Reservation {
    /// Accounts for a piece of this many bytes; `false` when there is no memory left for it.
    fn fits(&mut self, bytes: usize) -> bool {
        let needed = bytes.div_ceil(1 << 10);
        match &mut self.permit {
            Some(permit) => {
                if !self.known {
                    let keep = needed.max(SMALL);
                    drop(permit.split(permit.num_permits().saturating_sub(keep)));
                }
                self.known = true;
                true
            }
            None if needed <= SMALL => true,
            None => {
                let needed = u32::try_from(needed).unwrap_or(u32::MAX);
                self.permit = Arc::clone(&self.budget).try_acquire_many_owned(needed).ok();
                self.known = true;
                self.permit.is_some()
            }
        }
    }
}

/// The same response, in pieces and with the limits of its stream.
pub(super) fn in_pieces(
    response: Response,
    held: Reservation,
    busy: RequestGuard,
) -> http::Response<PacedBody> {
    response.map(|inner| PacedBody {
        inner,
        rest: Bytes::new(),
        broken: None,
        progress: CURRENT.try_with(Arc::clone).unwrap_or_default(),
        held,
        _busy: busy,
    })
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a response on a stream.
#[derive(Debug)]
pub(super) struct PacedBody {
    inner: Body,
    /// Bytes that were not handed to hyper yet.
    rest: Bytes,
    /// Why it is cut off, once it is, and when.
    broken: Option<(Option<BoxError>, Pin<Box<Sleep>>)>,
    progress: Arc<Progress>,
    held: Reservation,
    _busy: RequestGuard,
}

impl PacedBody {
    fn break_off(&mut self, why: BoxError) {
        let timer = Box::pin(tokio::time::sleep(LAST_WORDS));
        self.broken = Some((Some(why), timer));
    }

    /// The next piece. The last byte is sent alone: it is handed to hyper once everything before it was sent, so that
    /// a stream does not count as done while its client keeps the window closed.
    fn piece(&mut self) -> Frame<Bytes> {
        let length = match self.rest.len() {
            length if length > PIECE => PIECE,
            length if length > 1 && self.inner.is_end_stream() => length - 1,
            length => length,
        };
        self.progress.pieces.fetch_add(1, Ordering::Relaxed);
        self.progress.waiting.store(true, Ordering::Relaxed);
        Frame::data(self.rest.split_to(length))
    }
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            if !this.rest.is_empty() {
                return Poll::Ready(Some(Ok(this.piece())));
            }
            this.progress.waiting.store(false, Ordering::Relaxed);
            if let Some((why, timer)) = &mut this.broken {
                std::task::ready!(timer.as_mut().poll(cx));
                return Poll::Ready(why.take().map(Err));
            }
            match std::task::ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => this.break_off(error.into()),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if this.held.fits(data.len()) => this.rest = data,
                    Ok(_) => this.break_off("the connection's answers hold too much".into()),
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.broken.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.size_hint();
        let rest = self.rest.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
