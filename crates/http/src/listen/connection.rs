//! One connection.

use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{Face, Limits};
use crate::guard::{GuardedBody, GuardedIo, Unread};
use crate::tls::Tls;
use crate::trailer::{Slot, TrailerIo};

/// Time between two questions whether an HTTP/2 client is still there, and for its answer.
const PING: Duration = Duration::from_secs(20);

/// Serves a connection to its end. HTTP/2 is spoken with whoever asks for it in a TLS handshake.
pub(super) async fn serve<S>(stream: S, tls: Option<Tls>, face: Face, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = face.limits;
    let unread = Unread::default();
    let stream = GuardedIo::new(stream, limits.write, face.metrics.opened(), unread.clone());
    let Some(tls) = tls else {
        return http1(stream, face, unread, stop).await;
    };
    let shaken = tokio::select! {
        () = stop.cancelled() => return,
        shaken = tokio::time::timeout(limits.head, tls.acceptor().accept(stream)) => shaken,
    };
    match shaken {
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            http2(stream, face, stop).await;
        }
        Ok(Ok(stream)) => http1(stream, face, unread, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn http1<S>(stream: S, face: Face, unread: Unread, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let slot = Slot::default();
    let io = TokioIo::new(TrailerIo::new(stream, slot.clone()));
    let Limits { head, body, .. } = face.limits;
    let service =
        hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let mut request = request.map(|inner| GuardedBody::wrap(inner, body, unread.clone()));
            request.extensions_mut().insert(slot.clone());
            face.router.clone().oneshot(request)
        });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .keep_alive(true);
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    tell(ended);
}

async fn http2<S>(stream: S, face: Face, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Limits { body, streams, .. } = face.limits;
    let service =
        hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            // One stream ends by itself; the connection goes on.
            let request = request.map(|inner| GuardedBody::wrap(inner, body, Unread::default()));
            face.router.clone().oneshot(request)
        });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    tell(ended);
}

fn tell(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
