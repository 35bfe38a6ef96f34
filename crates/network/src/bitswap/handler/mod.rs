//! The streams of one connection.
//!
//! Each inbound stream has a task that reads it, and the outbound stream one that writes; the connection's own task only opens
//! them. Of several connections of a peer one is written to.

mod read;
mod write;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::swarm::handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound};
use libp2p::swarm::{
    ConnectionHandler, ConnectionHandlerEvent, StreamUpgradeError, SubstreamProtocol,
};
use tokio::task::JoinSet;
use tokio::time::Sleep;

use super::protocol::Negotiate;
use super::shared::{Peer, Shared};

/// Attempts to write to a peer, after which it is taken for one that does not speak bitswap.
const MAX_FAILURES: u32 = 5;

/// Refused messages, after which the connection is closed.
const MAX_VIOLATIONS: u32 = 3;

/// Time until a stream is opened again; it doubles with each failure.
const RETRY: Duration = Duration::from_millis(100);

/// What the behaviour tells a connection.
#[derive(Clone, Copy, Debug)]
pub enum ToHandler {
    /// It is the one that is written to.
    Activate,
}

/// What a connection tells the behaviour.
#[derive(Clone, Copy, Debug)]
pub enum FromHandler {
    /// The peer does not speak bitswap, or takes no messages.
    Unsupported,
    /// The peer speaks bitswap after all.
    Supported,
    /// The peer has sent messages that were refused.
    Misbehaved,
}

/// The handler of one connection.
pub struct Handler {
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    negotiate: Negotiate,
    readers: JoinSet<Result<(), read::ReadError>>,
    writer: JoinSet<write::End>,
    active: bool,
    opening: bool,
    failures: u32,
    violations: u32,
    retry: Option<Pin<Box<Sleep>>>,
    events: VecDeque<FromHandler>,
}

impl Handler {
    /// `ignored` peers are not offered the protocol.
    pub(super) fn new(shared: Arc<Shared>, peer: Arc<Peer>, ignored: bool) -> Self {
        let versions = if ignored {
            Arc::from([])
        } else {
            Arc::clone(&shared.versions)
        };
        if ignored {
            peer.unsupported.store(true, Ordering::Release);
        }
        Self {
            negotiate: Negotiate::new(versions),
            shared,
            peer,
            readers: JoinSet::new(),
            writer: JoinSet::new(),
            active: false,
            opening: false,
            failures: 0,
            violations: 0,
            retry: None,
            events: VecDeque::new(),
        }
    }

    /// Plans another attempt to write, or gives up.
    fn fail(&mut self) {
        self.failures += 1;
        if self.failures >= MAX_FAILURES {
            self.give_up();
            return;
        }
        let wait = RETRY * 2u32.saturating_pow(self.failures);
        self.retry = Some(Box::pin(tokio::time::sleep(wait)));
        self.peer.work.store(true, Ordering::Release);
    }

    fn give_up(&mut self) {
        if !self.peer.unsupported.swap(true, Ordering::AcqRel) {
            self.events.push_back(FromHandler::Unsupported);
        }
    }

    /// Takes the results of tasks that have ended.
    fn poll_tasks(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(ended)) = self.readers.poll_join_next(cx) {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(peer = %self.peer.id, "a bitswap stream was closed: {error}");
                    if error.is_violation() {
                        self.violations += 1;
                        if self.violations == MAX_VIOLATIONS {
                            self.events.push_back(FromHandler::Misbehaved);
                        }
                    }
                }
                Err(error) if error.is_panic() => {
                    tracing::error!(peer = %self.peer.id, "reading a bitswap stream failed: {error}");
                }
                Err(_) => {}
            }
        }
        while let Poll::Ready(Some(ended)) = self.writer.poll_join_next(cx) {
            match ended {
                Ok(end) => {
                    tracing::debug!(peer = %self.peer.id, "writing bitswap messages failed: {}", end.error);
                    if end.wrote {
                        self.failures = 0;
                    }
                }
                Err(error) => {
                    tracing::error!(peer = %self.peer.id, "writing bitswap messages failed: {error}");
                }
            }
            self.fail();
        }
    }

    /// Whether a stream is to be opened now.
    fn needs_stream(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.active || self.opening || !self.writer.is_empty() {
            return false;
        }
        self.peer.handler.register(cx.waker());
        if self.peer.unsupported.load(Ordering::Acquire) {
            return false;
        }
        if let Some(retry) = &mut self.retry {
            if retry.as_mut().poll(cx).is_pending() {
                return false;
            }
            self.retry = None;
        }
        self.peer.work.load(Ordering::Acquire)
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = ToHandler;
    type ToBehaviour = FromHandler;
    type InboundProtocol = Negotiate;
    type OutboundProtocol = Negotiate;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Negotiate> {
        SubstreamProtocol::new(self.negotiate.clone(), ())
    }

    fn connection_keep_alive(&self) -> bool {
        self.shared.is_busy(&self.peer)
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Negotiate, (), FromHandler>> {
        self.poll_tasks(cx);
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
        }
        if self.needs_stream(cx) {
            self.opening = true;
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(self.negotiate.clone(), ()),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, event: ToHandler) {
        match event {
            ToHandler::Activate => self.active = true,
        }
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Negotiate, Negotiate>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (mut stream, _),
                ..
            }) => {
                // Dropping it resets it.
                if self.readers.len() >= self.shared.settings.inbound_streams {
                    tracing::debug!(peer = %self.peer.id, "too many bitswap streams");
                    return;
                }
                stream.ignore_for_keep_alive();
                self.failures = 0;
                if self.peer.unsupported.swap(false, Ordering::AcqRel) {
                    self.peer.handler.wake();
                    self.events.push_back(FromHandler::Supported);
                }
                let (shared, peer) = (Arc::clone(&self.shared), Arc::clone(&self.peer));
                self.readers.spawn(read::read(shared, peer, stream));
            }
            ConnectionEvent::FullyNegotiatedOutbound(opened) => {
                let (mut stream, version) = opened.protocol;
                self.opening = false;
                stream.ignore_for_keep_alive();
                let (shared, peer) = (Arc::clone(&self.shared), Arc::clone(&self.peer));
                self.writer
                    .spawn(write::write(shared, peer, stream, version));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { error, .. }) => {
                self.opening = false;
                match error {
                    StreamUpgradeError::NegotiationFailed => self.give_up(),
                    StreamUpgradeError::Timeout | StreamUpgradeError::Io(_) => self.fail(),
                    StreamUpgradeError::Apply(never) => match never {},
                }
            }
            _ => {}
        }
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler")
            .field("peer", &self.peer.id)
            .field("active", &self.active)
            .field("readers", &self.readers.len())
            .finish_non_exhaustive()
    }
}
