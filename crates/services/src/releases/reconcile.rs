//! Compares the pins in the backend with the rows, and repairs the difference.
//!
//! A pin that no row wants is removed, after it was unwanted twice with [`GRACE`] between: an upload pins before its row is
//! written. A pin that is here by its row, and not in the backend, is queued again. Nothing is removed
//! when the database fails midway, or is not the one that the pins belong to: an empty one wants none of them.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use cairn_node::RepoError;
use cairn_primitives::{Cid, with_causes};
use cairn_store::shared::{MAX_PAGE, SharedError};
use futures_util::StreamExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{ReleaseError, is_wanted};
use crate::backend::{BackendError, BackendPin};
use crate::context::Context;
use crate::locks::CidLock;

/// When it first compares.
const FIRST: Duration = Duration::from_secs(30);

/// Interval of comparisons.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// How long a pin stays unwanted before it is removed.
const GRACE: Duration = Duration::from_secs(600);

/// Interval after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Unwanted pins that are remembered until they are removed; further ones are found later.
const MAX_SUSPECTS: usize = 100_000;

/// Questions to the database at once, so that users do not notice them.
const AT_ONCE: usize = 4;

/// Why a comparison failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// The database or the backend failed.
    #[error("cannot compare the pins with the shared rows")]
    Release(#[from] ReleaseError),
    /// The repository failed.
    #[error("cannot remember the database")]
    Repository(#[from] RepoError),
    /// The database is not the one that the pins belong to.
    #[error(
        "the pins of the services belong to another database ({expected}) than that of `Database.URL` ({found}): none is released. Correct          `Database.URL`, or remove the file `database` in the repository if the other one is given up"
    )]
    OtherDatabase {
        /// The id of the database of the pins.
        expected: String,
        /// The id of the database that was opened.
        found: String,
    },
}

impl From<SharedError> for ReconcileError {
    fn from(error: SharedError) -> Self {
        Self::Release(error.into())
    }
}

impl From<BackendError> for ReconcileError {
    fn from(error: BackendError) -> Self {
        Self::Release(error.into())
    }
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// Pins that were removed.
    pub unpinned: u64,
    /// Pin requests and pins of the cluster that were queued again.
    pub queued: u64,
    /// Pins that are unwanted, and removed if they still are after the grace.
    pub suspects: usize,
}

/// Compares now and then until it is stopped.
pub(crate) async fn run(context: Arc<Context>, stop: CancellationToken) {
    let mut reconciler = Reconciler::new(context);
    let mut wait = FIRST;
    loop {
        let stopped = stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        if stopped.is_none() {
            return;
        }
        let Some(compared) = stop.run_until_cancelled(reconciler.compare()).await else {
            return;
        };
        wait = match compared {
            Ok(repaired) => {
                if repaired != Repaired::default() {
                    tracing::info!(
                        unpinned = repaired.unpinned,
                        queued = repaired.queued,
                        suspects = repaired.suspects,
                        "repaired differences between pins and shared rows"
                    );
                }
                if repaired.suspects > 0 {
                    GRACE
                } else {
                    INTERVAL
                }
            }
            Err(error @ ReconcileError::OtherDatabase { .. }) => {
                tracing::error!("{error}");
                INTERVAL
            }
            Err(error) => {
                tracing::warn!(error = with_causes(&error), "trying again");
                AFTER_FAILURE
            }
        };
    }
}

/// A set of CIDs of any version, with eight bytes for each. Two that have the same hash hide a difference, until the next
/// comparison hashes otherwise.
#[derive(Debug, Default)]
struct Hashes {
    state: RandomState,
    hashes: HashSet<u64>,
}

impl Hashes {
    fn insert(&mut self, cid: &Cid) {
        self.hashes.insert(self.state.hash_one(cid.to_v1()));
    }

    fn extend(&mut self, cids: &[Cid]) {
        for cid in cids {
            self.insert(cid);
        }
    }

    fn contains(&self, cid: &Cid) -> bool {
        self.hashes.contains(&self.state.hash_one(cid.to_v1()))
    }
}

/// Compares, and remembers what was unwanted.
pub struct Reconciler {
    context: Arc<Context>,
    /// Unwanted pins, and since when.
    suspects: HashMap<Cid, Instant>,
    grace: Duration,
}

impl std::fmt::Debug for Reconciler {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Reconciler")
            .field("suspects", &self.suspects.len())
            .finish_non_exhaustive()
    }
}

