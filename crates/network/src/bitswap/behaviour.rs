//! The part of the swarm: connections, dials and timers.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{
    ConnectionClosed, ConnectionEstablished, DialFailure, ListenFailure,
};
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, DialError, FromSwarm, NetworkBehaviour,
    NotifyHandler, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use smallvec::SmallVec;
use tokio::sync::mpsc;
use tokio::time::Sleep;

use super::client;
use super::handler::{FromHandler, Handler, ToHandler};
use super::shared::{Command, Map, Peer, Shared};

/// Time between two checks of what has not come, while anything is wanted.
const TICK: Duration = Duration::from_millis(100);

/// Ignored peers that are remembered; with more, the oldest is forgotten.
const MAX_BANNED: usize = 1024;

/// A connected peer.
struct Connected {
    peer: Arc<Peer>,
    connections: SmallVec<[ConnectionId; 2]>,
    /// The connection that is written to.
    active: Option<ConnectionId>,
}

type Action = ToSwarm<Infallible, ToHandler>;

/// Bitswap as a part of the swarm. It has no events; see [`Bitswap`](super::Bitswap).
pub struct Behaviour {
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    peers: Map<PeerId, Connected>,
    banned: Map<PeerId, Instant>,
    /// At most two for each connection.
    actions: VecDeque<Action>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Behaviour {
    pub(super) fn new(shared: Arc<Shared>, commands: mpsc::Receiver<Command>) -> Self {
        Self {
            shared,
            commands,
            peers: Map::default(),
            banned: Map::default(),
            actions: VecDeque::new(),
            timer: None,
        }
    }

    fn is_banned(&mut self, id: &PeerId) -> bool {
        match self.banned.get(id) {
            Some(until) if *until > Instant::now() => true,
            Some(_) => {
                self.banned.remove(id);
                false
            }
            None => false,
        }
    }

    fn ban(&mut self, id: PeerId) {
        tracing::debug!(peer = %id, "a peer has sent too many wrong blocks: it is ignored for a while");
        if self.banned.len() >= MAX_BANNED
            && let Some(oldest) = self.banned.iter().min_by_key(|(_, until)| **until)
        {
            let oldest = *oldest.0;
            self.banned.remove(&oldest);
        }
        self.banned
            .insert(id, Instant::now() + self.shared.settings.ban);
        self.close(id);
    }

    fn close(&mut self, id: PeerId) {
        self.actions.push_back(ToSwarm::CloseConnection {
            peer_id: id,
            connection: CloseConnection::All,
        });
    }

    fn handler(&mut self, id: PeerId) -> Handler {
        let ignored = self.is_banned(&id);
        let connected = self.peers.entry(id).or_insert_with(|| Connected {
            peer: Arc::new(Peer::new(id)),
            connections: SmallVec::new(),
            active: None,
        });
        Handler::new(
            Arc::clone(&self.shared),
            Arc::clone(&connected.peer),
            ignored,
        )
    }

    fn established(&mut self, id: PeerId, connection: ConnectionId) {
        let ignored = self.is_banned(&id) || self.shared.versions.is_empty();
        let Some(connected) = self.peers.get_mut(&id) else {
            return;
        };
        connected.connections.push(connection);
        if connected.active.is_none() {
            connected.active = Some(connection);
            self.actions.push_back(activate(id, connection));
        }
        if connected.connections.len() == 1 && !ignored {
            let peer = Arc::clone(&connected.peer);
            self.shared.with_client(|client| client.connected(&peer));
        }
    }

    fn closed(&mut self, id: PeerId, connection: ConnectionId) {
        let Some(connected) = self.peers.get_mut(&id) else {
            return;
        };
        connected.connections.retain(|other| *other != connection);
        if connected.active == Some(connection) {
            connected.active = connected.connections.first().copied();
            if let Some(next) = connected.active {
                connected.peer.work.store(true, Ordering::Release);
                self.actions.push_back(activate(id, next));
            }
        }
        self.forget_unconnected(id);
    }

    /// Frees what is kept of a peer without connections.
    fn forget_unconnected(&mut self, id: PeerId) {
        if self
            .peers
            .get(&id)
            .is_some_and(|peer| peer.connections.is_empty())
            && let Some(connected) = self.peers.remove(&id)
        {
            connected.peer.gone.store(true, Ordering::Release);
            self.shared.server.lock().disconnected(id);
            self.shared.with_client(|client| client.disconnected(id));
        }
    }

    fn dial_failed(&mut self, id: Option<PeerId>, error: &DialError) {
        let Some(id) = id else {
            return;
        };
        if !matches!(error, DialError::DialPeerConditionFalse(_)) && !self.peers.contains_key(&id) {
            self.shared.with_client(|client| client.dial_failed(id));
        }
        self.forget_unconnected(id);
    }

    fn run(&mut self, command: Command) {
        match command {
            Command::Dial(id, _) if self.is_banned(&id) => {
                self.shared.with_client(|client| client.dial_failed(id));
            }
            Command::Dial(id, addresses) => {
                let opts = DialOpts::peer_id(id).addresses(addresses);
                let opts = opts.extend_addresses_through_behaviour().build();
                self.actions.push_back(ToSwarm::Dial { opts });
            }
            Command::DialAddress(address) => {
                let opts = DialOpts::unknown_peer_id().address(address).build();
                self.actions.push_back(ToSwarm::Dial { opts });
            }
            Command::Ban(id) => self.ban(id),
        }
    }

    /// Runs the timer while blocks are wanted.
    fn poll_timer(&mut self, cx: &mut Context<'_>) {
        self.shared.timer.register(cx.waker());
        loop {
            // While it runs, nothing is due, whatever is wanted.
            if let Some(timer) = &mut self.timer
                && timer.as_mut().poll(cx).is_pending()
            {
                return;
            }
            let is_due = self.timer.take().is_some();
            if !self.shared.client.lock().is_active() {
                return;
            }
            if is_due {
                let shared = &self.shared;
                shared.with_client(|client| {
                    for (session, cid) in client.tick(|peer| shared.heard(peer)) {
                        let search = client::search(Arc::clone(shared), session, cid);
                        // It notes its end under the lock that is held here.
                        let search = tokio::spawn(search).abort_handle();
                        client.search_started(session, search);
                    }
                });
            }
            self.timer = Some(Box::pin(tokio::time::sleep(TICK)));
        }
    }
}

/// Makes a connection the one that is written to.
fn activate(id: PeerId, connection: ConnectionId) -> Action {
    ToSwarm::NotifyHandler {
        peer_id: id,
        handler: NotifyHandler::One(connection),
        event: ToHandler::Activate,
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id,
                connection_id,
                ..
            }) => self.established(peer_id, connection_id),
            FromSwarm::ConnectionClosed(ConnectionClosed {
                peer_id,
                connection_id,
                ..
            }) => self.closed(peer_id, connection_id),
            FromSwarm::DialFailure(DialFailure { peer_id, error, .. }) => {
                self.dial_failed(peer_id, error);
            }
            FromSwarm::ListenFailure(ListenFailure {
                peer_id: Some(id), ..
            }) => self.forget_unconnected(id),
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, id: PeerId, _: ConnectionId, event: FromHandler) {
        let Some(connected) = self.peers.get(&id) else {
            return;
        };
        match event {
            FromHandler::Unsupported => {
                self.shared.server.lock().disconnected(id);
                self.shared.with_client(|client| client.disconnected(id));
            }
            FromHandler::Supported => {
                let peer = Arc::clone(&connected.peer);
                self.shared.with_client(|client| client.connected(&peer));
            }
            FromHandler::Misbehaved => self.close(id),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Action> {
        if let Some(action) = self.actions.pop_front() {
            return Poll::Ready(action);
        }
        self.poll_timer(cx);
        while let Poll::Ready(Some(command)) = self.commands.poll_recv(cx) {
            self.run(command);
            if let Some(action) = self.actions.pop_front() {
                return Poll::Ready(action);
            }
        }
        Poll::Pending
    }
}

impl Drop for Behaviour {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.client.lock().close();
    }
}

impl std::fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Behaviour")
            .field("peers", &self.peers.len())
            .field("banned", &self.banned.len())
            .finish_non_exhaustive()
    }
}
