//! The handle: sessions and counters.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use cairn_primitives::keys::PeerId;
use cairn_primitives::multihash::HashFunction;
use cairn_primitives::{Cid, Multihash};
use cairn_store::exchange::{Arrival, ExchangeError, Hint, Session, VerifiedBlock, Wants};
use cairn_store::network::{BlockExchange, ExchangeStat, Ledger, NetworkError};
use cairn_store::{Exchange, SessionRequest};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt as _};
use libp2p::Multiaddr;
use tokio::sync::{mpsc, oneshot};

use super::MAX_CID;
use super::shared::Shared;
use crate::convert::peer_of;

/// Fetches blocks from peers, and tells of the exchange. Cheap to clone.
///
/// A want waits until its block arrives, as in Kubo: the timeout is the caller's, who drops the stream. With
/// [`Settings::report_missing`](super::Settings::report_missing) it ends with [`Arrival::Missing`] once nobody is found.
/// Identity CIDs are answered at once from themselves; CIDs that no peer may serve (of insecure or unknown hash functions, or
/// longer than [`MAX_CID`]) are [`Arrival::Missing`] at once. All streams fail with [`ExchangeError::Closed`] once the
/// behaviour was dropped.
#[derive(Clone)]
pub struct Bitswap {
    pub(super) shared: Arc<Shared>,
}

impl Bitswap {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Tells that blocks were stored, whoever fetched or added them: peers that wait for them get them. Call it after the
    /// store has them. It is cheap where no peer waits, never waits itself, and may be called from any thread.
    pub fn notify(&self, cids: &[Cid]) {
        let mut server = self.shared.server.lock();
        if server.is_waited_for() {
            server.notify(cids.iter());
        }
    }

    /// Blocks that were received although nobody wanted them, or that could not be verified.
    #[cfg(test)]
    pub(crate) fn wrong_blocks(&self) -> u64 {
        self.shared.counters.wrong_blocks.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Bitswap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bitswap")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

/// A hint as libp2p's peer and address; `None` for what is neither.
fn parse_hint(hint: &Hint) -> Option<(Option<libp2p::PeerId>, Option<Multiaddr>)> {
    match hint {
        Hint::Peer(id) => Some((Some(id.into()), None)),
        Hint::Address(address) => {
            let address: Multiaddr = address.parse().ok()?;
            let peer = peer_of(&address);
            let is_peer = address.len() <= 64 && address.iter().count() == 1 && peer.is_some();
            Some((peer, (!is_peer).then_some(address)))
        }
        _ => None,
    }
}

impl Exchange for Bitswap {
    fn session(&self, request: SessionRequest) -> Arc<dyn Session> {
        let hints = request.hints.iter().filter_map(parse_hint).collect();
        let id = self.shared.client.lock().open_session(request.root, hints);
        Arc::new(OpenSession(Arc::new(SessionGuard {
            shared: Arc::clone(&self.shared),
            id,
        })))
    }
}

/// Withdraws a question when it is dropped.
struct ProbeGuard {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for ProbeGuard {
    fn drop(&mut self) {
        let id = self.id;
        self.shared.with_client(|client| client.end_probe(id));
    }
}

/// Ends the session when it and its batches are dropped.
struct SessionGuard {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.shared.client.lock().close_session(self.id);
    }
}

struct OpenSession(Arc<SessionGuard>);

impl Session for OpenSession {
    fn want(&self, cids: Vec<Cid>) -> Wants {
        let shared = &self.0.shared;
        let (sender, answers) = mpsc::unbounded_channel();
        let mut hashes = Vec::with_capacity(cids.len());
        let mut wanted = Vec::with_capacity(cids.len());
        let open = cids.len();
        for cid in cids {
            match answer_locally(&cid) {
                Some(answer) => {
                    let _ = sender.send(answer);
                }
                None => {
                    hashes.push(cid.hash().clone());
                    wanted.push(cid);
                }
            }
        }
        let mut batch = 0;
        if !wanted.is_empty() && !shared.closed.load(Ordering::Acquire) {
            batch = shared.with_client(|client| client.want(self.0.id, wanted, &sender));
            shared.timer.wake();
        }
        Batch {
            session: Arc::clone(&self.0),
            batch,
            hashes,
            answers,
            open,
        }
        .boxed()
    }
}

/// The answer to a want that no peer can answer.
fn answer_locally(cid: &Cid) -> Option<Arrival> {
    if let Some(data) = cid.hash().identity_data() {
        let data = bytes::Bytes::copy_from_slice(data);
        return VerifiedBlock::new(cid.clone(), data)
            .ok()
            .map(Arrival::Block);
    }
    let served = cid.encoded_len() <= MAX_CID && HashFunction::verify_allowed(cid.hash()).is_ok();
    (!served).then(|| Arrival::Missing(cid.clone()))
}

/// The answers to a batch of wants. The channel is bounded by their number.
struct Batch {
    session: Arc<SessionGuard>,
    batch: u64,
    hashes: Vec<Multihash>,
    answers: mpsc::UnboundedReceiver<Arrival>,
    open: usize,
}

impl Stream for Batch {
    type Item = Result<Arrival, ExchangeError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.open == 0 {
            return Poll::Ready(None);
        }
        match self.answers.poll_recv(cx) {
            Poll::Ready(Some(answer)) => {
                self.open -= 1;
                Poll::Ready(Some(Ok(answer)))
            }
            Poll::Ready(None) => {
                self.open = 0;
                Poll::Ready(Some(Err(ExchangeError::Closed)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if self.open > 0 {
            let (session, batch) = (self.session.id, self.batch);
            let hashes = std::mem::take(&mut self.hashes);
            let shared = &self.session.shared;
            shared.with_client(|client| client.cancel(session, batch, &hashes));
        }
    }
}

impl BlockExchange for Bitswap {
    fn stat(&self) -> ExchangeStat {
        let counters = &self.shared.counters;
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let peers = self.shared.server.lock().peers();
        ExchangeStat {
            wants: self.shared.client.lock().wants(),
            peers: peers.into_iter().map(Into::into).collect(),
            blocks_received: get(&counters.blocks_received),
            bytes_received: get(&counters.bytes_received),
            duplicate_blocks: get(&counters.duplicate_blocks),
            duplicate_bytes: get(&counters.duplicate_bytes),
            messages_received: get(&counters.messages_received),
            blocks_sent: get(&counters.blocks_sent),
            bytes_sent: get(&counters.bytes_sent),
        }
    }

    fn wants_of(&self, peer: &PeerId) -> Option<Vec<Cid>> {
        self.shared.server.lock().wants_of(&peer.into())
    }

    fn ledger(&self, peer: &PeerId) -> Ledger {
        self.shared.server.lock().ledger(&peer.into())
    }

    fn has(&self, peer: &PeerId, cid: &Cid) -> BoxFuture<'static, Result<bool, NetworkError>> {
        let (shared, peer, cid) = (Arc::clone(&self.shared), peer.into(), cid.clone());
        Box::pin(async move {
            match answer_locally(&cid) {
                Some(Arrival::Block(_)) => return Ok(true),
                Some(_) => return Ok(false),
                None => {}
            }
            let (sender, answer) = oneshot::channel();
            let id = shared.with_client(|client| client.probe(peer, &cid, sender))?;
            let _guard = ProbeGuard { shared, id };
            answer.await.map_err(|_| NetworkError::NotConnected)
        })
    }
}
