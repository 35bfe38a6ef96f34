//! The table of wants, shared by an operation and its fetching task.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::{Cid, Multihash};
use cairn_store::exchange::ExchangeError;
use futures_util::stream::AbortHandle;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::error::FetchError;

/// Wants that one operation has in flight, at most. Further ones wait until an answer comes; those that a reader waits for
/// go before those that are asked ahead.
pub const MAX_IN_FLIGHT: usize = 256;

/// Wants that may be in flight however large the blocks are.
const MIN_IN_FLIGHT: usize = 32;

/// Bytes of blocks in flight, as far as the blocks that came tell how large the next ones are.
const BYTES_IN_FLIGHT: u64 = 64 << 20;

/// How large a block is taken to be before the first came.
const FIRST_GUESS: u64 = 1 << 20;

/// Blocks that are asked for ahead or wait to be: past this, none is asked ahead.
const MAX_AHEAD: usize = 1024;

/// The outcome of a want: the bytes, or nothing where the block turned out to be in the store.
pub(super) type WantResult = Result<Option<Bytes>, FetchError>;

/// Wants, shared by an operation and its task.
#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    wants: HashMap<Multihash, Want>,
    /// Not asked for yet: what a reader waits for, and what is asked ahead.
    urgent: VecDeque<Cid>,
    ahead: VecDeque<Cid>,
    batches: HashMap<u64, Batch>,
    in_flight: usize,
    last_id: u64,
    blocks: u64,
    bytes: u64,
    /// When a block arrived, or the first of the present wants was asked for.
    last: Option<Instant>,
    closed: bool,
}

struct Want {
    id: u64,
    cid: Cid,
    /// How many are interested, those who wait included.
    add_guard: usize,
    waiting: Vec<oneshot::Sender<WantResult>>,
    /// The batch in which it was asked for.
    batch: Option<u64>,
}

struct Batch {
    /// Wants that are not answered.
    open: usize,
    /// Those among them that anyone is interested in.
    interesting: usize,
    abort: AbortHandle,
}

/// Keeps a want alive. The want is cancelled when its last guard is dropped.
pub(crate) struct WantGuard {
    shared: Arc<Shared>,
    key: Multihash,
    id: u64,
}

impl Drop for WantGuard {
    fn drop(&mut self) {
        self.shared.state.lock().lose(&self.key, self.id);
    }
}

impl Shared {
    /// Wants a block now.
    pub(super) fn want(self: &Arc<Self>, cid: &Cid) -> (WantGuard, oneshot::Receiver<WantResult>) {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        let id = state.add_guard(cid);
        let closed = state.closed;
        if let Some(want) = state.wants.get_mut(cid.hash()) {
            if !closed {
                want.waiting.push(sender);
            }
            if want.batch.is_none() {
                state.ahead.retain(|other| other.hash() != cid.hash());
                if !state.urgent.iter().any(|other| other.hash() == cid.hash()) {
                    state.urgent.push_back(cid.clone());
                }
            }
        }
        drop(state);
        self.wake.notify_one();
        (self.handle(cid, id), receiver)
    }

    /// Wants a block later; `None` when too much is wanted already.
    pub(super) fn ahead(this: &Arc<Self>, cid: &Cid) -> Option<WantGuard> {
        let mut state = this.state.lock();
        let known = state.wants.contains_key(cid.hash());
        if !known && (state.wants.len() >= MAX_AHEAD || state.closed) {
            return None;
        }
        let id = state.add_guard(cid);
        if !known {
            state.ahead.push_back(cid.clone());
        }
        drop(state);
        if !known {
            this.wake.notify_one();
        }
        Some(this.handle(cid, id))
    }

    fn handle(self: &Arc<Self>, cid: &Cid, id: u64) -> WantGuard {
        WantGuard {
            shared: Arc::clone(self),
            key: cid.hash().clone(),
            id,
        }
    }

    /// Waits for a new want.
    pub(super) async fn new_want(&self) {
        self.wake.notified().await;
    }

    /// The next wants that may be asked for, and the number of their batch.
    pub(super) fn next_batch(&self, most: usize, abort: AbortHandle) -> Option<(u64, Vec<Cid>)> {
        let mut state = self.state.lock();
        let room = state.bound().saturating_sub(state.in_flight).min(most);
        state.last_id += 1;
        let id = state.last_id;
        let mut cids = Vec::new();
        while cids.len() < room
            && let Some(cid) = state.urgent.pop_front().or_else(|| state.ahead.pop_front())
        {
            if let Some(want) = state.wants.get_mut(cid.hash())
                && want.batch.is_none()
            {
                want.batch = Some(id);
                cids.push(cid);
            }
        }
        if cids.is_empty() {
            return None;
        }
        if state.in_flight == 0 {
            state.last = Some(Instant::now());
        }
        state.in_flight += cids.len();
        let batch = Batch {
            open: cids.len(),
            interesting: cids.len(),
            abort,
        };
        state.batches.insert(id, batch);
        Some((id, cids))
    }

    /// Whether a batch still waits for a block.
    pub(super) fn is_requested(&self, batch: u64, cid: &Cid) -> bool {
        let state = self.state.lock();
        state
            .wants
            .get(cid.hash())
            .is_some_and(|want| want.batch == Some(batch))
    }

