//! The wants of one operation: awaited blocks, prefetched ones, and the task that fetches both.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_store::exchange::{Arrival, ExchangeError, Hint, Wants};
use cairn_store::{BlockError, BlockStore, Exchange, Hold, Session, SessionRequest};
use futures_util::future::join_all;
use futures_util::stream::{AbortHandle, Abortable, BoxStream, SelectAll};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::JoinHandle;

use super::wants::{FetchProgress, Shared, WantGuard, WantResult};
use crate::error::FetchError;

/// Wants of one batch. Less is finer to cancel: a batch is cancelled when nobody waits for any block of it.
const BATCH: usize = 32;

/// Answers that are taken at once, their blocks written to the store together.
const TOGETHER: usize = 64;

/// Fetches the absent blocks of one operation through one session. Dropping it cancels everything.
pub(crate) struct Fetcher {
    exchange: Arc<dyn Exchange>,
    store: Arc<dyn BlockStore>,
    hold: Option<Hold>,
    idle: Option<Duration>,
    session: Arc<SessionCell>,
    shared: Arc<Shared>,
    task: OnceLock<Task>,
}

/// The session, opened at the first want.
#[derive(Default)]
struct SessionCell {
    hints: Vec<Hint>,
    session: OnceLock<Arc<dyn Session>>,
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fetcher {
    pub(crate) fn new(store: Arc<dyn BlockStore>, exchange: Arc<dyn Exchange>) -> Self {
        Self {
            exchange,
            store,
            hold: None,
            idle: None,
            session: Arc::default(),
            shared: Arc::default(),
            task: OnceLock::new(),
        }
    }

    /// The same session, with wants of its own.
    fn sibling(&self) -> Self {
        Self {
            hold: self.hold.clone(),
            idle: self.idle,
            session: Arc::clone(&self.session),
            ..Self::new(Arc::clone(&self.store), Arc::clone(&self.exchange))
        }
    }

    /// The same session, with fetched blocks kept by a hold.
    pub(crate) fn held(&self, hold: Hold) -> Self {
        Self {
            hold: Some(hold),
            ..self.sibling()
        }
    }

    /// A new session with hints.
    pub(crate) fn with_hints(&self, hints: Vec<Hint>) -> Self {
        let session = SessionCell {
            hints,
            session: OnceLock::new(),
        };
        Self {
            session: Arc::new(session),
            ..self.sibling()
        }
    }

    /// The same session, given up when no block arrives for so long.
    pub(crate) fn with_idle_timeout(&self, idle: Option<Duration>) -> Self {
        Self {
            idle,
            ..self.sibling()
        }
    }

    /// Whether anything was asked for yet: then more will be, and it is worth asking ahead.
    pub(crate) fn is_active(&self) -> bool {
        self.task.get().is_some()
    }

    /// What came and what is waited for.
    pub(crate) fn transfer(&self) -> FetchProgress {
        FetchProgress::new(Arc::clone(&self.shared))
    }

    /// Waits for a block, which is in the store afterwards; `None` if it was there already. Dropping the future
    /// cancels the want, unless others share it.
    pub(crate) async fn want(&self, cid: &Cid) -> Result<Option<Bytes>, FetchError> {
        let (_interest, outcome) = self.shared.want(cid);
        self.start(cid);
        // The sender is dropped only by a task that died.
        outcome
            .await
            .unwrap_or(Err(FetchError::Exchange(ExchangeError::Closed)))
    }

    /// Prefetches blocks, as far as the bound allows. The wants are cancelled when the returned guards are dropped.
    pub(crate) fn ahead<'a>(&self, cids: impl IntoIterator<Item = &'a Cid>) -> Vec<WantGuard> {
        let mut last = None;
        let interests: Vec<_> = cids
            .into_iter()
            .filter(|cid| cid.hash().identity_data().is_none())
            .map_while(|cid| {
                last = Some(cid);
                Shared::ahead(&self.shared, cid)
            })
            .collect();
        if let Some(cid) = last.filter(|_| !interests.is_empty()) {
            self.start(cid);
        }
        interests
    }

    fn start(&self, root: &Cid) {
        self.task.get_or_init(|| {
            let session = self.session.session.get_or_init(|| {
                let hints = self.session.hints.clone();
                self.exchange
                    .session(SessionRequest::new(root.clone()).with_hints(hints))
            });
            let driver = Driver {
                shared: Arc::clone(&self.shared),
                store: Arc::clone(&self.store),
                hold: self.hold.clone(),
                session: Arc::clone(session),
                idle: self.idle,
                batches: SelectAll::new(),
            };
            Task(tokio::spawn(driver.run()))
        });
    }
}

