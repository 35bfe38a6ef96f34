//! Writes blocks to the store in batches.

use std::sync::Arc;

use cairn_primitives::Block;
use cairn_primitives::multihash::IDENTITY;
use cairn_store::block::{Filestore, NewReference};
use cairn_store::meta::MAX_REFERENCES;
use cairn_store::{BlockStore, Hold};

use super::ImportError;

/// Bytes at which a batch goes to the store.
const BATCH_BYTES: usize = 1 << 20;
/// Blocks at which a batch goes to the store, however small they are.
const BATCH_BLOCKS: usize = 1024;

/// Collects blocks in order until a batch is large enough.
pub(super) struct Batch {
    store: Arc<dyn BlockStore>,
    /// `None` when nothing is to be written.
    hold: Option<Hold>,
    blocks: Vec<Block>,
    bytes: usize,
    files: Option<Arc<Filestore>>,
    /// Whether blocks that can be read out of files are not written.
    fscache: bool,
    references: Vec<NewReference>,
}

impl Batch {
    /// Takes the hold at once, so that everything which the import finds present later is kept too.
    pub(super) fn new(store: Arc<dyn BlockStore>, only_hash: bool) -> Self {
        let hold = (!only_hash).then(|| store.hold());
        Self {
            store,
            hold,
            blocks: Vec::new(),
            bytes: 0,
            files: None,
            fscache: false,
            references: Vec::new(),
        }
    }

    /// Takes references as well; `fscache` leaves out blocks that can be read by one.
    pub(super) fn with_filestore(&mut self, files: Arc<Filestore>, fscache: bool) {
        self.files = Some(files);
        self.fscache = fscache;
    }

    pub(super) fn has_filestore(&self) -> bool {
        self.files.is_some()
    }

    pub(super) fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// Adds a block; [`Batch::flush_if_full`] is to follow. Identity CIDs carry their bytes with them and are not
    /// stored.
    pub(super) fn push(&mut self, block: Block) {
        if self.hold.is_some() && block.cid.hash().code() != IDENTITY {
            self.bytes += block.data.len();
            self.blocks.push(block);
        }
    }

    /// Whether references to a source can be made; those that are not may be needless, when the blocks are here.
    pub(super) fn accepts(&self, source: &str) -> bool {
        let files = self.files.as_ref();
        files.is_some_and(|files| files.accepts(source))
    }

    /// Adds a block that lies in a file; [`Batch::flush_if_full`] is to follow.
    pub(super) fn refer(&mut self, reference: NewReference) {
        if self.hold.is_some() && reference.key.code() != IDENTITY {
            self.references.push(reference);
        }
    }

    /// Hands the batch over once it is large.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), ImportError> {
        if self.bytes >= BATCH_BYTES
            || self.blocks.len() >= BATCH_BLOCKS
            || self.references.len() >= MAX_REFERENCES
        {
            self.flush().await?;
        }
        Ok(())
    }

    /// Hands the batch over.
    pub(super) async fn flush(&mut self) -> Result<(), ImportError> {
        let Some(hold) = &self.hold else {
            return Ok(());
        };
        if let Some(files) = &self.files {
            if !self.references.is_empty() {
                files
                    .refer(hold, std::mem::take(&mut self.references))
                    .await?;
            }
            if self.fscache {
                let mut absent = Vec::with_capacity(self.blocks.len());
                for block in self.blocks.drain(..) {
                    if !files.keeps(hold, block.cid.hash())? {
                        absent.push(block);
                    }
                }
                self.blocks = absent;
            }
        }
        if !self.blocks.is_empty() {
            self.bytes = 0;
            self.store
                .write(hold, std::mem::take(&mut self.blocks))
                .await?;
        }
        Ok(())
    }

    /// Hands over what is left and waits until all of it is durable; gives the hold away.
    pub(super) async fn finish(mut self) -> Result<Option<Hold>, ImportError> {
        self.flush().await?;
        if self.hold.is_some() {
            self.store.sync().await?;
        }
        Ok(self.hold)
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("blocks", &self.blocks.len())
            .field("bytes", &self.bytes)
            .field("references", &self.references.len())
            .finish_non_exhaustive()
    }
}