    /// Answers a want of a batch.
    pub(super) fn finish(&self, batch: u64, cid: &Cid, outcome: &WantResult) {
        let mut state = self.state.lock();
        if state
            .wants
            .get(cid.hash())
            .is_none_or(|want| want.batch != Some(batch))
        {
            return;
        }
        if let Ok(Some(data)) = outcome {
            state.blocks += 1;
            state.bytes += data.len() as u64;
            state.last = Some(Instant::now());
        }
        let Some(want) = state.wants.remove(cid.hash()) else {
            return;
        };
        state.in_flight -= 1;
        if let Some(found) = state.batches.get_mut(&batch) {
            found.open -= 1;
            found.interesting -= usize::from(want.add_guard > 0);
            if found.open == 0 || found.interesting == 0 {
                state.cancel(batch);
            }
        }
        drop(state);
        for waiting in want.waiting {
            // One that no longer waits needs no answer.
            let _ = waiting.send(outcome.clone());
        }
    }

    /// Ends a batch: what it did not answer is missing, or failed.
    pub(super) fn end(&self, batch: u64, error: Option<&ExchangeError>) {
        let open: Vec<Cid> = {
            let state = self.state.lock();
            state
                .wants
                .values()
                .filter(|want| want.batch == Some(batch))
                .map(|want| want.cid.clone())
                .collect()
        };
        for cid in open {
            let failed = match error {
                Some(error) => FetchError::Exchange(error.clone()),
                None => FetchError::NotFound { cid: cid.clone() },
            };
            self.finish(batch, &cid, &Err(failed));
        }
    }

    /// When to give up, if anything is waited for.
    pub(super) fn deadline(&self, idle: Duration) -> Option<Instant> {
        let state = self.state.lock();
        let last = state.last.filter(|_| state.in_flight > 0)?;
        last.checked_add(idle)
    }

    /// Gives up everything: no block arrived for so long.
    pub(super) fn expire(&self, after: Duration) {
        let wants = self.state.lock().clear();
        for want in wants {
            for waiting in want.waiting {
                let _ = waiting.send(Err(FetchError::TimedOut {
                    cid: want.cid.clone(),
                    after,
                }));
            }
        }
    }

    /// Fails everything, now and later.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let wants = state.clear();
        drop(state);
        // Whoever waits is told by the loss of its sender.
        drop(wants);
    }
}

impl State {
    /// Wants that may be in flight, by the mean size of the blocks that came.
    fn bound(&self) -> usize {
        let mean = self.bytes.checked_div(self.blocks).unwrap_or(FIRST_GUESS);
        let most = BYTES_IN_FLIGHT / mean.max(1);
        usize::try_from(most)
            .unwrap_or(MAX_IN_FLIGHT)
            .clamp(MIN_IN_FLIGHT, MAX_IN_FLIGHT)
    }

    /// Counts one more who is interested in a block; the want's number.
    fn add_guard(&mut self, cid: &Cid) -> u64 {
        if let Some(want) = self.wants.get_mut(cid.hash()) {
            want.add_guard += 1;
            if want.add_guard == 1
                && let Some(batch) = want.batch.and_then(|id| self.batches.get_mut(&id))
            {
                batch.interesting += 1;
            }
            return want.id;
        }
        self.last_id += 1;
        let want = Want {
            id: self.last_id,
            cid: cid.clone(),
            add_guard: 1,
            waiting: Vec::new(),
            batch: None,
        };
        self.wants.insert(cid.hash().clone(), want);
        self.last_id
    }

    /// Counts one less. A want that was asked for stays in its batch: others may come to want it, and it may still arrive.
    fn lose(&mut self, key: &Multihash, id: u64) {
        let Some(want) = self.wants.get_mut(key).filter(|want| want.id == id) else {
            return;
        };
        want.add_guard -= 1;
        if want.add_guard > 0 {
            return;
        }
        let Some(batch) = want.batch else {
            self.wants.remove(key);
            self.urgent.retain(|cid| cid.hash() != key);
            self.ahead.retain(|cid| cid.hash() != key);
            return;
        };
        if let Some(found) = self.batches.get_mut(&batch) {
            found.interesting -= 1;
            if found.interesting == 0 {
                self.cancel(batch);
            }
        }
    }

    /// Drops a batch and what it did not answer.
    fn cancel(&mut self, id: u64) {
        let Some(batch) = self.batches.remove(&id) else {
            return;
        };
        batch.abort.abort();
        self.in_flight -= batch.open;
        if batch.open > 0 {
            self.wants.retain(|_, want| want.batch != Some(id));
        }
    }

    fn clear(&mut self) -> Vec<Want> {
        for (_, batch) in self.batches.drain() {
            batch.abort.abort();
        }
        self.in_flight = 0;
        self.urgent.clear();
        self.ahead.clear();
        self.wants.drain().map(|(_, want)| want).collect()
    }
}

/// The progress of fetching, which can be read while the operation runs.
#[derive(Clone)]
pub struct FetchProgress(Arc<Shared>);

impl FetchProgress {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Number of blocks received from peers.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.0.state.lock().blocks
    }

    /// Bytes of those blocks.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.state.lock().bytes
    }

    /// Number of requested blocks without an answer.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.state.lock().in_flight
    }

    /// The block that the operation has waited for longest.
    #[must_use]
    pub fn waiting_for(&self) -> Option<Cid> {
        let state = self.0.state.lock();
        state
            .wants
            .values()
            .filter(|want| !want.waiting.is_empty())
            .min_by_key(|want| want.id)
            .map(|want| want.cid.clone())
    }
}

impl std::fmt::Debug for FetchProgress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.0.state.lock();
        f.debug_struct("Transfer")
            .field("blocks", &state.blocks)
            .field("bytes", &state.bytes)
            .field("in_flight", &state.in_flight)
            .finish_non_exhaustive()
    }
}
