//! The streams of one connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::PeerId;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    ConnectionHandler, ConnectionHandlerEvent, Stream, StreamProtocol, StreamUpgradeError,
    SubstreamProtocol,
};
use tokio::sync::oneshot;

use super::handle::{Accepted, Open, OpenError};

/// Agrees on one of several protocols.
#[derive(Clone, Debug)]
pub struct Agree(Vec<StreamProtocol>);

impl UpgradeInfo for Agree {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for Agree {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}

impl OutboundUpgrade<Stream> for Agree {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}

/// Opens and accepts the streams of one connection.
pub struct Handler {
    peer: PeerId,
    accepted: Arc<Accepted>,
    /// Bounded by the places of the handle.
    requests: VecDeque<Open>,
}

impl Handler {
    pub(super) fn new(peer: PeerId, accepted: Arc<Accepted>) -> Self {
        Self {
            peer,
            accepted,
            requests: VecDeque::new(),
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = Infallible;
    type InboundProtocol = Agree;
    type OutboundProtocol = Agree;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = oneshot::Sender<Result<Stream, OpenError>>;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        let accepted = self.accepted.read();
        SubstreamProtocol::new(Agree(accepted.keys().cloned().collect()), ())
    }

    fn on_behaviour_event(&mut self, open: Open) {
        self.requests.push_back(open);
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Self::OutboundOpenInfo, Infallible>>
    {
        while let Some(Open { protocol, opened }) = self.requests.pop_front() {
            // The caller may have left.
            if !opened.is_closed() {
                return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                    protocol: SubstreamProtocol::new(Agree(vec![protocol]), opened),
                });
            }
        }
        Poll::Pending
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<
            '_,
            Self::InboundProtocol,
            Self::OutboundProtocol,
            Self::InboundOpenInfo,
            Self::OutboundOpenInfo,
        >,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (stream, protocol),
                ..
            }) => {
                if let Some(sender) = self.accepted.read().get(&protocol)
                    && sender.try_send((self.peer, stream)).is_err()
                {
                    tracing::debug!(peer = %self.peer, %protocol, "a stream is reset: too many wait");
                }
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: (stream, _),
                info: opened,
            }) => drop(opened.send(Ok(stream))),
            ConnectionEvent::DialUpgradeError(DialUpgradeError {
                info: opened,
                error,
            }) => {
                let error = match error {
                    StreamUpgradeError::Timeout => OpenError::TimedOut,
                    StreamUpgradeError::NegotiationFailed => OpenError::Unsupported,
                    StreamUpgradeError::Io(error) => OpenError::Connection(error.to_string()),
                    StreamUpgradeError::Apply(never) => match never {},
                };
                drop(opened.send(Err(error)));
            }
            _ => {}
        }
    }
}
