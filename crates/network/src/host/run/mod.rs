//! The task of the swarm: its events, and the commands of the host.

mod relays;
mod reports;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use cairn_primitives::Multiaddr as Address;
use cairn_store::network::NetworkError;
use futures_util::stream::StreamExt as _;
use libp2p::core::transport::ListenerId;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, Swarm, SwarmEvent};
use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use self::relays::Relays;
use super::behaviour::{Behaviour, BehaviourEvent};
use super::guard::{Panicked, log_panic};
use super::settings::Settings;
use super::shell::Shell;
use super::start;
use super::state::{Open, Shared};
use crate::convert::address_from_libp2p;
use crate::reach::is_relayed;

/// Panics of the swarm itself, one after another, after which it is given up.
const MAX_PANICS: u32 = 16;

/// Answers a command.
pub(super) type Reply = oneshot::Sender<Result<(), NetworkError>>;

/// A command of the host.
pub(super) enum Command {
    /// Open a connection, unless there is one.
    Connect {
        peer: PeerId,
        addresses: Vec<Multiaddr>,
        /// Whether other known addresses of the peer are not tried.
        only: bool,
        reply: Reply,
    },
    /// Close the connection with this address, or all of the peer.
    Disconnect {
        peer: PeerId,
        address: Option<Multiaddr>,
        reply: Reply,
    },
    /// Close everything and end.
    Shutdown(oneshot::Sender<()>),
    /// Act as if the swarm had panicked, and the next one at once.
    #[cfg(test)]
    Panic,
}

/// The task of the swarm.
pub(super) struct Runner {
    swarm: Swarm<Shell<Behaviour>>,
    settings: Settings,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    /// Addresses to listen on again, once their sockets are free.
    listen_again: Vec<Address>,
    relays: Relays,
    /// Listeners that have not reported yet, and who waits for them.
    starting: HashSet<ListenerId>,
    ready: Option<oneshot::Sender<()>>,
    /// Bounded by the limit of pending connections.
    dials: HashMap<ConnectionId, (PeerId, Reply)>,
    /// Connections that are being closed. Bounded by the commands.
    closes: Vec<(HashSet<ConnectionId>, Reply)>,
    stopping: Option<oneshot::Sender<()>>,
}

impl Runner {
    pub(super) fn new(
        swarm: Swarm<Shell<Behaviour>>,
        settings: Settings,
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
        starting: HashSet<ListenerId>,
        ready: oneshot::Sender<()>,
    ) -> Self {
        Self {
            relays: Relays::new(&settings, &shared),
            swarm,
            settings,
            shared,
            commands,
            listen_again: Vec::new(),
            starting,
            ready: Some(ready),
            dials: HashMap::new(),
            closes: Vec::new(),
            stopping: None,
        }
    }

