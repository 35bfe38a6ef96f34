//! Serves one connection.

use std::pin::Pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::proxied::Hold;
use super::slots::{Activity, ConnectionSlot};
use super::socket::SendQueue;
use super::streams::{MemoryBudget, Streams, in_pieces};
use super::tunnel::{MAX_TUNNELS, Rewind, Tunnel};
use super::{ClientAddress, Face, Limits, host};
use crate::guard::{GuardedBody, GuardedIo, TrackedBody, UnreadBody};
use crate::tls::Tls;
use crate::trailer::{Slot, TrailerIo};

/// Interval of HTTP/2 pings, and the timeout for their answers.
const PING: Duration = Duration::from_secs(20);
/// Maximum number of header fields of a request; clients behind proxies send some hundred.
const MOST_FIELDS: usize = 1024;
/// Maximum size of a request's head, in bytes.
const MOST_HEAD: usize = 256 << 10;
/// The same on an HTTP/2 stream, of which there are many; each field counts 32 bytes more there.
const MOST_STREAM_HEAD: u32 = 128 << 10;
/// Maximum number of bytes of an answer that an HTTP/2 stream hands to its connection before they are written.
const STREAM_BUFFER: usize = 64 << 10;
/// Time for an idle connection to close cleanly when another needs its slot.
const FAREWELL: Duration = Duration::from_millis(100);

/// Serves a connection until it ends. HTTP/2 is used if the client negotiates it in the TLS handshake.
pub(super) async fn serve<S>(
    stream: S,
    tls: Option<Tls>,
    face: Face,
    client: Option<ClientAddress>,
    place: ConnectionSlot,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + SendQueue + Unpin + Send + 'static,
{
    let limits = face.limits;
    let activity = place.activity();
    let unread = UnreadBody::default();
    let stream = GuardedIo::new(
        stream,
        limits.write,
        face.metrics.opened(),
        unread.clone(),
        activity.clone(),
    );
    let Some(tls) = tls else {
        return http1(stream, face, client, unread, activity, stop).await;
    };
    let shaken = tokio::select! {
        () = stop.cancelled() => return,
        () = activity.evicted() => return,
        shaken = tokio::time::timeout(limits.head, tls.acceptor().accept(stream)) => shaken,
    };
    match shaken {
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            http2(stream, face, client, activity, stop).await;
        }
        Ok(Ok(stream)) => http1(stream, face, client, unread, activity, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn http1<S>(
    stream: S,
    face: Face,
    client: Option<ClientAddress>,
    unread: UnreadBody,
    activity: &Activity,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let slot = Slot::default();
    let mut io = Rewind::new(TrailerIo::new(stream, slot.clone()));
    let Limits { head, body, .. } = face.limits;
    let requests = activity.clone();
    let tunnel = Tunnel::default();
    let has_tunnels = face.tunnels;
    let opened = tunnel.clone();
    let service =
        hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let busy = requests.begin();
            let refused = host::refused(&request)
                .or_else(|| has_tunnels.then(|| opened.open(&request)).flatten());
            let (hold, reader) = Hold::new(&request, &slot).unzip();
            let mut request =
                request.map(|inner| GuardedBody::wrap(inner, body, unread.clone(), reader));
            let trailer = hold.as_ref().map_or(&slot, Hold::trailer_slot);
            request.extensions_mut().insert(trailer.clone());
            if let Some(client) = client {
                request.extensions_mut().insert(client);
            }
            let answer = match refused {
                Some(refused) => std::future::ready(refused).left_future(),
                None => {
                    let answer = face.service.call(request);
                    match hold {
                        Some(hold) => hold.release(answer).boxed(),
                        None => answer,
                    }
                    .right_future()
                }
            };
            answer.map(move |response| {
                Ok::<_, std::convert::Infallible>(
                    response.map(|inner| TrackedBody { inner, _busy: busy }),
                )
            })
        });
    let mut builder = http1::Builder::new();
    builder
        // `Activity::idle_for` closes idle connections: hyper would create a timer for each request.
        .header_read_timeout(None)
        .max_headers(MOST_FIELDS)
        .max_header_size(MOST_HEAD)
        .keep_alive(true);
    for _ in 0..=MAX_TUNNELS {
        let mut connection = builder.serve_connection(TokioIo::new(io), service.clone());
        let ended = tokio::select! {
            biased;
            // Without its shutdown: after `CONNECT` the connection goes on.
            ended = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)) => ended,
            () = activity.idle_for(head) => {
                tracing::debug!("no request has come in time");
                return;
            }
            () = stop.cancelled() => {
                Pin::new(&mut connection).graceful_shutdown();
                return log_end(connection.await);
            }
            () = activity.evicted() => {
                Pin::new(&mut connection).graceful_shutdown();
                return log_end(make_way(Pin::new(&mut connection), activity).await);
            }
        };
        if ended.is_err() || !tunnel.take() {
            let ended = match ended {
                Ok(()) => connection.await,
                Err(error) => Err(error),
            };
            return log_end(ended);
        }
        let parts = connection.into_parts();
        io = parts.io.into_inner();
        io.put_back(parts.read_buf);
    }
}

async fn http2<S>(
    stream: S,
    face: Face,
    client: Option<ClientAddress>,
    activity: &Activity,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Limits {
        body,
        streams,
        write,
        ..
    } = face.limits;
    let budget = MemoryBudget::new();
    let requests = activity.clone();
    let service =
        hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let busy = requests.begin();
            let refused = host::refused(&request);
            let (service, budget) = (face.service.clone(), budget.clone());
            async move {
                let has_body = !http_body::Body::is_end_stream(request.body());
                let held = budget.set_aside(has_body).await;
                // Only the stream ends; the connection continues.
                let mut request = request
                    .map(|inner| GuardedBody::wrap(inner, body, UnreadBody::default(), None));
                if let Some(client) = client {
                    request.extensions_mut().insert(client);
                }
                let response = match refused {
                    Some(refused) => refused,
                    None => service.call(request).await,
                };
                Ok::<_, std::convert::Infallible>(in_pieces(response, held, busy))
            }
        });
    let mut builder = http2::Builder::new(Streams { limit: write });
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .max_header_list_size(MOST_STREAM_HEAD)
        .max_send_buf_size(STREAM_BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = activity.evicted() => {
            connection.as_mut().graceful_shutdown();
            make_way(connection, activity).await
        }
    };
    log_end(ended);
}

/// Waits until an idle connection that was asked to close has ended, with a short timeout.
async fn make_way<C>(mut connection: Pin<&mut C>, activity: &Activity) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    loop {
        match tokio::time::timeout(FAREWELL, connection.as_mut()).await {
            Ok(ended) => return ended,
            Err(_) if activity.is_idle() => return Ok(()),
            // A request arrived just before: it is answered.
            Err(_) => {}
        }
    }
}

fn log_end(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