/// What comes of a batch: answers, and its end.
type Event = (u64, Option<Result<Arrival, ExchangeError>>);

/// The task that asks and stores. Answers that nobody takes from it wait in the exchange: that is the back pressure of a
/// store that is slower than the peers.
struct Driver {
    shared: Arc<Shared>,
    store: Arc<dyn BlockStore>,
    hold: Option<Hold>,
    session: Arc<dyn Session>,
    idle: Option<Duration>,
    batches: SelectAll<BoxStream<'static, Event>>,
}

/// Fails whatever waits when the task ends, as it does only by a panic of the exchange or a drop.
struct CloseOnDrop(Arc<Shared>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Whether a block came into the store by another way. A hold relies on it then.
async fn is_here(
    store: &Arc<dyn BlockStore>,
    hold: Option<&Hold>,
    cid: &Cid,
) -> Result<bool, BlockError> {
    match hold {
        Some(hold) => hold.touch(cid.hash()).await,
        None => store.has(cid.hash()).await,
    }
}

impl Driver {
    async fn run(mut self) {
        let _closing = CloseOnDrop(Arc::clone(&self.shared));
        loop {
            self.send_wants().await;
            let deadline = self.idle.and_then(|idle| self.shared.deadline(idle));
            let expired = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let event = tokio::select! {
                biased;
                Some(event) = self.batches.next() => event,
                () = self.shared.new_want() => continue,
                () = expired => {
                    self.shared.expire(self.idle.unwrap_or_default());
                    continue;
                }
            };
            self.take(event).await;
        }
    }

    /// Asks for what waits, as far as the bound of wants in flight lets it.
    async fn send_wants(&mut self) {
        let (store, hold) = (Arc::clone(&self.store), self.hold.clone());
        loop {
            let (abort, registration) = AbortHandle::new_pair();
            let Some((id, cids)) = self.shared.next_batch(BATCH, abort) else {
                return;
            };
            let mut absent = Vec::with_capacity(cids.len());
            let here = join_all(cids.iter().map(|cid| is_here(&store, hold.as_ref(), cid))).await;
            for (cid, here) in cids.into_iter().zip(here) {
                match here {
                    Ok(true) => self.shared.finish(id, &cid, &Ok(None)),
                    Ok(false) | Err(BlockError::Damaged { .. }) => absent.push(cid),
                    Err(error) => self.shared.finish(id, &cid, &Err(error.into())),
                }
            }
            if absent.is_empty() {
                continue;
            }
            let wants: Wants = self.session.want(absent);
            let events = Abortable::new(wants, registration)
                .map(move |answer| (id, Some(answer)))
                .chain(futures_util::stream::once(std::future::ready((id, None))));
            self.batches.push(events.boxed());
        }
    }

    /// Takes an answer, and those that are there already; stores what came, then tells who waits.
    async fn take(&mut self, event: Event) {
        let mut blocks = Vec::new();
        let mut next = Some(event);
        let mut taken = 0;
        while let Some((id, answer)) = next.take() {
            match answer {
                Some(Ok(Arrival::Block(block))) if self.shared.is_requested(id, block.cid()) => {
                    blocks.push((id, block.into_block()));
                }
                Some(Ok(Arrival::Missing(cid))) => {
                    let outcome = Err(FetchError::NotFound { cid: cid.clone() });
                    self.shared.finish(id, &cid, &outcome);
                }
                // Nobody asked for it, or another answer came first.
                Some(Ok(_)) => tracing::debug!("a block that was not wanted was dropped"),
                Some(Err(error)) => {
                    self.store(std::mem::take(&mut blocks)).await;
                    self.shared.end(id, Some(&error));
                }
                None => {
                    self.store(std::mem::take(&mut blocks)).await;
                    self.shared.end(id, None);
                }
            }
            taken += 1;
            if taken < TOGETHER {
                next = self.batches.next().now_or_never().flatten();
            }
        }
        self.store(blocks).await;
    }

    async fn store(&mut self, blocks: Vec<(u64, cairn_primitives::Block)>) {
        if blocks.is_empty() {
            return;
        }
        let hold = self.hold.clone().unwrap_or_else(|| self.store.hold());
        let written = blocks.iter().map(|(_, block)| block.clone()).collect();
        let written = self.store.write(&hold, written).await;
        for (id, block) in blocks {
            let outcome: WantResult = match &written {
                Ok(()) => Ok(Some(block.data)),
                Err(error) => Err(error.clone().into()),
            };
            self.shared.finish(id, &block.cid, &outcome);
        }
    }
}
