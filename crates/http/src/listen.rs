//! Listeners: addresses, connections, their limits and their shutdown.

mod address;
mod connection;
mod host;
mod proxied;
mod slots;
mod socket;
mod streams;
mod tunnel;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use cairn_primitives::multiaddr::HttpAddrError;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

pub use self::address::{Address, Place};
use self::slots::ConnectionSlots;
pub(crate) use self::slots::{Activity, RequestGuard};
pub(crate) use self::socket::SendQueue;
use crate::Service;
use crate::metrics::ConnectionMetrics;
use crate::tls::Tls;

/// How long active requests may continue after the face is stopped.
const GRACE: Duration = Duration::from_secs(3);

/// The pause after a connection could not be accepted, and the least time between two messages of that.
const AFTER_ERROR: Duration = Duration::from_millis(20);
const BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// Why a face cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The address is not that of an HTTP server.
    #[error(transparent)]
    Address(#[from] HttpAddrError),
    /// The address has a host name, which may resolve to any address.
    #[error("cannot listen on {name:?}: expected an IP address or localhost")]
    Name {
        /// The name.
        name: String,
    },
    /// The system call failed.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The address is to be served with TLS, and there is no certificate.
    #[error("cannot listen on {address}: TLS needs a certificate")]
    NoCertificate {
        /// The address.
        address: String,
    },
}

/// The limits of a face. At a limit the connection or the stream ends; connections beyond the maximum wait in the
/// system's queue while all others are busy.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Maximum number of connections of one listener at a time. Beyond it, the connection that has been idle longest
    /// is closed.
    pub connections: usize,
    /// Maximum time for a TLS handshake, for the head of a request to arrive, and for an idle connection until its
    /// next request.
    pub head: Duration,
    /// Maximum time without any bytes of a request's body while it is read.
    pub body: Duration,
    /// Maximum time for which a client reads nothing of a response, on a connection or on a stream of HTTP/2.
    pub write: Duration,
    /// Maximum number of requests at a time on one HTTP/2 connection.
    pub streams: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head: Duration::from_secs(30),
            body: Duration::from_secs(300),
            write: Duration::from_secs(60),
            streams: 128,
        }
    }
}

/// The address of the client of a request, in its extensions. Behind a proxy it is that of the proxy; requests over a
/// Unix socket have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The service of listeners, its limits and its metrics.
#[derive(Clone, Debug)]
pub struct Face {
    service: Service,
    limits: Limits,
    metrics: ConnectionMetrics,
    tunnels: bool,
}

impl Face {
    /// A service, with the default limits.
    #[must_use]
    pub fn new(service: impl Into<Service>) -> Self {
        Self {
            service: service.into(),
            limits: Limits::default(),
            metrics: ConnectionMetrics::default(),
            tunnels: false,
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same for clients that use it as their HTTP proxy: `CONNECT` opens a tunnel, which leads to this service whatever
    /// host it names. Only over HTTP/1.1.
    #[must_use]
    pub fn with_tunnels(self) -> Self {
        Self {
            tunnels: true,
            ..self
        }
    }

    /// The same, with its connections counted in these metrics.
    #[must_use]
    pub fn with_metrics(self, metrics: ConnectionMetrics) -> Self {
        Self { metrics, ..self }
    }
}

enum Socket {
    Tcp(TcpListener),
    Unix {
        socket: UnixListener,
        _file: SocketFile,
    },
}

/// An accepted connection.
enum AcceptedStream {
    Tcp(TcpStream, ClientAddress),
    Unix(UnixStream),
}

impl Socket {
    async fn accept(&self) -> io::Result<AcceptedStream> {
        match self {
            Self::Tcp(socket) => {
                let (stream, client) = socket.accept().await?;
                let _ = stream.set_nodelay(true);
                let client = ClientAddress(client.ip().to_canonical());
                Ok(AcceptedStream::Tcp(stream, client))
            }
            Self::Unix { socket, .. } => Ok(AcceptedStream::Unix(socket.accept().await?.0)),
        }
    }
}

/// The file of a Unix socket, removed with the listener.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A bound address.
pub struct Listener {
    socket: Socket,
    local: Address,
    tls: Option<Tls>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Listener").field(&self.local).finish()
    }
}

impl Listener {
    /// The address it listens on, with the port that the system chose.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.local
    }

    /// The socket's address; `None` for a Unix socket.
    #[must_use]
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match &self.local.place {
            Place::Tcp(address) => Some(*address),
            Place::Unix(_) => None,
        }
    }
}

/// Binds an address. `tls` is used where the address asks for it.
///
/// # Errors
/// See [`ListenError`].
pub async fn bind(address: &Address, tls: Option<&Tls>) -> Result<Listener, ListenError> {
    let refused = |source| ListenError::Bind {
        address: address.to_string(),
        source,
    };
    let tls = match (address.tls, tls) {
        (false, _) => None,
        (true, Some(tls)) => Some(tls.clone()),
        (true, None) => {
            return Err(ListenError::NoCertificate {
                address: address.to_string(),
            });
        }
    };
    let (socket, place) = match &address.place {
        Place::Tcp(socket) => {
            let socket = TcpListener::bind(socket).await.map_err(refused)?;
            let local = socket.local_addr().map_err(refused)?;
            (Socket::Tcp(socket), Place::Tcp(local))
        }
        Place::Unix(path) => {
            let socket = bind_unix(path).await.map_err(refused)?;
            let _file = SocketFile(path.clone());
            (Socket::Unix { socket, _file }, Place::Unix(path.clone()))
        }
    };
    let local = Address {
        place,
        tls: address.tls,
    };
    Ok(Listener { socket, local, tls })
}

/// Binds a Unix socket, replacing one that a killed process left. The permissions of the file decide who may connect:
/// by default its owner.
async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let is_socket = fs::symlink_metadata(path)
                .is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_socket(&found.file_type()));
            let answers = UnixStream::connect(path).await;
            if is_socket
                && answers.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
            {
                fs::remove_file(path)?;
                UnixListener::bind(path)
            } else {
                Err(error)
            }
        }
        bound => bound,
    }
}

/// Serves a face until it is stopped; then active requests may finish within a grace period of seconds.
pub async fn serve(listener: Listener, face: Face, stop: CancellationToken) {
    let places = ConnectionSlots::new(face.limits.connections);
    let mut connections = tokio::task::JoinSet::new();
    let mut warned = None;
    loop {
        // Accept first, then wait for a slot: while no new connection arrives, idle ones may stay.
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.socket.accept() => accepted,
        };
        match accepted {
            Ok(stream) => {
                let place = tokio::select! {
                    () = stop.cancelled() => break,
                    place = places.take() => place,
                };
                // A token per connection: polling a shared one takes its lock.
                let (tls, face, stop) = (listener.tls.clone(), face.clone(), stop.child_token());
                match stream {
                    AcceptedStream::Tcp(stream, client) => connections.spawn(async move {
                        connection::serve(stream, tls, face, Some(client), place, stop).await;
                    }),
                    AcceptedStream::Unix(stream) => connections.spawn(async move {
                        connection::serve(stream, tls, face, None, place, stop).await;
                    }),
                };
            }
            Err(error) => {
                // Out of descriptors, or a client that left: neither stops the face.
                if warned.is_none_or(|at: Instant| at.elapsed() >= BETWEEN_WARNINGS) {
                    warned = Some(Instant::now());
                    tracing::warn!(%error, "connections could not be accepted");
                }
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    places.evict_one();
                }
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        connections.abort_all();
        while connections.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests;
