//! Panics are contained where they happen.
//!
//! A panic in the handler of one connection closes that connection. A panic in a behaviour is logged, and the behaviour continues with
//! the next event; one that panics at every step is no longer polled, and hears only of connections that were closed.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::handler::{ConnectionEvent, ConnectionHandlerEvent};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionHandler, ConnectionId, FromSwarm,
    NetworkBehaviour, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

/// Panics one after another after which a behaviour is turned off.
const MAX_PANICS: u32 = 16;

/// A fault in this program.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a fault in this program")]
pub(super) struct Panicked;

/// Logs a panic that was contained.
pub(super) fn log_panic(part: &str, panic: &(dyn Any + Send)) {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(part, panic = text, "a fault in this program was contained");
}

/// A behaviour whose panics are contained.
pub(super) struct Guard<B> {
    inner: B,
    name: &'static str,
    /// Panics since a poll that did not panic.
    panics: u32,
    /// Connections to close. Bounded by the open connections.
    closing: VecDeque<(PeerId, ConnectionId)>,
}

impl<B> Guard<B> {
    pub(super) fn new(name: &'static str, inner: B) -> Self {
        Self {
            inner,
            name,
            panics: 0,
            closing: VecDeque::new(),
        }
    }

    /// Whether it is no longer polled. Events would pile up in it.
    fn is_off(&self) -> bool {
        self.panics >= MAX_PANICS
    }

    fn contained<T>(&mut self, step: impl FnOnce(&mut B) -> T) -> Result<T, Panicked> {
        let inner = &mut self.inner;
        catch_unwind(AssertUnwindSafe(|| step(inner))).map_err(|panic| {
            log_panic(self.name, &*panic);
            Panicked
        })
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Guard<B> {
    type ConnectionHandler = GuardedHandler<B::ConnectionHandler>;
    type ToSwarm = B::ToSwarm;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.contained(|inner| inner.handle_pending_inbound_connection(id, local, remote))
            .unwrap_or_else(|panic| Err(ConnectionDenied::new(panic)))
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let name = self.name;
        self.contained(|inner| inner.handle_established_inbound_connection(id, peer, local, remote))
            .unwrap_or_else(|panic| Err(ConnectionDenied::new(panic)))
            .map(|handler| GuardedHandler::new(name, handler))
    }

    fn handle_pending_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.contained(|inner| inner.handle_pending_outbound_connection(id, peer, addresses, role))
            .unwrap_or_else(|panic| Err(ConnectionDenied::new(panic)))
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let name = self.name;
        self.contained(|inner| {
            inner.handle_established_outbound_connection(id, peer, address, role, port)
        })
        .unwrap_or_else(|panic| Err(ConnectionDenied::new(panic)))
        .map(|handler| GuardedHandler::new(name, handler))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        // It still makes the handlers of connections, and forgets these when they are closed.
        if !self.is_off() || matches!(event, FromSwarm::ConnectionClosed(_)) {
            let _ = self.contained(|inner| inner.on_swarm_event(event));
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {
            Ok(_) if self.is_off() => {}
            Ok(event) => {
                if self
                    .contained(|inner| inner.on_connection_handler_event(peer, id, event))
                    .is_err()
                {
                    self.closing.push_back((peer, id));
                }
            }
            Err(Panicked) => self.closing.push_back((peer, id)),
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some((peer_id, id)) = self.closing.pop_front() {
            return Poll::Ready(ToSwarm::CloseConnection {
                peer_id,
                connection: CloseConnection::One(id),
            });
        }
        if self.is_off() {
            return Poll::Pending;
        }
        match self.contained(|inner| inner.poll(context)) {
            Ok(step) => {
                self.panics = 0;
                step
            }
            Err(Panicked) => {
                self.panics += 1;
                if self.panics == MAX_PANICS {
                    tracing::error!(part = self.name, "panics at every step and is turned off");
                }
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// The handler of one connection, whose panics close the connection.
pub(super) struct GuardedHandler<H> {
    inner: H,
    name: &'static str,
    state: HandlerState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HandlerState {
    Working,
    Panicked,
    Reported,
}

impl<H> GuardedHandler<H> {
    fn new(name: &'static str, inner: H) -> Self {
        Self {
            inner,
            name,
            state: HandlerState::Working,
        }
    }

    fn contained<T>(&mut self, step: impl FnOnce(&mut H) -> T) -> Option<T> {
        if self.state != HandlerState::Working {
            return None;
        }
        let inner = &mut self.inner;
        match catch_unwind(AssertUnwindSafe(|| step(inner))) {
            Ok(done) => Some(done),
            Err(panic) => {
                log_panic(self.name, &*panic);
                self.state = HandlerState::Panicked;
                None
            }
        }
    }
}

impl<H: ConnectionHandler> ConnectionHandler for GuardedHandler<H> {
    type FromBehaviour = H::FromBehaviour;
    type ToBehaviour = Result<H::ToBehaviour, Panicked>;
    type InboundProtocol = H::InboundProtocol;
    type OutboundProtocol = H::OutboundProtocol;
    type InboundOpenInfo = H::InboundOpenInfo;
    type OutboundOpenInfo = H::OutboundOpenInfo;

    fn listen_protocol(&self) -> SubstreamProtocol<H::InboundProtocol, H::InboundOpenInfo> {
        self.inner.listen_protocol()
    }

    fn connection_keep_alive(&self) -> bool {
        self.state == HandlerState::Working && self.inner.connection_keep_alive()
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<H::OutboundProtocol, H::OutboundOpenInfo, Self::ToBehaviour>>
    {
        if let Some(step) = self.contained(|inner| inner.poll(context)) {
            return step.map(|event| event.map_custom(Ok));
        }
        if self.state == HandlerState::Panicked {
            self.state = HandlerState::Reported;
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(Err(Panicked)));
        }
        Poll::Pending
    }

    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<Option<Self::ToBehaviour>> {
        match self.contained(|inner| inner.poll_close(context)) {
            Some(step) => step.map(|event| event.map(Ok)),
            None => Poll::Ready(None),
        }
    }

    fn on_behaviour_event(&mut self, event: H::FromBehaviour) {
        self.contained(|inner| inner.on_behaviour_event(event));
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<
            '_,
            H::InboundProtocol,
            H::OutboundProtocol,
            H::InboundOpenInfo,
            H::OutboundOpenInfo,
        >,
    ) {
        self.contained(|inner| inner.on_connection_event(event));
    }
}
