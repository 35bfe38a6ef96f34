//! An exchange over another store in the same process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::{Cid, Multihash};
use cairn_store::exchange::{Arrival, ExchangeError, VerifiedBlock, Wants};
use cairn_store::{BlockStore, Exchange, Session, SessionRequest};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Peers that have what a store has.
pub(crate) struct Remote(Arc<Inner>);

pub(crate) struct Inner {
    store: Arc<dyn BlockStore>,
    /// Answers that may go out: without permits, all wait.
    pub(crate) gate: Semaphore,
    /// How long an answer takes.
    delay: Duration,
    /// Whether a first peer sends wrong bytes, and whether there is no other.
    pub(crate) liar: AtomicBool,
    pub(crate) only_liars: AtomicBool,
    /// Whether what was not asked for is sent along.
    pub(crate) unasked: Option<(Cid, Bytes)>,
    pub(crate) broken: AtomicBool,
    pub(crate) sessions: Mutex<Vec<SessionRequest>>,
    pub(crate) asked: Mutex<HashMap<Multihash, usize>>,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) most: AtomicUsize,
    pub(crate) refused: AtomicUsize,
}

impl std::ops::Deref for Remote {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Remote {
    pub(crate) fn new(store: Arc<dyn BlockStore>, delay: Duration, open: bool) -> Arc<Self> {
        Self::sending(store, delay, open, None)
    }

    pub(crate) fn sending(
        store: Arc<dyn BlockStore>,
        delay: Duration,
        open: bool,
        unasked: Option<(Cid, Bytes)>,
    ) -> Arc<Self> {
        Arc::new(Self(Arc::new(Inner {
            store,
            gate: Semaphore::new(if open { Semaphore::MAX_PERMITS } else { 0 }),
            delay,
            liar: AtomicBool::new(false),
            only_liars: AtomicBool::new(false),
            unasked,
            broken: AtomicBool::new(false),
            sessions: Mutex::default(),
            asked: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        })))
    }

    /// How often a block was asked for, at most.
    pub(crate) fn most_often(&self) -> usize {
        self.asked.lock().values().copied().max().unwrap_or(0)
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

impl Exchange for Remote {
    fn session(&self, request: SessionRequest) -> Arc<dyn Session> {
        self.sessions.lock().push(request);
        Arc::new(Link(Arc::clone(&self.0)))
    }
}

struct Link(Arc<Inner>);

/// Counts a want for as long as it is under way.
struct Flight(Arc<Inner>);

impl Flight {
    fn new(inner: &Arc<Inner>) -> Self {
        let now = inner.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        inner.most.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(inner))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Session for Link {
    fn want(&self, cids: Vec<Cid>) -> Wants {
        let wants: FuturesUnordered<_> = cids
            .into_iter()
            .map(|cid| {
                let inner = Arc::clone(&self.0);
                *inner.asked.lock().entry(cid.hash().clone()).or_default() += 1;
                let flight = Flight::new(&inner);
                async move {
                    let _flight = flight;
                    inner.gate.acquire().await.unwrap().forget();
                    tokio::time::sleep(inner.delay).await;
                    if inner.broken.load(Ordering::SeqCst) {
                        return Err(ExchangeError::Closed);
                    }
                    if inner.liar.load(Ordering::SeqCst) {
                        // As a network does: the peer is left, and another is asked.
                        assert!(
                            VerifiedBlock::new(cid.clone(), Bytes::from_static(b"lies")).is_err()
                        );
                        inner.refused.fetch_add(1, Ordering::SeqCst);
                        if inner.only_liars.load(Ordering::SeqCst) {
                            return Ok(Arrival::Missing(cid));
                        }
                    }
                    Ok(match inner.store.get(cid.hash()).await.unwrap() {
                        Some(data) => Arrival::Block(VerifiedBlock::new(cid, data).unwrap()),
                        None => Arrival::Missing(cid),
                    })
                }
            })
            .collect();
        let unasked = self
            .0
            .unasked
            .clone()
            .map(|(cid, data)| Ok(Arrival::Block(VerifiedBlock::new(cid, data).unwrap())));
        futures_util::stream::iter(unasked).chain(wants).boxed()
    }
}
