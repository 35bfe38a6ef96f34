//! Listening: addresses, connections, their limits and their end.

mod address;
mod connection;
mod host;
mod places;
mod socket;
mod streams;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use cairn_primitives::multiaddr::HttpAddrError;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

pub use self::address::{Address, Place};
use self::places::Places;
pub(crate) use self::places::{Activity, Busy};
pub(crate) use self::socket::Outgoing;
use crate::Service;
use crate::metrics::ConnectionMetrics;
use crate::tls::Tls;

/// How long requests under way may go on once the face is stopped.
const GRACE: Duration = Duration::from_secs(3);

/// Why a face cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The address is none of an HTTP server.
    #[error(transparent)]
    Address(#[from] HttpAddrError),
    /// The address has a name, which may lead anywhere.
    #[error("cannot listen on {name:?}: expected an IP address or localhost")]
    Name {
        /// The name.
        name: String,
    },
    /// The system refuses.
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

/// What a face bears with. At a limit the connection or the stream ends, except that connections beyond the most wait in the
/// system's queue while each of those before them is at work.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most connections of one listener at a time. Beyond them, the one that has been idle longest makes way.
    pub connections: usize,
    /// Longest time for a TLS handshake, and for a request's head to arrive; also for an idle connection until the next.
    pub head: Duration,
    /// Longest time for which nothing of a request's body comes while it is waited for.
    pub body: Duration,
    /// Longest time for which a client takes nothing of what is written to it, on a connection or on a stream of HTTP/2.
    pub write: Duration,
    /// Most requests at a time on one HTTP/2 connection.
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

/// What listeners serve.
#[derive(Clone, Debug)]
pub struct Face {
    service: Service,
    limits: Limits,
    metrics: ConnectionMetrics,
}

impl Face {
    /// A service, with the default limits.
    #[must_use]
    pub fn new(service: impl Into<Service>) -> Self {
        Self {
            service: service.into(),
            limits: Limits::default(),
            metrics: ConnectionMetrics::default(),
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same, with its connections counted there.
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

/// A connection that has come.
enum Accepted {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                let _ = stream.set_nodelay(true);
                Ok(Accepted::Tcp(stream))
            }
            Self::Unix { socket, .. } => Ok(Accepted::Unix(socket.accept().await?.0)),
        }
    }
}

/// The file of a Unix socket; it goes with the listener.
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
    /// Where it listens, with the port that the system chose.
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

/// Binds a Unix socket, in place of one that a killed process left behind. Who may connect is up to the file's
/// permissions: its owner, as the system makes it.
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

/// Serves a face until it is stopped; then lets requests under way end within a grace of seconds.
pub async fn serve(listener: Listener, face: Face, stop: CancellationToken) {
    let places = Places::new(face.limits.connections);
    let mut connections = tokio::task::JoinSet::new();
    loop {
        // First a connection, then its place: while no one comes, those at rest may stay.
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
                // A token of its own: each look at a shared one takes its lock.
                let (tls, face, stop) = (listener.tls.clone(), face.clone(), stop.child_token());
                match stream {
                    Accepted::Tcp(stream) => connections.spawn(async move {
                        connection::serve(stream, tls, face, place, stop).await;
                    }),
                    Accepted::Unix(stream) => connections.spawn(async move {
                        connection::serve(stream, tls, face, place, stop).await;
                    }),
                };
            }
            Err(error) => {
                // Out of descriptors, or a client that left: neither ends the face.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
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
