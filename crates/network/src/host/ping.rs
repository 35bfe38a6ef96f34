//! Pings: those of peers are answered, the latency of each connection is measured now and then, and commands ping on demand.
//!
//! libp2p's own behaviour keeps one stream and replaces it by the next one, so that pings on demand would end in the middle. A connection
//! whose peer does not answer [`MAX_FAILURES`] measurements one after another is closed.
//!
//! Protocol: <https://github.com/libp2p/specs/blob/master/ping/ping.md>.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cairn_store::network::NetworkError;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::handler::{
    ConnectionEvent, ConnectionHandlerEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionHandler, ConnectionId, FromSwarm,
    NetworkBehaviour, NotifyHandler, StreamUpgradeError, SubstreamProtocol, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};
use tokio::sync::mpsc;
use tokio::time::Sleep;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/ipfs/ping/1.0.0");
const BYTES: usize = 32;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Time between two measurements of a connection's latency.
const INTERVAL: Duration = Duration::from_secs(30);

/// Measurements without an answer, one after another, after which a connection is closed.
const MAX_FAILURES: u32 = 3;

/// How long a peer may keep a stream without a ping.
const IDLE: Duration = Duration::from_secs(600);

/// Requests that wait for the swarm, streams on demand on one connection, and streams of its peer. Further ones end at once.
const MAX_WAITING: usize = 64;
const MAX_STREAMS: usize = 16;
const MAX_INBOUND: usize = 4;

/// Receives the results of the pings; a full channel pauses them, a closed one ends them.
pub(super) type Results = mpsc::Sender<Result<Duration, NetworkError>>;

/// A request for pings.
pub(super) struct Request {
    pub(super) peer: PeerId,
    pub(super) results: Results,
}

/// The latency of a connection.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) connection: ConnectionId,
    pub(super) latency: Duration,
}

/// The channel for requests.
pub(super) fn channel() -> (mpsc::Sender<Request>, mpsc::Receiver<Request>) {
    mpsc::channel(MAX_WAITING)
}

/// Sends requests to the connections, and receives their latencies.
pub(super) struct Behaviour {
    requests: mpsc::Receiver<Request>,
    /// Bounded by the connections: each has one measurement at a time.
    events: VecDeque<ToSwarm<Measured, Start>>,
}

