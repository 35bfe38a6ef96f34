//! Automatic garbage collection by the size of the store.
//!
//! As in Kubo: every `Datastore.GCPeriod` the disk usage of the store is compared with `Datastore.StorageGCWatermark`
//! percent of `Datastore.StorageMax`, and a collection runs if it is larger. `StorageMax` does not refuse anything:
//! if the pins alone are larger, that is logged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_dag::gc::{CollectError, CollectionTask, ExtraRoots};
use cairn_store::BlockStore;
use cairn_store::block::{BlockError, Collected};
use cairn_store::meta::Rows;
use tokio_util::sync::CancellationToken;

use crate::config::{ConfigError, ConfigFile};
use crate::metrics::Metrics;

/// Collects when the store has grown too large.
pub struct AutoCollect {
    store: Arc<dyn BlockStore>,
    rows: Arc<dyn Rows>,
    roots: Arc<ExtraRoots>,
    config: Arc<ConfigFile>,
    metrics: Arc<Metrics>,
}

impl std::fmt::Debug for AutoCollect {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("AutoCollect")
            .field("store", &self.store.id())
            .finish_non_exhaustive()
    }
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The store is small enough.
    Small,
    /// A collection.
    Collected(Collected),
    /// A collection that was stopped by the shutdown.
    Stopped,
}

/// Why an automatic collection failed. The next one is tried after the usual time.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AutoCollectError {
    /// The configuration has become invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store's size cannot be determined.
    #[error(transparent)]
    Store(#[from] BlockError),
    /// The collection failed.
    #[error(transparent)]
    Collect(#[from] CollectError),
}

impl AutoCollect {
    /// Creates it. The configuration is read again at each check.
    #[must_use]
    pub fn new(
        store: Arc<dyn BlockStore>,
        rows: Arc<dyn Rows>,
        roots: Arc<ExtraRoots>,
        config: Arc<ConfigFile>,
    ) -> Self {
        Self {
            store,
            rows,
            roots,
            config,
            metrics: Arc::default(),
        }
    }

    /// Counts its collections in these metrics.
    #[must_use]
    pub fn with_metrics(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Checks every `Datastore.GCPeriod` until `stop`; returns at once if that is zero.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let period = match self.config.config().datastore.gc_interval() {
                Ok(period) => period.to_std(),
                Err(error) => {
                    tracing::error!(%error, "automatic collection stops");
                    return;
                }
            };
            if period.is_zero() {
                tracing::info!("Datastore.GCPeriod is zero: there is no automatic collection");
                return;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(period) => {}
            }
            match self.check(&stop).await {
                Ok(CheckOutcome::Small) => {}
                Ok(CheckOutcome::Collected(done)) => {
                    tracing::info!(
                        blocks = done.blocks,
                        bytes = done.bytes,
                        disk_bytes = done.disk_bytes,
                        missing = done.missing,
                        "collected"
                    );
                }
                Ok(CheckOutcome::Stopped) => return,
                Err(error) => {
                    let cause: &dyn std::error::Error = &error;
                    tracing::error!(error = cause, "the automatic collection failed");
                }
            }
        }
    }

    /// Checks once, and collects if the store is larger than the watermark. On `stop`, a running collection ends
    /// between batches.
    ///
    /// # Errors
    /// See [`AutoCollectError`].
    pub async fn check(&self, stop: &CancellationToken) -> Result<CheckOutcome, AutoCollectError> {
        let datastore = self.config.config().datastore.clone();
        let (threshold, max) = (datastore.gc_threshold()?, datastore.max_bytes()?);
        let size = self.disk_bytes().await?;
        if size <= threshold {
            return Ok(CheckOutcome::Small);
        }
        tracing::info!(
            size,
            threshold,
            "the store is larger than its watermark: collecting"
        );
        let cancelled = Arc::new(AtomicBool::new(false));
        let running = CollectionTask::start(
            Arc::clone(&self.store),
            Arc::clone(&self.rows),
            Arc::clone(&self.roots),
            Arc::clone(&cancelled),
        );
        let metrics = Arc::clone(&self.metrics);
        let running = running.observed(move |outcome| metrics.collected(outcome));
        let finish = running.finish();
        tokio::pin!(finish);
        let done = tokio::select! {
            done = &mut finish => done,
            () = stop.cancelled() => {
                cancelled.store(true, Ordering::Relaxed);
                finish.await
            }
        };
        let done = match done {
            Err(CollectError::Store(BlockError::Cancelled)) => return Ok(CheckOutcome::Stopped),
            done => done?,
        };
        if self.disk_bytes().await? > max {
            tracing::warn!(
                size,
                max,
                "what is pinned is larger than Datastore.StorageMax: unpin, or raise it; nothing is refused meanwhile"
            );
        }
        Ok(CheckOutcome::Collected(done))
    }

    async fn disk_bytes(&self) -> Result<u64, AutoCollectError> {
        let store = Arc::clone(&self.store);
        // May read files.
        let stat = tokio::task::spawn_blocking(move || store.stat())
            .await
            .map_err(|_| CollectError::Interrupted)?;
        Ok(stat?.disk_bytes)
    }
}