impl Reconciler {
    /// One that knows no unwanted pin yet.
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            suspects: HashMap::new(),
            grace: GRACE,
        }
    }

    /// The same with another grace.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Compares once.
    ///
    /// # Errors
    /// See [`ReconcileError`]; nothing that the database was not asked about was removed then.
    pub async fn compare(&mut self) -> Result<Repaired, ReconcileError> {
        self.check_database().await?;
        let mut rows = Hashes::default();
        let queued = self.queue_lost(&mut rows).await?;
        let unpinned = self.unpin_unwanted(&rows).await?;
        Ok(Repaired {
            unpinned,
            queued,
            suspects: self.suspects.len(),
        })
    }

    /// Refuses a database that is not the one of the pins.
    async fn check_database(&self) -> Result<(), ReconcileError> {
        let found = self.context.rows().identity().await?;
        let Some(node) = self.context.node() else {
            return Ok(());
        };
        match node.repo().database()? {
            Some(expected) if expected != found => {
                Err(ReconcileError::OtherDatabase { expected, found })
            }
            Some(_) => Ok(()),
            None => Ok(node.repo().set_database(&found)?),
        }
    }

    /// Queues what is pinned here by its row, and not in the backend. `wanted` gets what is pinned here by its row.
    async fn queue_lost(&self, wanted: &mut Hashes) -> Result<u64, ReconcileError> {
        let (rows, peer) = (self.context.rows(), self.context.peer());
        let mut pinned = Hashes::default();
        let mut pins = self.context.backend().pins();
        while let Some(pin) = pins.next().await {
            pinned.insert(&pin?.cid);
        }
        let mut queued = 0;
        let mut after = None;
        loop {
            let page = rows.pinned_at(peer, after.as_ref(), MAX_PAGE).await?;
            let Some(last) = page.last().cloned() else {
                break;
            };
            wanted.extend(&page);
            for cid in page.iter().filter(|cid| !pinned.contains(cid)) {
                if let Some(_lock) = self.lost(cid).await? {
                    queued += rows.requeue_pins(peer, cid).await?;
                }
            }
            after = Some(last);
        }
        after = None;
        loop {
            let page = rows.pinned_holdings(peer, after.as_ref(), MAX_PAGE).await?;
            let Some(last) = page.last().cloned() else {
                return Ok(queued);
            };
            wanted.extend(&page);
            for cid in page.iter().filter(|cid| !pinned.contains(cid)) {
                if let Some(_lock) = self.lost(cid).await? {
                    queued += u64::from(rows.requeue_lost(peer, cid).await?);
                }
            }
            after = Some(last);
        }
    }

    /// The lock of a CID that is not pinned in the backend. `None` if it is after all, or is being pinned.
    async fn lost(&self, cid: &Cid) -> Result<Option<CidLock>, ReconcileError> {
        let Some(lock) = self.context.try_lock(cid) else {
            return Ok(None);
        };
        if self.context.backend().is_pinned(cid).await? {
            return Ok(None);
        }
        tracing::warn!(%cid, "a pin of the services is lost; it is queued again");
        Ok(Some(lock))
    }

    /// Removes pins that have been unwanted for the grace. The database is not asked about those that are in `rows`.
    async fn unpin_unwanted(&mut self, rows: &Hashes) -> Result<u64, ReconcileError> {
        let context = Arc::clone(&self.context);
        let pins = context.backend().pins();
        let mut asked = pins
            .map(|pin| async {
                let BackendPin { cid, .. } = pin?;
                let wanted = rows.contains(&cid)
                    || is_wanted(&**context.rows(), context.peer(), &cid).await?;
                Ok::<_, ReleaseError>((cid, wanted))
            })
            .buffer_unordered(AT_ONCE);
        let now = Instant::now();
        let mut unwanted = HashMap::new();
        let mut due = Vec::new();
        while let Some(asked) = asked.next().await {
            let (cid, wanted) = asked?;
            if wanted || unwanted.len() >= MAX_SUSPECTS {
                continue;
            }
            let since = self.suspects.get(&cid).copied();
            if since.is_some_and(|since| now.duration_since(since) >= self.grace) {
                due.push(cid.clone());
            }
            unwanted.insert(cid, since.unwrap_or(now));
        }
        // Only now: the database has answered for all of them.
        let mut unpinned = 0;
        for cid in due {
            let Some(_lock) = context.try_lock(&cid) else {
                continue;
            };
            if !is_wanted(&**context.rows(), context.peer(), &cid).await? {
                unpinned += u64::from(context.backend().unpin(&cid).await?);
            }
            unwanted.remove(&cid);
        }
        self.suspects = unwanted;
        Ok(unpinned)
    }
}
