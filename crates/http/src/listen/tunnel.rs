//! Tunnels of HTTP proxies: after `CONNECT`, the same connection carries further requests.
//!
//! Spec: RFC 9110 §9.3.6. Such a tunnel leads nowhere but to this face: its requests name the hosts that they mean, as a
//! gateway's do.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::{Buf as _, Bytes};
use http::{Method, Request};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Maximum number of tunnels through one connection, one after the other. Then it is closed.
pub(super) const MAX_TUNNELS: usize = 8;

/// Whether a tunnel was requested on a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Tunnel(Arc<AtomicBool>);

impl Tunnel {
    /// The response to `CONNECT`; `None` for other requests.
    pub(super) fn open<B>(&self, request: &Request<B>) -> Option<Response> {
        (request.method() == Method::CONNECT).then(|| {
            self.0.store(true, Ordering::Release);
            Response::new(Body::empty())
        })
    }

    /// Whether one was opened since this was last called.
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

/// A stream whose next bytes were read already.
#[derive(Debug)]
pub(super) struct Rewind<S> {
    before: Bytes,
    inner: S,
}

impl<S> Rewind<S> {
    pub(super) fn new(inner: S) -> Self {
        Self {
            before: Bytes::new(),
            inner,
        }
    }

    /// Puts bytes back that came before those that are still to be read.
    pub(super) fn put_back(&mut self, bytes: Bytes) {
        self.before = if self.before.is_empty() {
            bytes
        } else {
            [bytes, std::mem::take(&mut self.before)].concat().into()
        };
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewind<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.before.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let length = self.before.len().min(buf.remaining());
        if let Some(bytes) = self.before.get(..length) {
            buf.put_slice(bytes);
        }
        self.before.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewind<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
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
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn bytes_are_read_again_in_their_order() {
        let mut stream = Rewind::new(&b"ef"[..]);
        stream.put_back(Bytes::from_static(b"cd"));
        stream.put_back(Bytes::from_static(b"ab"));
        let mut read = [0; 3];
        stream.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"abc");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"def");
    }

    #[test]
    fn only_connect_opens_a_tunnel() {
        let tunnel = Tunnel::default();
        assert!(tunnel.open(&Request::new(())).is_none());
        assert!(!tunnel.take());
        let mut request = Request::new(());
        *request.method_mut() = Method::CONNECT;
        assert!(tunnel.open(&request).is_some());
        assert!(tunnel.take() && !tunnel.take());
    }
}