impl Behaviour {
    pub(super) fn new(requests: mpsc::Receiver<Request>) -> Self {
        Self {
            requests,
            events: VecDeque::new(),
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Measured;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        peer_id: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.events.push_back(match event {
            Report::Latency(latency) => ToSwarm::GenerateEvent(Measured {
                connection,
                latency,
            }),
            Report::Dead => ToSwarm::CloseConnection {
                peer_id,
                connection: CloseConnection::One(connection),
            },
        });
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Measured, THandlerInEvent<Self>>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
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

/// What a connection reports.
#[derive(Debug)]
pub(super) enum Report {
    /// Its latency.
    Latency(Duration),
    /// The peer does not answer.
    Dead,
}

/// For whom a stream is opened.
enum Purpose {
    Measure,
    Demand(Results),
}

/// Pings on one connection.
pub(super) struct Handler {
    waiting: VecDeque<Purpose>,
    opening: VecDeque<Purpose>,
    demanded: FuturesUnordered<BoxFuture<'static, ()>>,
    answered: FuturesUnordered<BoxFuture<'static, ()>>,
    measuring: Option<BoxFuture<'static, io::Result<Duration>>>,
    next: Pin<Box<Sleep>>,
    failures: u32,
    report: Option<Report>,
}

impl Handler {
    fn new() -> Self {
        Self {
            waiting: VecDeque::from([Purpose::Measure]),
            opening: VecDeque::new(),
            demanded: FuturesUnordered::new(),
            answered: FuturesUnordered::new(),
            measuring: None,
            next: Box::pin(tokio::time::sleep(INTERVAL)),
            failures: 0,
            report: None,
        }
    }

    fn measured(&mut self, result: io::Result<Duration>) {
        match result {
            Ok(latency) => {
                self.failures = 0;
                self.report = Some(Report::Latency(latency));
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.failures += 1;
                if self.failures == MAX_FAILURES {
                    self.report = Some(Report::Dead);
                }
            }
            Err(_) => {}
        }
    }

    /// Whether a measurement is due. There is none beside pings on demand, because some peers serve one stream at a time.
    fn is_due(&mut self, context: &mut Context<'_>) -> bool {
        if self.next.as_mut().poll(context).is_pending() {
            return false;
        }
        let next = tokio::time::Instant::now() + INTERVAL;
        self.next.as_mut().reset(next);
        // Polled once more, so that it wakes this task.
        let _ = self.next.as_mut().poll(context);
        self.measuring.is_none()
            && self.demanded.is_empty()
            && self.waiting.is_empty()
            && self.opening.is_empty()
    }
}

type Event = ConnectionHandlerEvent<ReadyUpgrade<StreamProtocol>, (), Report>;

impl ConnectionHandler for Handler {
    type FromBehaviour = Start;
    type ToBehaviour = Report;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<ReadyUpgrade<StreamProtocol>> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        while let Poll::Ready(Some(())) = self.demanded.poll_next_unpin(context) {}
        while let Poll::Ready(Some(())) = self.answered.poll_next_unpin(context) {}
        if let Some(measuring) = &mut self.measuring
            && let Poll::Ready(result) = measuring.poll_unpin(context)
        {
            self.measuring = None;
            self.measured(result);
        }
        if let Some(report) = self.report.take() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(report));
        }
        if self.is_due(context) {
            self.waiting.push_back(Purpose::Measure);
        }
        if let Some(purpose) = self.waiting.pop_front() {
            self.opening.push_back(purpose);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ()),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, Start(results): Start) {
        if self.waiting.len() + self.opening.len() + self.demanded.len() < MAX_STREAMS {
            self.waiting.push_back(Purpose::Demand(results));
        }
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, ReadyUpgrade<StreamProtocol>, ReadyUpgrade<StreamProtocol>>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol, ..
            }) if self.answered.len() < MAX_INBOUND => {
                self.answered.push(answer(protocol).boxed());
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol, ..
            }) => match self.opening.pop_front() {
                Some(Purpose::Demand(results)) => {
                    self.demanded.push(pings(protocol, results).boxed());
                }
                Some(Purpose::Measure) => self.measuring = Some(measure(protocol).boxed()),
                None => {}
            },
            ConnectionEvent::DialUpgradeError(failed) => match self.opening.pop_front() {
                Some(Purpose::Demand(results)) => {
                    let _ = results.try_send(Err(failure(failed.error)));
                }
                Some(Purpose::Measure) if matches!(failed.error, StreamUpgradeError::Timeout) => {
                    self.measured(Err(io::ErrorKind::TimedOut.into()));
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// Returns the bytes of a peer, until it ends the stream or is idle.
async fn answer(mut stream: Stream) {
    let mut bytes = [0; BYTES];
    while let Ok(Ok(())) = tokio::time::timeout(IDLE, stream.read_exact(&mut bytes)).await {
        let write = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        if !matches!(tokio::time::timeout(TIMEOUT, write).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// Pings until nobody receives the results, or the stream fails.
async fn pings(mut stream: Stream, results: Results) {
    // Reserving first means that no ping is sent before it is asked for.
    while let Ok(slot) = results.reserve().await {
        match ping(&mut stream).await {
            Ok(time) => slot.send(Ok(time)),
            Err(error) => return slot.send(Err(failure(error))),
        }
    }
}

async fn measure(mut stream: Stream) -> io::Result<Duration> {
    let time = ping(&mut stream).await?;
    // The peer may not wait for it, so it does not matter whether this succeeds.
    let _ = tokio::time::timeout(TIMEOUT, stream.close()).await;
    Ok(time)
}

async fn ping(stream: &mut Stream) -> io::Result<Duration> {
    let mut sent = [0; BYTES];
    getrandom::fill(&mut sent).map_err(io::Error::other)?;
    let start = Instant::now();
    let exchange = async {
        stream.write_all(&sent).await?;
        stream.flush().await?;
        let mut received = [0; BYTES];
        stream.read_exact(&mut received).await?;
        if received != sent {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the peer returned other bytes",
            ));
        }
        Ok(start.elapsed())
    };
    tokio::time::timeout(TIMEOUT, exchange)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn failure(error: impl std::error::Error + Send + Sync + 'static) -> NetworkError {
    NetworkError::Failed {
        action: "ping",
        source: Arc::new(error),
    }
}
