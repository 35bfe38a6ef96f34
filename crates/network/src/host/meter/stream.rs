//! A connection and its streams, counted. Panics below become errors of the connection.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use cairn_primitives::multistream::{Negotiation, Progress};
use cairn_store::network::Direction;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};
use libp2p::futures::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

use super::{ConnectionMeter, Counter};
use crate::host::guard::{Panicked, log_panic};

/// How long a connection may take to close. A peer that takes nothing would keep it open, and counted.
const CLOSE: Duration = Duration::from_secs(5);

/// A connection.
pub(in crate::host) struct CountedMuxer {
    inner: StreamMuxerBox,
    meter: Arc<ConnectionMeter>,
    /// Streams that the peer may have open.
    max_inbound: usize,
    /// When closing has taken too long.
    closing: Option<Pin<Box<Sleep>>>,
}

impl CountedMuxer {
    pub(in crate::host) fn new(
        inner: StreamMuxerBox,
        meter: Arc<ConnectionMeter>,
        max_inbound: usize,
    ) -> Self {
        Self {
            inner,
            meter,
            max_inbound,
            closing: None,
        }
    }
}

/// Runs one step; a panic is an error.
fn contained<T>(part: &str, step: impl FnOnce() -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| {
        log_panic(part, &*panic);
        Poll::Ready(Err(io::Error::other(Panicked)))
    })
}

impl StreamMuxer for CountedMuxer {
    type Substream = CountedStream;
    type Error = io::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<CountedStream>> {
        let inner = Pin::new(&mut self.inner);
        let stream = std::task::ready!(contained("connection", || inner.poll_inbound(context)))?;
        if self.meter.inbound.load(Ordering::Relaxed) >= self.max_inbound {
            // Dropping resets the stream. Others get their turn before the next one.
            drop(stream);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(CountedStream::new(
            stream,
            Arc::clone(&self.meter),
            Direction::Inbound,
        )))
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<CountedStream>> {
        let inner = Pin::new(&mut self.inner);
        let stream = std::task::ready!(contained("connection", || inner.poll_outbound(context)))?;
        Poll::Ready(Ok(CountedStream::new(
            stream,
            Arc::clone(&self.meter),
            Direction::Outbound,
        )))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = Pin::new(&mut self.inner);
        let closed = contained("connection", || inner.poll_close(context));
        if closed.is_ready() {
            return closed;
        }
        let limit = self
            .closing
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(CLOSE)));
        std::task::ready!(limit.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<StreamMuxerEvent>> {
        let inner = Pin::new(&mut self.inner);
        contained("connection", || inner.poll(context))
    }
}

/// A stream.
pub(in crate::host) struct CountedStream {
    inner: SubstreamBox,
    meter: Arc<ConnectionMeter>,
    direction: Direction,
    number: u64,
    /// Until the protocol is known or given up.
    negotiation: Option<Negotiation>,
    /// Bytes before that.
    before: (u64, u64),
    protocol: Option<Arc<Counter>>,
    is_exchange: bool,
}

impl CountedStream {
    fn new(inner: SubstreamBox, meter: Arc<ConnectionMeter>, direction: Direction) -> Self {
        let number = meter.next.fetch_add(1, Ordering::Relaxed);
        let count = match direction {
            Direction::Inbound => &meter.inbound,
            Direction::Outbound => &meter.outbound,
        };
        count.fetch_add(1, Ordering::Relaxed);
        meter.streams.lock().insert(number, None);
        Self {
            inner,
            meter,
            direction,
            number,
            negotiation: Some(Negotiation::default()),
            before: (0, 0),
            protocol: None,
            is_exchange: false,
        }
    }

    /// Counts bytes; `answer` are those of the side that accepts the stream.
    fn count(&mut self, received: usize, sent: usize, answer: &[u8]) {
        let (received, sent) = (received as u64, sent as u64);
        let meters = &self.meter.meters;
        let now = meters.millis();
        self.meter.active.store(now, Ordering::Relaxed);
        if self.is_exchange {
            self.meter.exchanged.store(now.max(1), Ordering::Relaxed);
        }
        if meters.0.bytes {
            meters.0.total.add(received, sent);
            self.meter.peer.add(received, sent);
            match &self.protocol {
                Some(protocol) => protocol.add(received, sent),
                None => {
                    self.before.0 += received;
                    self.before.1 += sent;
                }
            }
        }
        if answer.is_empty() {
            return;
        }
        let Some(negotiation) = &mut self.negotiation else {
            return;
        };
        match negotiation.push(answer) {
            Progress::Pending => {}
            Progress::Unknown => self.negotiation = None,
            Progress::Agreed(name) => {
                self.negotiation = None;
                let name: Arc<str> = name.into();
                self.is_exchange = name.starts_with("/ipfs/bitswap");
                self.protocol = meters.protocol(&name);
                if let Some(protocol) = self.protocol.as_ref().filter(|_| meters.0.bytes) {
                    protocol.add(self.before.0, self.before.1);
                }
                self.meter.streams.lock().insert(self.number, Some(name));
            }
        }
    }
}

impl Drop for CountedStream {
    fn drop(&mut self) {
        let count = match self.direction {
            Direction::Inbound => &self.meter.inbound,
            Direction::Outbound => &self.meter.outbound,
        };
        count.fetch_sub(1, Ordering::Relaxed);
        self.meter.streams.lock().remove(&self.number);
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let inner = Pin::new(&mut self.inner);
        let count = std::task::ready!(contained("stream", || inner.poll_read(context, buffer)))?;
        let answer = match self.direction {
            Direction::Outbound => buffer.get(..count).unwrap_or_default(),
            Direction::Inbound => &[],
        };
        self.count(count, 0, answer);
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let inner = Pin::new(&mut self.inner);
        let count = std::task::ready!(contained("stream", || inner.poll_write(context, bytes)))?;
        let answer = match self.direction {
            Direction::Inbound => bytes.get(..count).unwrap_or_default(),
            Direction::Outbound => &[],
        };
        self.count(0, count, answer);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = Pin::new(&mut self.inner);
        contained("stream", || inner.poll_flush(context))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = Pin::new(&mut self.inner);
        contained("stream", || inner.poll_close(context))
    }
}
