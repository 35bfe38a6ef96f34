//! `X-Stream-Error` for HTTP/1 clients that did not ask for trailers.
//!
//! hyper drops the trailers of an HTTP/1 response unless the request says `TE: trailers`. Kubo's clients do not send
//! that header and read the trailer nevertheless. So a body that ends with a trailer leaves it in the connection's
//! [`Slot`], and the connection's writer inserts it into the terminator of the chunked body, `0\r\n\r\n`, when hyper
//! writes it.
//!
//! The terminator is only replaced where it is the last piece that hyper has left to write. If anything follows (a
//! client that pipelines), the connection is cut off: a cut response is better than one that looks complete.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const TERMINATOR: &[u8] = b"0\r\n\r\n";

/// Holds the trailer of a body for the connection that writes it. Passed as an extension of the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Vec<u8>>>>);

impl Slot {
    /// Stores a trailer. Line ends and non-ASCII characters are replaced: a message must not inject header fields.
    pub(crate) fn leave(&self, name: &str, value: &str) {
        let clean = printable(value);
        *self.0.lock() = Some(format!("0\r\n{name}: {clean}\r\n\r\n").into_bytes());
    }

    /// Leaves the trailer in another slot.
    pub(crate) fn move_to(&self, other: &Self) {
        if let Some(trailer) = self.take() {
            *other.0.lock() = Some(trailer);
        }
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().take()
    }
}

/// A message as the value of a trailer: everything but printable ASCII becomes a space.
pub(crate) fn printable(message: &str) -> String {
    message
        .chars()
        .map(|letter| {
            if (' '..='~').contains(&letter) {
                letter
            } else {
                ' '
            }
        })
        .collect()
}

/// A connection that writes the trailers stored in its slot.
#[derive(Debug)]
pub(crate) struct TrailerIo<S> {
    inner: S,
    slot: Slot,
    /// A terminator with its trailer, and how much of it is written. To hyper it looks like the plain one.
    ending: Option<(Vec<u8>, usize)>,
}

impl<S> TrailerIo<S> {
    pub(crate) fn new(inner: S, slot: Slot) -> Self {
        Self {
            inner,
            slot,
            ending: None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TrailerIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> TrailerIo<S> {
    /// Writes the rest of the terminator; then hyper is told that the plain one was written.
    fn poll_ending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((bytes, written)) = &mut self.ending {
            let rest = bytes.get(*written..).unwrap_or_default();
            if rest.is_empty() {
                self.ending = None;
                break;
            }
            match Pin::new(&mut self.inner).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => *written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(TERMINATOR.len()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TrailerIo<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.ending.is_some() {
            return this.poll_ending(cx);
        }
        if this.slot.0.lock().is_none() {
            return Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        }
        // There is a trailer, and the last five bytes that hyper has left are the terminator.
        let total: usize = bufs.iter().map(|buf| buf.len()).sum();
        let last = bufs.iter().rev().find(|buf| !buf.is_empty());
        let ends_here = last.is_some_and(|buf| buf.ends_with(TERMINATOR));
        if !ends_here {
            // hyper passes everything that it has left at once, so the terminator is in these bytes.
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "a response was cut off: its trailer could not be written",
            )));
        }
        if total == TERMINATOR.len() {
            let bytes = this.slot.take().unwrap_or_else(|| TERMINATOR.to_vec());
            this.ending = Some((bytes, 0));
            return this.poll_ending(cx);
        }
        // Write everything before the terminator first; hyper calls again with only the terminator.
        let mut left = total - TERMINATOR.len();
        let mut head = Vec::with_capacity(bufs.len());
        for buf in bufs {
            let part = buf.get(..buf.len().min(left)).unwrap_or_default();
            left -= part.len();
            if !part.is_empty() {
                head.push(IoSlice::new(part));
            }
        }
        Pin::new(&mut this.inner).poll_write_vectored(cx, &head)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
