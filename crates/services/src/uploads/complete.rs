//! Completes uploads whose parts have all arrived.

use std::time::Duration;

use cairn_primitives::{Cid, Multihash};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::{UploadError, Uploads};
use crate::backend::import::ImportedCar;
use crate::backend::{BackendError, PinOptions};

/// Missing blocks of one upload that are remembered. If there are more, the next check looks for them again.
const MAX_MISSING: usize = 4_096;

/// Uploads whose missing blocks are remembered: about 30 MB. At the bound the one that was checked the longest ago is
/// forgotten, and its next part is checked from the root.
const MAX_UPLOADS: usize = 64;

/// How long the completion of an upload waits for a block that another peer has.
const STALL: Duration = Duration::from_secs(20);

/// Interval of the checks of incomplete uploads.
const INTERVAL: Duration = Duration::from_secs(600);

/// Pause after a failure of the database.
const RETRY: Duration = Duration::from_secs(30);

/// Uploads that one query returns.
const PAGE: usize = 100;

/// The missing blocks of incomplete uploads: where the next check continues. The latest is last.
#[derive(Debug, Default)]
pub(super) struct Frontiers(Mutex<Vec<(Multihash, Vec<Cid>)>>);

impl Frontiers {
    fn take(&self, root: &Cid) -> Option<Vec<Cid>> {
        let mut frontiers = self.0.lock();
        let at = frontiers.iter().position(|(key, _)| key == root.hash())?;
        Some(frontiers.remove(at).1)
    }

    fn put(&self, root: &Cid, missing: Vec<Cid>) {
        let mut frontiers = self.0.lock();
        frontiers.retain(|(key, _)| key != root.hash());
        if frontiers.len() >= MAX_UPLOADS {
            frontiers.remove(0);
        }
        frontiers.push((root.hash().clone(), missing));
    }
}

impl Uploads {
    /// Pins a root if its DAG is complete, with the part that was imported last; returns the bytes of its blocks. The caller
    /// holds its lock.
    ///
    /// Only what was missing before is looked at, so that an upload of many parts is walked about twice in all.
    pub(super) async fn complete_root(
        &self,
        root: &Cid,
        name: &str,
        last: Option<&ImportedCar>,
    ) -> Result<Option<u64>, UploadError> {
        let backend = self.importer()?;
        let from = self.frontiers.take(root);
        let from = from.unwrap_or_else(|| vec![root.clone()]);
        let missing = backend.missing(&from, MAX_MISSING).await?;
        if !missing.is_empty() {
            if missing.len() < MAX_MISSING {
                self.frontiers.put(root, missing);
            }
            return Ok(None);
        }
        self.pin_complete(root, name, last).await
    }

    async fn pin_complete(
        &self,
        root: &Cid,
        name: &str,
        last: Option<&ImportedCar>,
    ) -> Result<Option<u64>, UploadError> {
        let options = PinOptions {
            name: name.to_owned(),
            stall: Some(STALL),
            ..PinOptions::default()
        };
        match self.importer()?.pin_completed(root, options, last).await {
            Ok(size) => Ok(Some(size.blocks)),
            // What was seen before and not pinned may have been collected.
            Err(BackendError::NotFound { .. } | BackendError::Stalled { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Completes uploads until it is stopped: those whose last part was stored just before this process ended, and those
    /// whose parts arrived at several peers.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            let pause = match stop.run_until_cancelled(self.complete_all()).await {
                None => return,
                Some(Ok(())) => INTERVAL,
                Some(Err(error)) => {
                    tracing::debug!(%error, "cannot check incomplete uploads");
                    RETRY
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn complete_all(&self) -> Result<(), UploadError> {
        let mut after = 0;
        loop {
            let rows = self.context.rows();
            let page = rows
                .partial_uploads(self.context.peer(), after, PAGE)
                .await?;
            for upload in &page {
                after = upload.id;
                let completed = self.complete_one(&upload.cid, upload.is_spread).await;
                if let Err(error) = completed {
                    tracing::warn!(cid = %upload.cid, %error, "cannot complete an upload");
                }
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }

    async fn complete_one(&self, root: &Cid, is_spread: bool) -> Result<(), UploadError> {
        let _lock = self.context.lock(root).await;
        let completed = match self.complete_root(root, "", None).await? {
            None if is_spread => self.pin_complete(root, "", None).await?,
            completed => completed,
        };
        if let Some(bytes) = completed {
            let rows = self.context.rows();
            let peer = self.context.peer();
            if rows.complete_uploads(peer, root, bytes).await? == 0 {
                // It was removed meanwhile.
                rows.add_release(peer, root).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cairn_primitives::Codec;

    use super::*;

    #[test]
    fn frontiers_are_bounded() {
        let cid = |at: usize| Cid::v1(Codec::RAW, Multihash::sha2_256(&at.to_le_bytes()));
        let frontiers = Frontiers::default();
        for at in 0..=MAX_UPLOADS {
            frontiers.put(&cid(at), vec![cid(at + 1)]);
        }
        assert_eq!(frontiers.take(&cid(0)), None);
        assert_eq!(frontiers.take(&cid(1)), Some(vec![cid(2)]));
        assert_eq!(frontiers.take(&cid(1)), None);
        frontiers.put(&cid(2), Vec::new());
        assert_eq!(frontiers.take(&cid(2)), Some(Vec::new()));
        assert_eq!(frontiers.0.lock().len(), MAX_UPLOADS - 2);
    }
}
