//! TCP connections forwarded through streams.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use cairn_primitives::multiaddr::Multiaddr;
use cairn_store::network::{
    PeerAddresses, Tunnel, TunnelError, TunnelFilter, TunnelListener, Tunnels,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use libp2p::PeerId;
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::handle::{AcceptError, Incoming, Streams};
use super::{address, copy};

/// How long opening a stream or a local connection may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Pause after a local connection could not be accepted, as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Listeners and open tunnels. They end when the last clone is dropped.
#[derive(Clone)]
pub struct TcpTunnels {
    streams: Streams,
    own: PeerId,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Those of local addresses by address, and those of streams by protocol.
    listeners: BTreeMap<Key, (TunnelListener, Task)>,
    tunnels: BTreeMap<u64, (Tunnel, Task)>,
    next: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Local(String),
    Remote(String),
}

/// Ends its task when dropped.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Removes a tunnel when its task ends.
struct Registered {
    state: Weak<Mutex<State>>,
    id: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let Some(state) = self.state.upgrade() else {
            return;
        };
        // Dropping the task while the lock is held is harmless: it only sets a flag.
        state.lock().tunnels.remove(&self.id);
    }
}

impl TcpTunnels {
    /// Tunnels of this node, through its streams.
    #[must_use]
    pub fn new(streams: Streams, own: PeerId) -> Self {
        Self {
            streams,
            own,
            state: Arc::default(),
        }
    }

    /// Starts a listener, unless there is one with the same key.
    fn register(
        &self,
        key: Key,
        listener: TunnelListener,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), TunnelError> {
        let mut state = self.state.lock();
        if state.listeners.contains_key(&key) {
            return Err(TunnelError::Exists(match key {
                Key::Local(name) | Key::Remote(name) => name,
            }));
        }
        let limit = self.streams.settings.max_listeners;
        if state.listeners.len() >= limit {
            return Err(TunnelError::TooMany(limit));
        }
        let task = Task(tokio::spawn(work).abort_handle());
        state.listeners.insert(key, (listener, task));
        Ok(())
    }

    /// Starts the tunnels of a listener.
    fn starter(&self, protocol: &str, target: &Multiaddr) -> TunnelStarter {
        TunnelStarter {
            state: Arc::downgrade(&self.state),
            limit: self.streams.settings.max_tunnels,
            protocol: protocol.to_owned(),
            target: target.clone(),
        }
    }
}

/// Forwards the streams of a protocol to a local address.
async fn accept_streams(
    mut incoming: Incoming,
    tunnels: TunnelStarter,
    target: std::net::SocketAddr,
    report: bool,
) {
    while let Some((peer, remote)) = incoming.next().await {
        let Some(origin) = address::of_peer(&peer) else {
            continue;
        };
        tunnels.start(origin, async move {
            let connected = tokio::time::timeout(LIMIT, TcpStream::connect(target)).await;
            let forwarded = async {
                let mut local = connected.map_err(|_| io::ErrorKind::TimedOut)??;
                if report {
                    local.write_all(format!("{peer}\n").as_bytes()).await?;
                }
                copy::both(local, remote).await
            };
            if let Err(error) = forwarded.await {
                tracing::debug!(%peer, %target, %error, "a tunnel failed");
            }
        });
    }
}

/// What the tunnels of one listener share.
struct TunnelStarter {
    /// Not kept alive by the tasks, which it owns.
    state: Weak<Mutex<State>>,
    limit: usize,
    protocol: String,
    target: Multiaddr,
}

impl TunnelStarter {
    /// Runs a tunnel, unless there are too many.
    fn start(&self, origin: Multiaddr, work: impl Future<Output = ()> + Send + 'static) {
        let Some(shared) = self.state.upgrade() else {
            return;
        };
        let mut state = shared.lock();
        let limit = self.limit;
        if state.tunnels.len() >= limit {
            tracing::debug!(limit, "a connection is closed: too many tunnels are open");
            return;
        }
        let id = state.next;
        state.next += 1;
        let tunnel = Tunnel {
            id,
            protocol: self.protocol.clone(),
            origin,
            target: self.target.clone(),
        };
        let registry = Weak::clone(&self.state);
        let task = tokio::spawn(async move {
            // Made in the task: a runtime that ends drops the future here and now, while the lock is held.
            let _registered = Registered {
                state: registry,
                id,
            };
            work.await;
        });
        state
            .tunnels
            .insert(id, (tunnel, Task(task.abort_handle())));
    }
}

