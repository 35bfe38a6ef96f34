//! Adding content to this node.

use std::sync::Arc;

use bytes::Bytes;
use cairn_dag::import::{Added, CarImport, FileMeta, ImportError, ImportOptions, Importer, Tree};
use cairn_dag::pin::Below;
use cairn_primitives::{Block, ByteString, Cid};
use cairn_store::{BlockError, Hold};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::super::import::{
    CarOptions, Content, Entries, Entry, Import, Imported, ImportedCar, Keep,
};
use super::super::{BackendError, BackendResult, DagSize, PinOptions};
use super::{Embedded, truncated};

impl Embedded {
    async fn import_entries(
        &self,
        options: ImportOptions,
        mut entries: Entries<'_>,
        events: mpsc::Sender<Added>,
    ) -> Result<Imported, BackendError> {
        let options = ImportOptions {
            // The caller pins, under a lock.
            pin: Some(false),
            pin_name: None,
            ..options
        };
        let importer = Importer::new(Arc::clone(self.node.store()), options)?;
        let mut tree = Tree::new(importer, events);
        let mut next = entries.next().await;
        while let Some(entry) = next.take() {
            match entry.map_err(BackendError::Source)? {
                Entry::Directory { path, meta } => tree.directory(path, meta).await?,
                Entry::Symlink { path, target, meta } => tree.symlink(path, target, meta).await?,
                Entry::File { path, meta } => {
                    next = file(&mut tree, path, meta, &mut entries).await?;
                    continue;
                }
                Entry::Data(_) => {
                    return Err(BackendError::Invalid(
                        "bytes that belong to no file".to_owned(),
                    ));
                }
            }
            next = entries.next().await;
        }
        let imported = tree.finish().await?;
        Ok(Imported {
            roots: imported.roots,
            keep: imported.hold.map(Keep::new).unwrap_or_default(),
        })
    }

    async fn import_archive(
        &self,
        options: CarOptions,
        mut archive: Content<'_>,
    ) -> Result<ImportedCar, BackendError> {
        let mut import = CarImport::new(Arc::clone(self.node.store()), options.allow_big_block);
        if options.list > 0 {
            import = import.with_list(options.list);
        }
        while let Some(bytes) = archive.next().await {
            import.write(bytes.map_err(BackendError::Source)?).await?;
        }
        import.end_archive().await?;
        let mut imported = import.finish().await?;
        let is_whole = matches!(imported.roots.as_slice(), [root] if imported.is_whole(root));
        let list = imported.listed.take();
        Ok(ImportedCar {
            blocks: imported.blocks,
            bytes: imported.bytes,
            is_whole,
            list,
            keep: imported.hold.map(Keep::new).unwrap_or_default(),
            roots: imported.roots,
        })
    }
}

/// Imports a file; returns the entry after it.
async fn file(
    tree: &mut Tree,
    path: ByteString,
    meta: FileMeta,
    entries: &mut Entries<'_>,
) -> Result<Option<Result<Entry, super::super::import::SourceError>>, BackendError> {
    let mut file = tree.file(path, meta).await?;
    loop {
        match entries.next().await {
            Some(Ok(Entry::Data(bytes))) => file.write(bytes).await?,
            // A file that was cut off is not a file.
            Some(Err(error)) => return Err(BackendError::Source(error)),
            next => {
                file.finish().await?;
                return Ok(next);
            }
        }
    }
}

impl Import for Embedded {
    fn is_embedded(&self) -> bool {
        true
    }

    fn import<'a>(
        &'a self,
        options: ImportOptions,
        entries: Entries<'a>,
        events: mpsc::Sender<Added>,
    ) -> BackendResult<'a, Imported> {
        Box::pin(self.import_entries(options, entries, events))
    }

    fn import_car<'a>(
        &'a self,
        options: CarOptions,
        archive: Content<'a>,
    ) -> BackendResult<'a, ImportedCar> {
        Box::pin(self.import_archive(options, archive))
    }

    fn put_blocks<'a>(&'a self, blocks: Vec<Block>) -> BackendResult<'a, Keep> {
        Box::pin(async move {
            let store = self.node.store();
            let hold = store.hold();
            store
                .write(&hold, blocks)
                .await
                .map_err(ImportError::Store)?;
            store.sync().await.map_err(ImportError::Store)?;
            Ok(Keep::new(hold))
        })
    }

    fn pin_imported<'a>(
        &'a self,
        root: &'a Cid,
        name: &'a str,
        keep: &'a [&'a Keep],
    ) -> BackendResult<'a, ()> {
        Box::pin(async move {
            let hold = keep.iter().find_map(|keep| keep.guard::<Hold>());
            let hold = hold.ok_or_else(|| {
                BackendError::Invalid("the blocks were not imported by this node".to_owned())
            })?;
            self.pins
                .add_written(hold, &[root.to_v1()], truncated(name), Below::Held)
                .await
                .map_err(|error| BackendError::failed("pin", error))
        })
    }

    fn pin_completed<'a>(
        &'a self,
        root: &'a Cid,
        options: PinOptions,
        _: Option<&'a ImportedCar>,
    ) -> BackendResult<'a, DagSize> {
        Box::pin(self.pin_and_measure(root, options))
    }

    fn block<'a>(&'a self, cid: &'a Cid) -> BackendResult<'a, Option<Bytes>> {
        Box::pin(async move {
            let found = self.node.store().get(cid.hash()).await;
            found.map_err(|error| BackendError::failed("read a block", error))
        })
    }

    fn missing<'a>(&'a self, from: &'a [Cid], limit: usize) -> BackendResult<'a, Vec<Cid>> {
        Box::pin(async move {
            match cairn_dag::missing(&**self.node.store(), from, limit).await {
                Ok(missing) => Ok(missing.cids),
                Err(cairn_dag::NodeError::Fetch(cairn_dag::FetchError::Store(
                    BlockError::Undecodable { cid, source },
                ))) => Err(BackendError::Invalid(format!(
                    "the links of {cid} cannot be read: {source}"
                ))),
                Err(error) => Err(BackendError::failed("read the DAG", error)),
            }
        })
    }
}
