//! Lets a behaviour outlive its swarm.
//!
//! When a swarm is given up after a panic, its behaviour is taken out and put into a new one. The shell remembers what the behaviour was
//! told of, and tells it that all of this has ended.

use std::collections::HashMap;
use std::task::{Context, Poll};

use libp2p::core::transport::{ListenerId, PortUse};
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::behaviour::{
    ConnectionClosed, ConnectionEstablished, DialFailure, ExpiredListenAddr, ListenFailure,
    ListenerClosed, NewListenAddr, NewListener,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, DialError, FromSwarm, ListenError, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::guard::Panicked;

/// A behaviour that can be taken out of its swarm. What it remembers is bounded as the swarm is.
pub(super) struct Shell<B> {
    inner: Option<B>,
    open: HashMap<ConnectionId, (PeerId, ConnectedPoint)>,
    dialing: HashMap<ConnectionId, Option<PeerId>>,
    /// Local and remote addresses.
    accepting: HashMap<ConnectionId, (Multiaddr, Multiaddr)>,
    listeners: HashMap<ListenerId, Vec<Multiaddr>>,
}

impl<B: NetworkBehaviour> Shell<B> {
    pub(super) fn new(inner: B) -> Self {
        Self {
            inner: Some(inner),
            open: HashMap::new(),
            dialing: HashMap::new(),
            accepting: HashMap::new(),
            listeners: HashMap::new(),
        }
    }

    /// Takes the behaviour out, after it was told that all connections and listeners have ended.
    pub(super) fn take(&mut self) -> Option<B> {
        let mut inner = self.inner.take()?;
        for (connection_id, peer_id) in self.dialing.drain() {
            inner.on_swarm_event(FromSwarm::DialFailure(DialFailure {
                peer_id,
                error: &DialError::Aborted,
                connection_id,
            }));
        }
        for (connection_id, (local_addr, send_back_addr)) in self.accepting.drain() {
            inner.on_swarm_event(FromSwarm::ListenFailure(ListenFailure {
                local_addr: &local_addr,
                send_back_addr: &send_back_addr,
                error: &ListenError::Aborted,
                connection_id,
                peer_id: None,
            }));
        }
        let mut left: HashMap<PeerId, usize> = HashMap::new();
        for (peer, _) in self.open.values() {
            *left.entry(*peer).or_default() += 1;
        }
        for (connection_id, (peer_id, endpoint)) in self.open.drain() {
            let left = left.entry(peer_id).or_default();
            *left = left.saturating_sub(1);
            inner.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
                peer_id,
                connection_id,
                endpoint: &endpoint,
                cause: None,
                remaining_established: *left,
            }));
        }
        for (listener_id, addresses) in self.listeners.drain() {
            for addr in &addresses {
                inner.on_swarm_event(FromSwarm::ExpiredListenAddr(ExpiredListenAddr {
                    listener_id,
                    addr,
                }));
            }
            inner.on_swarm_event(FromSwarm::ListenerClosed(ListenerClosed {
                listener_id,
                reason: Ok(()),
            }));
        }
        Some(inner)
    }

    fn inner(&mut self) -> Result<&mut B, ConnectionDenied> {
        self.inner
            .as_mut()
            .ok_or_else(|| ConnectionDenied::new(Panicked))
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Shell<B> {
    type ConnectionHandler = B::ConnectionHandler;
    type ToSwarm = B::ToSwarm;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.inner()?
            .handle_pending_inbound_connection(id, local, remote)?;
        self.accepting.insert(id, (local.clone(), remote.clone()));
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner()?
            .handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        let inner = self.inner()?;
        let addresses = inner.handle_pending_outbound_connection(id, peer, addresses, role)?;
        self.dialing.insert(id, peer);
        Ok(addresses)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner()?
            .handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            }) => {
                self.dialing.remove(connection_id);
                self.accepting.remove(connection_id);
                self.open
                    .insert(*connection_id, (*peer_id, (*endpoint).clone()));
            }
            FromSwarm::ConnectionClosed(closed) => {
                self.open.remove(&closed.connection_id);
            }
            FromSwarm::AddressChange(change) => {
                if let Some((_, endpoint)) = self.open.get_mut(&change.connection_id) {
                    *endpoint = change.new.clone();
                }
            }
            FromSwarm::DialFailure(failed) => {
                self.dialing.remove(&failed.connection_id);
            }
            FromSwarm::ListenFailure(failed) => {
                self.accepting.remove(&failed.connection_id);
            }
            FromSwarm::NewListener(NewListener { listener_id }) => {
                self.listeners.entry(*listener_id).or_default();
            }
            FromSwarm::NewListenAddr(NewListenAddr { listener_id, addr }) => {
                self.listeners
                    .entry(*listener_id)
                    .or_default()
                    .push((*addr).clone());
            }
            FromSwarm::ExpiredListenAddr(expired) => {
                if let Some(addresses) = self.listeners.get_mut(&expired.listener_id) {
                    addresses.retain(|known| known != expired.addr);
                }
            }
            FromSwarm::ListenerClosed(closed) => {
                self.listeners.remove(&closed.listener_id);
            }
            _ => {}
        }
        if let Some(inner) = &mut self.inner {
            inner.on_swarm_event(event);
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        if let Some(inner) = &mut self.inner {
            inner.on_connection_handler_event(peer, id, event);
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        match &mut self.inner {
            Some(inner) => inner.poll(context),
            None => Poll::Pending,
        }
    }
}
