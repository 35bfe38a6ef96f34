//! A DHT as a part of a swarm.

use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::kad;
use libp2p::swarm::behaviour::{ExternalAddrConfirmed, ExternalAddrExpired};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::scope::Scope;
use super::store::Store;
use super::{Dht, TICK, without_peer};
use crate::reach::{Reach, is_local, reach};

type Kad = kad::Behaviour<Store>;

impl NetworkBehaviour for Dht {
    type ConnectionHandler = <Kad as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = ();

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad
            .handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        let mut found = self
            .kad
            .handle_pending_outbound_connection(connection, peer, addresses, role)?;
        found.retain(|address| self.scope.dials(address));
        Ok(found)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad
            .handle_established_outbound_connection(connection, peer, address, role, port_use)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            // What this node announces are its external addresses. Those of the local network are those it listens on.
            FromSwarm::NewListenAddr(listening) => {
                if let Scope::Lan { .. } = self.scope
                    && self.scope.announces(listening.addr)
                {
                    let addr = listening.addr;
                    let event = FromSwarm::ExternalAddrConfirmed(ExternalAddrConfirmed { addr });
                    self.kad.on_swarm_event(event);
                }
                return;
            }
            FromSwarm::ExpiredListenAddr(expired) => {
                if let Scope::Lan { .. } = self.scope {
                    let addr = expired.addr;
                    let event = FromSwarm::ExternalAddrExpired(ExternalAddrExpired { addr });
                    self.kad.on_swarm_event(event);
                }
                return;
            }
            FromSwarm::ExternalAddrConfirmed(confirmed)
                if !self.scope.announces(confirmed.addr) =>
            {
                return;
            }
            FromSwarm::ConnectionEstablished(established) => {
                let remote = established.endpoint.get_remote_address();
                let on_this_machine = reach(remote) == Reach::Loopback;
                self.known
                    .connected(established.peer_id, is_local(remote), on_this_machine);
                // Identify reports the others, but not at once.
                if established.endpoint.is_dialer() {
                    self.known
                        .add(&established.peer_id, without_peer(remote.clone()));
                }
                self.table_changed = true;
            }
            FromSwarm::ConnectionClosed(closed) => {
                self.known
                    .disconnected(closed.peer_id, closed.remaining_established);
                self.table_changed = true;
                self.wake_within(TICK);
            }
            FromSwarm::DialFailure(failure) => {
                if let Some(peer) = failure.peer_id {
                    self.on_dial_failure(peer, failure.error);
                }
            }
            FromSwarm::NewExternalAddrOfPeer(found) => {
                self.known
                    .add(&found.peer_id, without_peer(found.addr.clone()));
                self.route(&found.peer_id);
                self.progress = true;
                self.wake_within(TICK);
            }
            _ => {}
        }
        self.kad.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.on_answer(peer, &event);
        self.kad
            .on_connection_handler_event(peer, connection, event);
        self.progress = true;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<(), THandlerInEvent<Self>>> {
        self.shared.register(cx.waker());
        self.set_mode();
        while let Poll::Ready(Some(command)) = self.commands.poll_recv(cx) {
            self.start(command);
        }
        if self.progress {
            self.check_lookups(false);
        }
        loop {
            if self.timer.as_mut().poll(cx).is_ready() {
                self.on_tick();
                continue;
            }
            match self.kad.poll(cx) {
                Poll::Ready(ToSwarm::GenerateEvent(event)) => self.on_event(event),
                Poll::Ready(other) => {
                    self.on_action(&other);
                    return Poll::Ready(other.map_out(drop));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
