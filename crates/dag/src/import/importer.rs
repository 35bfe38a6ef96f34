//! Imports of files and links.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::unixfs::directory::DirectoryParams;
use cairn_primitives::unixfs::layout::LayoutParams;
use cairn_primitives::unixfs::{Built, symlink};
use cairn_store::block::Filestore;
use cairn_store::{BlockStore, Hold};

use super::ImportError;
use super::blocks::Batch;
use super::file::{FileImport, Source};
use super::format::DagFormat;
use super::options::{FileMeta, ImportOptions};
use super::workers::Workers;

/// Imports files and links into a store.
///
/// Takes its hold before anything else, so that a concurrent collection keeps the blocks that it writes or finds
/// present. Several files can be imported one after the other; one sync at the end makes all of them durable. If
/// dropped midway, it leaves blocks that nothing refers to.
#[derive(Debug)]
pub struct Importer {
    options: ImportOptions,
    format: DagFormat,
    pub(super) blocks: Batch,
    /// Asked for with the first file that is larger than a chunk.
    workers: Option<Arc<Workers>>,
}

impl Importer {
    /// Starts an import; takes the hold, unless nothing is stored.
    ///
    /// # Errors
    /// Those of [`ImportOptions::format`].
    pub fn new(store: Arc<dyn BlockStore>, options: ImportOptions) -> Result<Self, ImportError> {
        let format = options.format()?;
        let blocks = Batch::new(store, options.only_hash);
        Ok(Self {
            options,
            format,
            blocks,
            workers: None,
        })
    }

    /// Allows [`ImportOptions::nocopy`], which is refused without it, and gives [`ImportOptions::fscache`] something to look
    /// at. The importer's store must be this one.
    #[must_use]
    pub fn with_filestore(mut self, files: Arc<Filestore>) -> Self {
        self.blocks.with_filestore(files, self.options.fscache);
        self
    }

    /// The options of this import.
    #[must_use]
    pub fn options(&self) -> &ImportOptions {
        &self.options
    }

    /// The hold that protects the blocks of this import; `None` if nothing is stored.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        self.blocks.hold()
    }

    /// Starts a file. Write its bytes with [`File::write`].
    pub fn file(&mut self, meta: FileMeta) -> Result<File<'_>, ImportError> {
        let import = self.start(meta)?;
        Ok(File {
            importer: self,
            import,
        })
    }

    pub(super) fn start(&self, meta: FileMeta) -> Result<FileImport, ImportError> {
        if self.options.nocopy {
            self.allowed()?;
            return Err(ImportError::NoReference);
        }
        FileImport::new(self.layout(Some(meta)), &self.format.chunker, None)
    }

    /// Begins a file that may be referred to where it is, if the options say so.
    pub(super) fn start_from(
        &self,
        meta: FileMeta,
        source: &str,
    ) -> Result<FileImport, ImportError> {
        if !self.options.nocopy {
            return self.start(meta);
        }
        self.allowed()?;
        if source.is_empty() {
            return Err(ImportError::NoReference);
        }
        // References have no place for permissions and times.
        FileImport::new(
            self.layout(None),
            &self.format.chunker,
            Some(Source::new(source, self.blocks.accepts(source))),
        )
    }

    fn allowed(&self) -> Result<(), ImportError> {
        if self.blocks.has_filestore() {
            Ok(())
        } else {
            Err(ImportError::ReferencesOff)
        }
    }

    fn layout(&self, own: Option<FileMeta>) -> LayoutParams {
        let meta = own
            .map(|own| self.options.stored_meta(own))
            .unwrap_or_default();
        LayoutParams {
            shape: self.format.shape,
            max_links: self.format.max_file_links,
            mode: meta.permissions(),
            mtime: meta.mtime,
            ..LayoutParams::new(self.format.cid.clone(), self.format.has_raw_leaves())
        }
    }

    pub(super) fn directory(&self, stored: FileMeta) -> DirectoryParams {
        DirectoryParams {
            sharding: self.format.sharding.clone(),
            mode: stored.permissions(),
            mtime: stored.mtime,
            ..DirectoryParams::new(self.format.cid.clone())
        }
    }

    pub(super) fn workers(&mut self) -> Result<Arc<Workers>, ImportError> {
        if let Some(workers) = &self.workers {
            return Ok(Arc::clone(workers));
        }
        let workers = Workers::shared()?;
        self.workers = Some(Arc::clone(&workers));
        Ok(workers)
    }

    /// Adds a symbolic link; of its own permissions and time only the time is stored.
    pub async fn symlink(
        &mut self,
        target: impl AsRef<[u8]>,
        meta: FileMeta,
    ) -> Result<Built, ImportError> {
        let mtime = self.options.stored_meta(meta).mtime;
        let (block, built) = symlink::build(&self.format.cid, target.as_ref(), mtime)?;
        self.blocks.push(block);
        self.blocks.flush_if_full().await?;
        Ok(built)
    }

    /// Makes everything durable. The returned hold keeps the blocks until they are pinned; `None` if nothing was
    /// stored.
    pub async fn finish(self) -> Result<Option<Hold>, ImportError> {
        self.blocks.finish().await
    }
}

/// A file that is being received by an [`Importer`].
#[derive(Debug)]
pub struct File<'a> {
    importer: &'a mut Importer,
    import: FileImport,
}

impl File<'_> {
    /// Writes the next bytes. Waits while too much is in flight. Not cancel safe: if the future of a call is dropped
    /// early, the file fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ImportError> {
        self.import.write(self.importer, bytes).await
    }

    /// Ends the file and returns its root, which is durable after [`Importer::finish`].
    pub async fn finish(self) -> Result<Built, ImportError> {
        self.import.finish(self.importer).await
    }
}
