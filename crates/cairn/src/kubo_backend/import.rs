//! Adding content to Kubo.
//!
//! Content is imported into the store of this node, with the same code and therefore the same CIDs as without Kubo, and sent
//! to Kubo as a CAR when it is pinned. The blocks that remain here are unpinned; the next collection removes them.

use std::sync::Arc;

use bytes::Bytes;
use cairn_client::upload::Source;
use cairn_dag::import::{Added, ImportOptions};
use cairn_primitives::{Block, Cid};
use cairn_services::backend::import::{
    CarOptions, Content, Entries, Import, Imported, ImportedCar, Keep,
};
use cairn_services::backend::{BackendError, BackendResult, PinOptions};
use cairn_store::exchange::VerifiedBlock;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::{KuboBackend, failed};

/// The largest block that is read from Kubo.
const MAX_BLOCK: usize = 4 << 20;

impl KuboBackend {
    /// Sends a DAG that is here to Kubo.
    async fn send(&self, root: &Cid) -> Result<(), BackendError> {
        let archive = self.staging.archive(root);
        let archive = archive.map(|bytes| bytes.map_err(std::io::Error::other));
        let call = self.kubo.dag().import(Source::stream(archive));
        // The pin follows: until then a collection of Kubo may remove the blocks, and the pin fails.
        let sent = call.pin_roots(false).no_timeout().await;
        sent.map(drop)
            .map_err(|error| failed("send content to Kubo", error))
    }

    async fn pin_sent(&self, root: &Cid, name: &str) -> Result<(), BackendError> {
        let cid = root.to_v1();
        self.send(&cid).await?;
        let options = PinOptions {
            name: name.to_owned(),
            stall: Some(super::PROBE),
            ..PinOptions::default()
        };
        self.pin_and_measure(&cid, options).await.map(drop)
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
        let mut missing = self.staging_import()?.missing(from, limit).await?;
        loop {
            // What came earlier may be in Kubo alone by now.
            let mut found = Vec::new();
            for cid in &missing {
                let Some(bytes) = self.block_of_kubo(cid).await? else {
                    continue;
                };
                let block = VerifiedBlock::new(cid.clone(), bytes);
                let block = block.map_err(|error| BackendError::Failed {
                    action: "read a block of Kubo",
                    source: Arc::new(error),
                })?;
                found.push(block.into_block());
            }
            if found.is_empty() {
                return Ok(missing);
            }
            let _keep = self.staging_import()?.put_blocks(found).await?;
            missing = self.staging_import()?.missing(&missing, limit).await?;
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