/// Forwards local connections to a peer.
async fn accept_connections(
    listener: TcpListener,
    tunnels: TunnelStarter,
    streams: Streams,
    peer: PeerId,
    addresses: Vec<libp2p::Multiaddr>,
) {
    loop {
        let (local, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a local connection cannot be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(origin) = address::of_socket(from) else {
            continue;
        };
        let (streams, addresses) = (streams.clone(), addresses.clone());
        let protocol = tunnels.protocol.clone();
        tunnels.start(origin, async move {
            let opened = tokio::time::timeout(LIMIT, streams.open(peer, addresses, &protocol));
            let forwarded = match opened.await {
                Ok(Ok(remote)) => copy::both(local, remote).await,
                Ok(Err(error)) => Err(io::Error::other(error)),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            };
            if let Err(error) = forwarded {
                tracing::debug!(%peer, %protocol, %error, "a tunnel failed");
            }
        });
    }
}

impl Tunnels for TcpTunnels {
    fn listen(&self, protocol: String, target: Multiaddr, report: bool) -> Result<(), TunnelError> {
        let socket = address::socket(&target)?;
        let listen = address::of_peer(&self.own).ok_or(TunnelError::Closed)?;
        let incoming = self
            .streams
            .accept(&protocol)
            .map_err(|error| match error {
                AcceptError::Protocol(name) => TunnelError::Protocol(name),
                AcceptError::Exists(name) => TunnelError::Exists(name),
                AcceptError::TooMany(limit) => TunnelError::TooMany(limit),
            })?;
        let starter = self.starter(&protocol, &target);
        let listener = TunnelListener {
            protocol: protocol.clone(),
            listen,
            target,
        };
        let work = accept_streams(incoming, starter, socket, report);
        self.register(Key::Remote(protocol), listener, work)
    }

    fn forward(
        &self,
        protocol: String,
        listen: Multiaddr,
        target: PeerAddresses,
    ) -> BoxFuture<'_, Result<(), TunnelError>> {
        async move {
            let socket = address::socket(&listen)?;
            if libp2p::StreamProtocol::try_from_owned(protocol.clone()).is_err() {
                return Err(TunnelError::Protocol(protocol));
            }
            let peer = PeerId::from(&target.peer);
            let target_address = address::of_peer(&peer).ok_or(TunnelError::Closed)?;
            let failed = |error| TunnelError::Listen {
                address: listen.clone(),
                source: Arc::new(error),
            };
            let bound = TcpListener::bind(socket).await.map_err(failed)?;
            let bound_to = bound.local_addr().map_err(failed)?;
            let listen = address::of_socket(bound_to).unwrap_or(listen);
            let addresses = target.addresses.iter().map(Into::into).collect();
            let starter = self.starter(&protocol, &target_address);
            let streams = self.streams.clone();
            let work = accept_connections(bound, starter, streams, peer, addresses);
            let key = Key::Local(listen.to_string());
            let listener = TunnelListener {
                protocol,
                listen,
                target: target_address,
            };
            self.register(key, listener, work)
        }
        .boxed()
    }

    fn listeners(&self) -> Vec<TunnelListener> {
        let state = self.state.lock();
        let listeners = state.listeners.values();
        listeners.map(|(listener, _)| listener.clone()).collect()
    }

    fn close(&self, filter: &TunnelFilter) -> usize {
        let mut state = self.state.lock();
        let before = state.listeners.len();
        state
            .listeners
            .retain(|_, (listener, _)| !filter.matches(listener));
        before - state.listeners.len()
    }

    fn open(&self) -> Vec<Tunnel> {
        let state = self.state.lock();
        state
            .tunnels
            .values()
            .map(|(tunnel, _)| tunnel.clone())
            .collect()
    }

    fn end(&self, id: Option<u64>) -> usize {
        let mut state = self.state.lock();
        match id {
            Some(id) => usize::from(state.tunnels.remove(&id).is_some()),
            None => std::mem::take(&mut state.tunnels).len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{Settings, new};

    #[test]
    fn a_tunnel_that_begins_after_its_runtime_ended_is_dropped() {
        let builder = &mut tokio::runtime::Builder::new_current_thread();
        let runtime = builder.build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let (_behaviour, streams) = new(Settings::default());
        let tunnels = TcpTunnels::new(streams, PeerId::random());
        let at = address::of_peer(&tunnels.own).unwrap();
        let starter = tunnels.starter("/x/echo", &at);
        starter.start(at, std::future::pending());
        tunnels.end(None);
        assert!(tunnels.open().is_empty());
    }
}
