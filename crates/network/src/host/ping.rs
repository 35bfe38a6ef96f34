//! Pings on demand, one after another on one stream.
//!
//! Protocol: <https://github.com/libp2p/specs/blob/master/ping/ping.md>. The other side is served by libp2p's ping behaviour.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cairn_store::network::NetworkError;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{DeniedUpgrade, ReadyUpgrade};
use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::handler::{ConnectionEvent, ConnectionHandlerEvent, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler,
    SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};
use tokio::sync::mpsc;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/ipfs/ping/1.0.0");
const BYTES: usize = 32;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Requests that wait for the swarm, and streams of pings on one connection. Further requests end at once.
const MAX_WAITING: usize = 64;
const MAX_STREAMS: usize = 16;

/// Receives the results of the pings; a full channel pauses them, a closed one ends them.
pub(super) type Results = mpsc::Sender<Result<Duration, NetworkError>>;

/// A request for pings.
pub(super) struct Request {
    pub(super) peer: PeerId,
    pub(super) results: Results,
}

/// The channel for requests.
pub(super) fn channel() -> (mpsc::Sender<Request>, mpsc::Receiver<Request>) {
    mpsc::channel(MAX_WAITING)
}

/// Sends requests to the connections.
pub(super) struct Behaviour {
    requests: mpsc::Receiver<Request>,
}

impl Behaviour {
    pub(super) fn new(requests: mpsc::Receiver<Request>) -> Self {
        Self { requests }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        // A peer without a connection drops the event, and with it the channel: its stream of results ends.
        match std::task::ready!(self.requests.poll_recv(context)) {
            Some(request) => Poll::Ready(ToSwarm::NotifyHandler {
                peer_id: request.peer,
                handler: NotifyHandler::Any,
                event: Start(request.results),
            }),
            None => Poll::Pending,
        }
    }
}

/// Starts pings on a connection.
pub(super) struct Start(Results);

impl fmt::Debug for Start {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Start")
    }
}

/// Pings on one connection.
#[derive(Default)]
pub(super) struct Handler {
    waiting: VecDeque<Results>,
    opening: VecDeque<Results>,
    running: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Start;
    type ToBehaviour = Infallible;
    type InboundProtocol = DeniedUpgrade;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<DeniedUpgrade> {
        SubstreamProtocol::new(DeniedUpgrade, ())
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<ReadyUpgrade<StreamProtocol>, (), Infallible>> {
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(context) {}
        if let Some(results) = self.waiting.pop_front() {
            self.opening.push_back(results);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ()),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, Start(results): Start) {
        if self.waiting.len() + self.opening.len() + self.running.len() < MAX_STREAMS {
            self.waiting.push_back(results);
        }
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, DeniedUpgrade, ReadyUpgrade<StreamProtocol>, (), ()>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, .. }) => {
                if let Some(results) = self.opening.pop_front() {
                    self.running.push(pings(protocol, results).boxed());
                }
            }
            ConnectionEvent::DialUpgradeError(failed) => {
                if let Some(results) = self.opening.pop_front() {
                    let _ = results.try_send(Err(failure(failed.error)));
                }
            }
            _ => {}
        }
    }
}

/// Pings until nobody receives the results, or the stream fails.
async fn pings(mut stream: Stream, results: Results) {
    // Reserving first means that no ping is sent before it is asked for.
    while let Ok(slot) = results.reserve().await {
        let result = tokio::time::timeout(TIMEOUT, ping(&mut stream)).await;
        match result {
            Ok(Ok(time)) => slot.send(Ok(time)),
            Ok(Err(error)) => return slot.send(Err(failure(error))),
            Err(_) => {
                let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
                return slot.send(Err(failure(error)));
            }
        }
    }
}

async fn ping(stream: &mut Stream) -> std::io::Result<Duration> {
    let mut sent = [0; BYTES];
    getrandom::fill(&mut sent).map_err(std::io::Error::other)?;
    let start = Instant::now();
    stream.write_all(&sent).await?;
    stream.flush().await?;
    let mut received = [0; BYTES];
    stream.read_exact(&mut received).await?;
    if received != sent {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "the peer returned other bytes",
        ));
    }
    Ok(start.elapsed())
}

fn failure(error: impl std::error::Error + Send + Sync + 'static) -> NetworkError {
    NetworkError::Failed {
        action: "ping",
        source: Arc::new(error),
    }
}
