//! Opening and accepting streams.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::swarm::{Stream, StreamProtocol};
use libp2p::{Multiaddr, PeerId};
use parking_lot::RwLock;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::Settings;

/// Accepted protocols and where their streams go to.
pub(super) type Accepted = RwLock<HashMap<StreamProtocol, mpsc::Sender<(PeerId, Stream)>>>;

/// A request to open a stream.
#[derive(Debug)]
pub struct Open {
    pub(super) protocol: StreamProtocol,
    pub(super) opened: oneshot::Sender<Result<Stream, OpenError>>,
}

/// The same, with the peer.
pub(super) struct Request {
    pub(super) peer: PeerId,
    pub(super) addresses: Vec<Multiaddr>,
    pub(super) open: Open,
}

/// Why a stream cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The name is not that of a protocol.
    #[error("{0:?} is not the name of a protocol, which begins with a slash")]
    Protocol(String),
    /// No connection can be opened.
    #[error("cannot connect to the peer: {0}")]
    Dial(String),
    /// The peer does not accept the protocol.
    #[error("the peer does not support the protocol")]
    Unsupported,
    /// The peer did not answer in time.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// The node stops, or the connection was closed.
    #[error("the connection was closed")]
    Closed,
}

/// Why a protocol cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The name is not that of a protocol.
    #[error("{0:?} is not the name of a protocol, which begins with a slash")]
    Protocol(String),
    /// It is accepted already.
    #[error("streams of {0} are accepted already")]
    Exists(String),
    /// As many as are allowed are accepted.
    #[error("{0} protocols are accepted already")]
    TooMany(usize),
}

/// Opens and accepts streams. Clones share one node.
#[derive(Clone)]
pub struct Streams {
    pub(super) accepted: Arc<Accepted>,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) opening: Arc<Semaphore>,
    pub(super) settings: Settings,
}

impl Streams {
    /// Opens a stream, and a connection if there is none. The addresses are tried besides those that are known.
    ///
    /// # Errors
    ///
    /// Fails if the peer cannot be reached or does not accept the protocol.
    pub async fn open(
        &self,
        peer: PeerId,
        addresses: Vec<Multiaddr>,
        protocol: &str,
    ) -> Result<Stream, OpenError> {
        let protocol = StreamProtocol::try_from_owned(protocol.to_owned())
            .map_err(|_| OpenError::Protocol(protocol.to_owned()))?;
        let _place = self.opening.acquire().await;
        let (opened, stream) = oneshot::channel();
        let request = Request {
            peer,
            addresses,
            open: Open { protocol, opened },
        };
        let sent = self.requests.send(request).await;
        sent.map_err(|_| OpenError::Closed)?;
        stream.await.unwrap_or(Err(OpenError::Closed))
    }

    /// Accepts the streams of a protocol until the result is dropped.
    ///
    /// # Errors
    ///
    /// Fails if the protocol is accepted already, and at the limit.
    pub fn accept(&self, protocol: &str) -> Result<Incoming, AcceptError> {
        let name = StreamProtocol::try_from_owned(protocol.to_owned())
            .map_err(|_| AcceptError::Protocol(protocol.to_owned()))?;
        let mut accepted = self.accepted.write();
        if accepted.contains_key(&name) {
            return Err(AcceptError::Exists(protocol.to_owned()));
        }
        if accepted.len() >= self.settings.max_protocols {
            return Err(AcceptError::TooMany(accepted.len()));
        }
        let (sender, streams) = mpsc::channel(self.settings.max_waiting.max(1));
        accepted.insert(name.clone(), sender);
        Ok(Incoming {
            protocol: name,
            streams,
            accepted: Arc::clone(&self.accepted),
        })
    }
}

/// Streams that peers open.
pub struct Incoming {
    protocol: StreamProtocol,
    streams: mpsc::Receiver<(PeerId, Stream)>,
    accepted: Arc<Accepted>,
}

impl futures_util::Stream for Incoming {
    type Item = (PeerId, Stream);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.streams.poll_recv(context)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.accepted.write().remove(&self.protocol);
    }
}
