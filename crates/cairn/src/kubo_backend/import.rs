//! Adding content to Kubo.
//!
//! Content is imported into the store of this node, with the same code and therefore the same CIDs as without Kubo, and sent
//! to Kubo as a CAR when it is pinned. The blocks that remain here are unpinned; the next collection removes them.

use std::sync::Arc;

use bytes::Bytes;
use cairn_client::Error;
use cairn_client::upload::Source;
use cairn_dag::import::{Added, ImportOptions};
use cairn_primitives::{Block, Cid};
use cairn_services::backend::import::{
    CarOptions, Content, Entries, Import, Imported, ImportedCar, Keep,
};
use cairn_services::backend::{BackendError, BackendResult, DagSize, PinOptions};
use cairn_store::exchange::VerifiedBlock;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc;

use super::{KuboBackend, failed};

/// The largest block that is read from Kubo.
const MAX_BLOCK: usize = 4 << 20;

/// Blocks that Kubo is asked for at once.
const AT_ONCE: usize = 8;

/// Blocks of Kubo that are held in memory until they are written.
const BATCH: usize = 32;

fn not_sent(error: Error) -> BackendError {
    failed("send content to Kubo", error)
}

impl KuboBackend {
    /// Sends a CAR to Kubo.
    async fn send(&self, archive: Content<'static>) -> Result<(), Error> {
        let archive = archive.map(|bytes| bytes.map_err(std::io::Error::other));
        let call = self.kubo.dag().import(Source::stream(archive));
        // The pin follows: until then a collection of Kubo may remove the blocks, and the pin fails.
        call.pin_roots(false).no_timeout().await.map(drop)
    }

    async fn pin_sent(&self, root: &Cid, name: &str) -> Result<(), BackendError> {
        let cid = root.to_v1();
        let archive = self.staging.archive(&cid);
        self.send(archive).await.map_err(not_sent)?;
        let options = PinOptions {
            name: name.to_owned(),
            stall: Some(super::PROBE),
            ..PinOptions::default()
        };
        self.pin_and_measure(&cid, options).await.map(drop)
    }

    /// Pins a DAG of which Kubo has all but the blocks of the last import.
    async fn pin_last(
        &self,
        root: &Cid,
        options: PinOptions,
        last: Option<&ImportedCar>,
    ) -> Result<DagSize, BackendError> {
        let cid = root.to_v1();
        if let Some(last) = last {
            let archive = match &last.list {
                Some(list) => self.staging.archive_of(&cid, list),
                // It has too many blocks to be listed.
                None => self.staging.archive(&cid),
            };
            self.send(archive).await.map_err(not_sent)?;
        }
        let pinned = self.pin_and_measure(&cid, options.clone()).await;
        let Err(absent @ (BackendError::NotFound { .. } | BackendError::Stalled { .. })) = pinned
        else {
            return pinned;
        };
        // What was stored here earlier, and pinned by nobody, may be gone from Kubo.
        match self.send(self.staging.archive(&cid)).await {
            Ok(()) => self.pin_and_measure(&cid, options).await,
            Err(Error::Upload(_)) => Err(absent),
            Err(error) => Err(not_sent(error)),
        }
    }

    /// A block of Kubo's own store.
    async fn block_of_kubo(&self, cid: &Cid) -> Result<Option<Bytes>, BackendError> {
        let found = self.kubo.blocks().get(cid).offline(true).to_vec(MAX_BLOCK);
        match found.await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind().is_response() => Ok(None),
            Err(error) => Err(failed("read a block of Kubo", error)),
        }
    }

    async fn find_missing(&self, from: &[Cid], limit: usize) -> Result<Vec<Cid>, BackendError> {
        let staging = self.staging_import()?;
        let mut from = from.to_vec();
        let mut missing = staging.missing(&from, limit).await?;
        let mut kept = Vec::new();
        while !missing.is_empty() {
            // What came earlier may be in Kubo alone by now. The first block that it lacks decides: others are asked for when
            // that one has come.
            let mut lacks = false;
            for some in missing.chunks(BATCH) {
                let asked = stream::iter(some.to_vec());
                let answers = asked.map(|cid| self.verified_of_kubo(cid));
                let answers: Vec<_> = answers.buffered(AT_ONCE).try_collect().await?;
                let count = answers.len();
                let found: Vec<Block> = answers.into_iter().flatten().collect();
                lacks = found.len() < count;
                if !found.is_empty() {
                    kept.push(staging.put_blocks(found).await?);
                }
                if lacks {
                    break;
                }
            }
            // A walk that was cut off has not seen what comes after: it begins anew.
            if missing.len() < limit {
                from = missing;
            }
            missing = staging.missing(&from, limit).await?;
            if lacks {
                break;
            }
        }
        Ok(missing)
    }

    async fn verified_of_kubo(&self, cid: Cid) -> Result<Option<Block>, BackendError> {
        let Some(bytes) = self.block_of_kubo(&cid).await? else {
            return Ok(None);
        };
        match VerifiedBlock::new(cid, bytes) {
            Ok(block) => Ok(Some(block.into_block())),
            Err(error) => Err(BackendError::Failed {
                action: "read a block of Kubo",
                source: Arc::new(error),
            }),
        }
    }

    fn staging_import(&self) -> Result<&dyn Import, BackendError> {
        use cairn_services::backend::Backend as _;
        self.staging
            .importer()
            .ok_or_else(|| BackendError::Invalid("this node takes no content".to_owned()))
    }
}

impl Import for KuboBackend {
    fn import<'a>(
        &'a self,
        options: ImportOptions,
        entries: Entries<'a>,
        events: mpsc::Sender<Added>,
    ) -> BackendResult<'a, Imported> {
        Box::pin(async move {
            self.staging_import()?
                .import(options, entries, events)
                .await
        })
    }

    fn import_car<'a>(
        &'a self,
        options: CarOptions,
        archive: Content<'a>,
    ) -> BackendResult<'a, ImportedCar> {
        Box::pin(async move { self.staging_import()?.import_car(options, archive).await })
    }

    fn put_blocks<'a>(&'a self, blocks: Vec<Block>) -> BackendResult<'a, Keep> {
        Box::pin(async move { self.staging_import()?.put_blocks(blocks).await })
    }

    fn pin_imported<'a>(
        &'a self,
        root: &'a Cid,
        name: &'a str,
        keep: &'a [&'a Keep],
    ) -> BackendResult<'a, ()> {
        Box::pin(async move {
            self.pin_sent(root, name).await?;
            // Until here the blocks had to stay.
            let _ = keep;
            Ok(())
        })
    }

    fn pin_completed<'a>(
        &'a self,
        root: &'a Cid,
        options: PinOptions,
        last: Option<&'a ImportedCar>,
    ) -> BackendResult<'a, DagSize> {
        Box::pin(self.pin_last(root, options, last))
    }

    fn block<'a>(&'a self, cid: &'a Cid) -> BackendResult<'a, Option<Bytes>> {
        Box::pin(async move {
            match self.staging_import()?.block(cid).await? {
                Some(bytes) => Ok(Some(bytes)),
                None => self.block_of_kubo(cid).await,
            }
        })
    }

    fn missing<'a>(&'a self, from: &'a [Cid], limit: usize) -> BackendResult<'a, Vec<Cid>> {
        Box::pin(self.find_missing(from, limit))
    }
}