    /// Runs until it is shut down, or the host is dropped.
    pub(super) async fn run(mut self) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut panics = 0;
        loop {
            tokio::select! {
                event = next(&mut self.swarm) => match event {
                    Ok(event) => {
                        panics = 0;
                        self.on_event(event);
                    }
                    Err(Panicked) => {
                        panics += 1;
                        if panics > MAX_PANICS || !self.rebuild() {
                            tracing::error!("the connections to peers are given up: restart the daemon");
                            return;
                        }
                    }
                },
                command = self.commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => return,
                },
                _ = tick.tick() => self.on_tick(),
            }
            if self.starting.is_empty()
                && let Some(ready) = self.ready.take()
            {
                let _ = ready.send(());
            }
            if self.swarm.network_info().num_peers() == 0
                && let Some(stopping) = self.stopping.take()
            {
                let _ = stopping.send(());
                return;
            }
        }
    }

    /// Replaces the swarm after a panic. The behaviours stay; all connections are lost.
    fn rebuild(&mut self) -> bool {
        let behaviour = catch_unwind(AssertUnwindSafe(|| self.swarm.behaviour_mut().take()));
        let Ok(Some(mut behaviour)) = behaviour else {
            return false;
        };
        let (transport, relays) = match start::transports(&self.settings, &self.shared) {
            Ok(built) => built,
            Err(error) => {
                tracing::error!(%error, "cannot set up the transports to peers again");
                return false;
            }
        };
        behaviour.set_relay_client(relays);
        let swarm = start::swarm(transport, behaviour, self.shared.local);
        let old = std::mem::replace(&mut self.swarm, swarm);
        // Dropping what has panicked may panic.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
        let listening = {
            let mut state = self.shared.state.write();
            let listening = state.listening();
            state.connections.clear();
            state.listeners.clear();
            listening
        };
        let direct = listening.iter().filter(|address| !is_relayed(address));
        // Others may still wait after an earlier panic.
        for address in direct.filter_map(address_from_libp2p) {
            if !self.listen_again.contains(&address) {
                self.listen_again.push(address);
            }
        }
        self.relays.lost(&self.shared);
        self.starting.clear();
        self.dials.clear();
        for (_, reply) in self.closes.drain(..) {
            let _ = reply.send(Ok(()));
        }
        tracing::error!(
            "all connections to peers were closed after a fault, and the node listens again"
        );
        true
    }

    fn on_tick(&mut self) {
        self.shared.meters.tick();
        if !self.listen_again.is_empty() {
            // Each address for itself: the socket of another one may still be open.
            let addresses = std::mem::take(&mut self.listen_again);
            for address in addresses {
                let one = std::slice::from_ref(&address);
                if start::listen(&mut self.swarm, one).is_err() {
                    self.listen_again.push(address);
                }
            }
        }
        if self.stopping.is_none() {
            self.relays.tick(&mut self.swarm, &self.shared);
        }
        let info = self.swarm.network_info();
        let counters = info.connection_counters();
        self.shared.state.write().pending = (
            counters.num_pending_incoming().into(),
            counters.num_pending_outgoing().into(),
        );
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Connect { reply, .. } | Command::Disconnect { reply, .. }
                if self.stopping.is_some() =>
            {
                let _ = reply.send(Err(NetworkError::Closed));
            }
            Command::Connect {
                peer,
                addresses,
                only,
                reply,
            } => self.connect(peer, addresses, only, reply),
            Command::Disconnect {
                peer,
                address,
                reply,
            } => self.disconnect(peer, address.as_ref(), reply),
            #[cfg(test)]
            Command::Panic => assert!(self.rebuild() && self.rebuild()),
            Command::Shutdown(done) => {
                let listeners: Vec<_> =
                    self.shared.state.read().listeners.keys().copied().collect();
                for listener in listeners {
                    self.swarm.remove_listener(listener);
                }
                let peers: Vec<_> = self.swarm.connected_peers().copied().collect();
                for peer in peers {
                    let _ = self.swarm.disconnect_peer_id(peer);
                }
                self.stopping = Some(done);
            }
        }
    }

    fn connect(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, only: bool, reply: Reply) {
        if self.swarm.is_connected(&peer) {
            let _ = reply.send(Ok(()));
            return;
        }
        let options = DialOpts::peer_id(peer)
            .addresses(addresses)
            .condition(PeerCondition::Always);
        let options = match only {
            true => options.build(),
            false => options.extend_addresses_through_behaviour().build(),
        };
        let id = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.dials.insert(id, (peer, reply));
            }
            Err(error) => {
                let _ = reply.send(Err(dial_error(error)));
            }
        }
    }

    fn disconnect(&mut self, peer: PeerId, address: Option<&Multiaddr>, reply: Reply) {
        let ids: HashSet<_> = {
            let state = self.shared.state.read();
            let open = state.connections.iter().filter(|(_, open)| {
                open.peer == peer && address.is_none_or(|address| open.address == *address)
            });
            open.map(|(id, _)| *id).collect()
        };
        if ids.is_empty() {
            let error = match address {
                Some(_) if self.swarm.is_connected(&peer) => NetworkError::NoSuchConnection,
                _ => NetworkError::NotConnected,
            };
            let _ = reply.send(Err(error));
            return;
        }
        for id in &ids {
            self.swarm.close_connection(*id);
        }
        self.closes.push((ids, reply));
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour(event),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                let open = Open::new(peer_id, &endpoint, &self.shared.meters);
                self.shared
                    .state
                    .write()
                    .connections
                    .insert(connection_id, open);
                let ids: Vec<_> = self
                    .dials
                    .iter()
                    .filter(|(_, (peer, _))| *peer == peer_id)
                    .map(|(id, _)| *id)
                    .collect();
                for (_, reply) in ids.iter().filter_map(|id| self.dials.remove(id)) {
                    let _ = reply.send(Ok(()));
                }
                if self.stopping.is_some() {
                    let _ = self.swarm.disconnect_peer_id(peer_id);
                }
            }
            SwarmEvent::ConnectionClosed {
                connection_id,
                cause,
                peer_id,
                ..
            } => {
                tracing::debug!(peer = %peer_id, cause = cause.map(|cause| cause.to_string()), "connection closed");
                self.shared.state.write().connections.remove(&connection_id);
                self.closes.iter_mut().for_each(|(ids, _)| {
                    ids.remove(&connection_id);
                });
                for (_, reply) in self.closes.extract_if(.., |(ids, _)| ids.is_empty()) {
                    let _ = reply.send(Ok(()));
                }
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                error,
                peer_id,
                ..
            } => {
                tracing::debug!(peer = ?peer_id, %error, "cannot connect");
                if let Some((_, reply)) = self.dials.remove(&connection_id) {
                    let _ = reply.send(Err(dial_error(error)));
                }
            }
            SwarmEvent::IncomingConnectionError {
                send_back_addr,
                error,
                ..
            } => {
                tracing::debug!(address = %send_back_addr, %error, "a peer could not connect");
            }
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } => {
                self.starting.remove(&listener_id);
                self.relays.accepted(listener_id);
                self.shared
                    .state
                    .write()
                    .listeners
                    .entry(listener_id)
                    .or_default()
                    .push(address);
            }
            SwarmEvent::ExpiredListenAddr {
                listener_id,
                address,
            } => {
                let mut state = self.shared.state.write();
                if let Some(addresses) = state.listeners.get_mut(&listener_id) {
                    addresses.retain(|known| *known != address);
                }
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                addresses,
            } => {
                if self.relays.is_listener(listener_id) {
                    self.relays.closed(listener_id, reason, &self.shared);
                } else if let Err(error) = reason {
                    tracing::warn!(?addresses, %error, "a listener for peers was closed");
                }
                self.starting.remove(&listener_id);
                self.shared.state.write().listeners.remove(&listener_id);
            }
            SwarmEvent::ListenerError { listener_id, error } => {
                tracing::debug!(%error, "an error of a listener for peers");
                self.starting.remove(&listener_id);
            }
            SwarmEvent::ExternalAddrConfirmed { address } => {
                self.shared.state.write().confirm(address);
            }
            SwarmEvent::ExternalAddrExpired { address } => {
                self.shared
                    .state
                    .write()
                    .external
                    .retain(|known| *known != address);
            }
            _ => {}
        }
    }
}

/// The next event of the swarm; a panic in it is an error.
async fn next(swarm: &mut Swarm<Shell<Behaviour>>) -> Result<SwarmEvent<BehaviourEvent>, Panicked> {
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| swarm.poll_next_unpin(context))) {
            Ok(Poll::Ready(Some(event))) => Poll::Ready(Ok(event)),
            Ok(_) => Poll::Pending,
            Err(panic) => {
                log_panic("swarm", &*panic);
                Poll::Ready(Err(Panicked))
            }
        }
    })
    .await
}

fn dial_error(error: DialError) -> NetworkError {
    NetworkError::Dial(Arc::new(error))
}
