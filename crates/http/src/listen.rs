//! Listening: addresses, connections, their limits and their end.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::trailer::{Slot, TrailerIo};

/// Most connections of one face at a time; the next ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 4096;
/// Longest time for a request's head to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests under way may go on once the face is stopped.
const GRACE: Duration = Duration::from_secs(3);

/// Why a face cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The address is not one that can be listened on.
    #[error("cannot listen on {address:?}: expected a multiaddr like /ip4/127.0.0.1/tcp/5001")]
    Address {
        /// The address.
        address: String,
    },
    /// The system refuses.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A bound address.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    local: SocketAddr,
}

impl Listener {
    /// The multiaddr with the port that the system chose.
    #[must_use]
    pub fn address(&self) -> String {
        let family = if self.local.is_ipv4() { "ip4" } else { "ip6" };
        format!("/{family}/{}/tcp/{}", self.local.ip(), self.local.port())
    }

    /// The socket's address.
    #[must_use]
    pub fn socket_address(&self) -> SocketAddr {
        self.local
    }
}

/// Reads `/ip4/…/tcp/…` and `/ip6/…/tcp/…`, with or without `/http`.
pub fn parse(address: &str) -> Result<SocketAddr, ListenError> {
    let refuse = || ListenError::Address {
        address: address.to_owned(),
    };
    let parts: Vec<&str> = address.trim_end_matches('/').split('/').collect();
    let [empty, family, host, "tcp", port, rest @ ..] = parts.as_slice() else {
        return Err(refuse());
    };
    let ip = match *family {
        "ip4" => host.parse().map(IpAddr::V4).map_err(|_| refuse())?,
        "ip6" => host.parse().map(IpAddr::V6).map_err(|_| refuse())?,
        "dns" | "dns4" | "dns6" if *host == "localhost" => IpAddr::from([127, 0, 0, 1]),
        _ => return Err(refuse()),
    };
    if !empty.is_empty() || !matches!(rest, [] | ["http"]) {
        return Err(refuse());
    }
    Ok(SocketAddr::new(ip, port.parse().map_err(|_| refuse())?))
}

/// Binds a multiaddr.
pub async fn bind(address: &str) -> Result<Listener, ListenError> {
    let socket = parse(address)?;
    let refused = |source| ListenError::Bind {
        address: address.to_owned(),
        source,
    };
    let inner = TcpListener::bind(socket).await.map_err(refused)?;
    let local = inner.local_addr().map_err(refused)?;
    Ok(Listener { inner, local })
}

/// Serves a face until it is stopped; then lets requests under way end within a grace of seconds.
pub async fn serve(listener: Listener, router: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = places.clone().acquire_owned() => match place { Ok(place) => place, Err(_) => break },
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.inner.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let (router, stop) = (router.clone(), stop.clone());
                connections.spawn(async move {
                    connection(stream, router, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of descriptors, or a client that left: neither ends the face.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        connections.abort_all();
        while connections.join_next().await.is_some() {}
    }
}

async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let slot = Slot::default();
    let io = TokioIo::new(TrailerIo::new(stream, slot.clone()));
    let service =
        hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(slot.clone());
            router.clone().oneshot(request)
        });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .keep_alive(true);
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_multiaddrs() {
        assert_eq!(
            parse("/ip4/127.0.0.1/tcp/5001").unwrap().to_string(),
            "127.0.0.1:5001"
        );
        assert_eq!(parse("/ip6/::1/tcp/0/http").unwrap().to_string(), "[::1]:0");
        for bad in [
            "",
            "/ip4/127.0.0.1",
            "127.0.0.1:80",
            "/ip4/x/tcp/1",
            "/ip4/1.2.3.4/udp/1",
            "/ip4/1.2.3.4/tcp/99999",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
