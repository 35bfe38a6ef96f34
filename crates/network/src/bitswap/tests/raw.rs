//! A peer that sends whatever a test wants.

use std::sync::Arc;
use std::task::{Context, Poll};

use cairn_primitives::bitswap::Version;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::handler::ConnectionEvent;
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
    NetworkBehaviour, SubstreamProtocol, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::bitswap::protocol::Negotiate;

type Opened = oneshot::Sender<Option<Stream>>;

/// Hands out the streams of its only connection.
#[derive(Clone)]
pub(super) struct Raw {
    open: Arc<Mutex<mpsc::UnboundedReceiver<Opened>>>,
    inbound: mpsc::UnboundedSender<Stream>,
}

/// Opens streams, and receives those that the other side opens.
pub(super) struct Streams {
    open: mpsc::UnboundedSender<Opened>,
    pub(super) inbound: mpsc::UnboundedReceiver<Stream>,
}

impl Streams {
    /// Opens a stream; `None` where the other side refuses it.
    pub(super) async fn open(&self) -> Option<Stream> {
        let (sender, receiver) = oneshot::channel();
        self.open.send(sender).ok()?;
        receiver.await.ok().flatten()
    }
}

pub(super) fn raw() -> (Raw, Streams) {
    let (open, requests) = mpsc::unbounded_channel();
    let (sender, inbound) = mpsc::unbounded_channel();
    let raw = Raw {
        open: Arc::new(Mutex::new(requests)),
        inbound: sender,
    };
    (raw, Streams { open, inbound })
}

impl NetworkBehaviour for Raw {
    type ConnectionHandler = Self;
    type ToSwarm = ();

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<Self, ConnectionDenied> {
        Ok(self.clone())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<Self, ConnectionDenied> {
        Ok(self.clone())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        _: THandlerOutEvent<Self>,
    ) {
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<(), ()>> {
        Poll::Pending
    }
}

impl ConnectionHandler for Raw {
    type FromBehaviour = ();
    type ToBehaviour = ();
    type InboundProtocol = Negotiate;
    type OutboundProtocol = Negotiate;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Opened;

    fn listen_protocol(&self) -> SubstreamProtocol<Negotiate> {
        SubstreamProtocol::new(Negotiate::new(Arc::from([Version::V1_2])), ())
    }

    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Negotiate, Opened, ()>> {
        match self.open.lock().poll_recv(cx) {
            Poll::Ready(Some(opened)) => {
                let negotiate = Negotiate::new(Arc::from([Version::V1_2]));
                Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                    protocol: SubstreamProtocol::new(negotiate, opened),
                })
            }
            _ => Poll::Pending,
        }
    }

    fn on_behaviour_event(&mut self, (): ()) {}

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Negotiate, Negotiate, (), Opened>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(opened) => {
                let _ = self.inbound.send(opened.protocol.0);
            }
            ConnectionEvent::FullyNegotiatedOutbound(opened) => {
                let _ = opened.info.send(Some(opened.protocol.0));
            }
            ConnectionEvent::DialUpgradeError(failed) => {
                let _ = failed.info.send(None);
            }
            _ => {}
        }
    }
}
