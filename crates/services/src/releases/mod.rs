//! Unpins content that no row wants any more.
//!
//! A transaction that removes the last use of something in its group adds a release. The task here asks all groups, unpins
//! in the backend what none of them wants, and finishes the release: the shared row goes before the pin. What a crash or a lost
//! backend leaves between rows and pins is found by [`reconcile`].

mod reconcile;

use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::{Cid, with_causes};
use cairn_store::shared::{Release, SharedError, SharedRows};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio_util::sync::CancellationToken;

use crate::backend::BackendError;
use crate::context::Context;

pub(crate) use self::reconcile::run as reconcile;
pub use self::reconcile::{ReconcileError, Reconciler, Repaired};

/// Interval of looking for releases.
const POLL: Duration = Duration::from_secs(1);

/// Interval after a failure, for instance of a database that is away.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Releases that are read at once. Those that wait for a pin of the same CID to be made come again.
const BATCH: usize = 1_000;

/// Releases that are worked on at once: their removals share the syncs of the backend.
const AT_ONCE: usize = 16;

/// Why a release failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The database failed.
    #[error("the shared rows failed")]
    Rows(#[from] SharedError),
    /// The backend failed.
    #[error("the backend failed")]
    Backend(#[from] BackendError),
}

/// Works on releases until it is stopped.
pub(crate) async fn run(context: Arc<Context>, stop: CancellationToken) {
    let mut wait = Duration::ZERO;
    loop {
        let stopped = stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        if stopped.is_none() {
            return;
        }
        let Some(passed) = stop.run_until_cancelled(pass(&context)).await else {
            return;
        };
        wait = match passed {
            Ok(done) if done >= BATCH => Duration::ZERO,
            Ok(_) => POLL,
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "cannot release content; trying again"
                );
                AFTER_FAILURE
            }
        };
    }
}

/// Works on the waiting releases once; the number of those that are finished. One failure does not keep the others.
///
/// # Errors
/// The last failure.
pub async fn pass(context: &Context) -> Result<usize, ReleaseError> {
    let releases = context.rows().releases(context.peer(), BATCH).await?;
    let mut outcomes = stream::iter(releases)
        .map(|release| async move { release_one(context, &release).await })
        .buffer_unordered(AT_ONCE);
    let (mut done, mut failed) = (0, None);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(finished) => done += usize::from(finished),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(done),
    }
}

/// Whether the release is finished. It is not while a pin of the same CID is made.
async fn release_one(context: &Context, release: &Release) -> Result<bool, ReleaseError> {
    let Some(_lock) = context.try_lock(&release.cid) else {
        return Ok(false);
    };
    if !is_wanted(&**context.rows(), context.peer(), &release.cid).await? {
        let was_pinned = context.backend().unpin(&release.cid).await?;
        tracing::debug!(cid = %release.cid, was_pinned, "released");
    }
    Ok(context.rows().finish_release(release.id).await?)
}

/// Whether a row of any group wants a CID to be pinned at a peer.
async fn is_wanted(rows: &dyn SharedRows, peer: &str, cid: &Cid) -> Result<bool, SharedError> {
    Ok(is_requested(rows, peer, cid).await? || rows.cluster_wants(peer, cid).await?)
}

/// Whether a pin request or an upload wants a CID to be pinned at a peer, with all of its DAG.
pub(crate) async fn is_requested(
    rows: &dyn SharedRows,
    peer: &str,
    cid: &Cid,
) -> Result<bool, SharedError> {
    Ok(rows.wants_pin(peer, cid).await? || rows.wants_upload(peer, cid).await?)
}
