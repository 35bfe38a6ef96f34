//! A file among the entries.

use bytes::Bytes;
use cairn_primitives::ByteString;

use super::Tree;
use crate::import::ImportError;
use crate::import::file::FileImport;
use crate::import::options::FileMeta;

/// A file of a [`Tree`] that is being received.
#[derive(Debug)]
pub struct TreeFile<'a> {
    pub(super) name: ByteString,
    pub(super) meta: FileMeta,
    /// `None` when the entry is skipped.
    pub(super) import: Option<FileImport>,
    pub(super) tree: &'a mut Tree,
}

impl TreeFile<'_> {
    /// The name that events about the bytes received so far carry.
    #[must_use]
    pub fn name(&self) -> ByteString {
        self.tree.full_name(&self.name)
    }

    /// Takes the next bytes of the file.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ImportError> {
        match &mut self.import {
            Some(import) => import.write(&mut self.tree.importer, bytes).await,
            None => Ok(()),
        }
    }

    /// Ends the file.
    pub async fn finish(self) -> Result<(), ImportError> {
        let Self {
            name,
            meta,
            import,
            tree,
        } = self;
        let Some(import) = import else { return Ok(()) };
        let built = import.finish(&mut tree.importer).await?;
        tree.done(&name, meta, built).await
    }
}
