//! Limits of a connection: a client that stops reading or stops sending a body is disconnected.
//!
//! If the server closed a connection while its client still sends, the connection would be reset and the client might
//! never read the response that says why. So the server reads and discards what the client sends for a short time
//! first.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Body as _, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use crate::listen::{Activity, RequestGuard, SendQueue};
use crate::metrics::OpenConnection;

/// A timeout that restarts with every progress. The timer is created when it is first needed.
#[derive(Debug)]
pub(crate) struct IdleTimeout {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl IdleTimeout {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            timer: None,
            waiting: false,
        }
    }

    /// Restarts the timeout: there was progress.
    pub(crate) fn reset(&mut self) {
        self.waiting = false;
    }

    /// Ready once there was no progress for the limit.
    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if !self.waiting {
            self.waiting = true;
            timer.as_mut().reset(Instant::now() + limit);
        }
        timer.as_mut().poll(cx)
    }
}

/// Maximum time for which a refused client may continue to send.
const LINGER: Duration = Duration::from_secs(2);

/// Shared flag: a request of the connection was answered before all of its body was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnreadBody(Arc<AtomicBool>);

/// Number of checks of the send queue within the timeout.
const LOOKS: u32 = 8;

/// A connection that counts its bytes, and fails once its client has read nothing for too long.
///
/// A socket that is not writable is not enough evidence: it only becomes writable again when a third of the send
/// queue is empty, which takes minutes with a slow client. So the size of the send queue is checked.
#[derive(Debug)]
pub(crate) struct GuardedIo<S> {
    inner: S,
    /// Time between two checks of the send queue.
    writing: IdleTimeout,
    blocked: Option<BlockedClient>,
    opened: OpenConnection,
    unread: UnreadBody,
    activity: Activity,
    lingering: Option<Pin<Box<Sleep>>>,
}

/// The state of a client whose receive window is full.
#[derive(Debug)]
struct BlockedClient {
    queued_bytes: Option<u64>,
    /// Checks since the send queue last shrank.
    looks: u32,
}

impl<S> GuardedIo<S> {
    /// `limit` is the maximum time for which the client may read nothing of what is written.
    pub(crate) fn new(
        inner: S,
        limit: Duration,
        opened: OpenConnection,
        unread: UnreadBody,
        activity: Activity,
    ) -> Self {
        Self {
            inner,
            writing: IdleTimeout::new(limit / LOOKS),
            blocked: None,
            opened,
            unread,
            activity,
            lingering: None,
        }
    }
}

impl<S: SendQueue> GuardedIo<S> {
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(done) => {
                self.writing.reset();
                if self.blocked.take().is_some() {
                    self.activity.set_blocked(false);
                }
                if let Ok(bytes) = &done {
                    self.opened.sent(*bytes);
                }
                Poll::Ready(done)
            }
            Poll::Pending => self.poll_stuck(cx).map(|()| {
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client has stopped reading",
                ))
            }),
        }
    }

    /// Ready once the client has read nothing for the limit.
    fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.blocked.is_none() {
            self.activity.set_blocked(true);
        }
        let inner = &self.inner;
        let blocked = self.blocked.get_or_insert_with(|| BlockedClient {
            queued_bytes: inner.queued_bytes(),
            looks: 0,
        });
        loop {
            ready!(self.writing.poll_elapsed(cx));
            self.writing.reset();
            let queued_bytes = self.inner.queued_bytes();
            if queued_bytes == blocked.queued_bytes {
                blocked.looks += 1;
            } else {
                *blocked = BlockedClient {
                    queued_bytes,
                    looks: 0,
                };
            }
            if blocked.looks >= LOOKS {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.opened.received(buf.filled().len() - before);
        outcome
    }
}

impl<S: AsyncRead + AsyncWrite + SendQueue + Unpin> AsyncWrite for GuardedIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.written(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let timer = match &mut this.lingering {
            Some(timer) => timer,
            None => {
                ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
                if !this.unread.0.load(Ordering::Relaxed) {
                    return Poll::Ready(Ok(()));
                }
                this.lingering.insert(Box::pin(tokio::time::sleep(LINGER)))
            }
        };
        let mut room = [0; 16 << 10];
        while timer.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut room);
            let read = ready!(Pin::new(&mut this.inner).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                break;
            }
            this.opened.received(buf.filled().len());
        }
        Poll::Ready(Ok(()))
    }
}

/// A request's body, which fails when nothing arrives for too long while it is read.
#[derive(Debug)]
pub(crate) struct GuardedBody {
    inner: hyper::body::Incoming,
    reading: IdleTimeout,
    unread: UnreadBody,
    ended: bool,
    /// Dropped when nothing more is read.
    reader: Option<oneshot::Sender<()>>,
}

impl Drop for GuardedBody {
    fn drop(&mut self) {
        if !self.ended && !self.inner.is_end_stream() {
            self.unread.0.store(true, Ordering::Relaxed);
        }
    }
}

impl GuardedBody {
    /// `reader` is dropped when the body has been read, has failed, or is dropped.
    pub(crate) fn wrap(
        inner: hyper::body::Incoming,
        limit: Duration,
        unread: UnreadBody,
        reader: Option<oneshot::Sender<()>>,
    ) -> Body {
        if inner.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self {
            inner,
            reading: IdleTimeout::new(limit),
            unread,
            ended: false,
            reader,
        })
    }
}

impl http_body::Body for GuardedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let polled = match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                this.reading.reset();
                this.ended = frame.is_none();
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => this
                .reading
                .poll_elapsed(cx)
                .map(|()| Some(Err("the client has stopped sending".into()))),
        };
        if let Poll::Ready(None | Some(Err(_))) = polled {
            this.reader = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A response body that keeps its request counted as active until it ends.
#[derive(Debug)]
pub(crate) struct TrackedBody {
    pub(crate) inner: Body,
    pub(crate) _busy: RequestGuard,
}

impl http_body::Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
