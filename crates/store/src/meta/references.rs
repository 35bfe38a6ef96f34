//! References: blocks whose bytes are in files.

use std::sync::Arc;

use cairn_primitives::Multihash;
use futures_util::future::BoxFuture;

use super::RowError;

/// Longest path of a [`Reference`], in bytes.
pub const MAX_REFERENCE_PATH: usize = 4096;

/// Maximum number of references in one call; callers split larger batches.
pub const MAX_REFERENCES: usize = 4096;

/// A block whose bytes are in a file. A multihash has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its id: assigned in the order of writing, and never reused while the rows are open.
    pub id: u64,
    /// The block.
    pub key: Multihash,
    /// The file's path, relative to the directory that contains the repository, with `/` between names.
    pub path: Arc<str>,
    /// Byte offset of the block in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u32,
}

/// A change of the references; batches are applied atomically.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceChange {
    /// Sets or replaces the reference of a block.
    Set(Reference),
    /// Removes the reference of a block, if any.
    Remove(Multihash),
    /// Removes the reference with this id, if it still exists; a newer one of the same block stays.
    RemoveId(u64),
}

/// The order in which references are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferenceOrder {
    /// By the bytes of the multihash.
    #[default]
    Key,
    /// By path, offset, and the bytes of the multihash.
    Place,
}

/// The table of references.
pub trait ReferenceRows: Send + Sync + 'static {
    /// The references of some blocks, at most [`MAX_REFERENCES`], in the order asked; `None` where there is none.
    fn references(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, RowError>;

    /// Up to `limit` references after one, or from the first. Changes between two calls may or may not be seen.
    fn reference_page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, RowError>;

    /// The number of references.
    fn reference_count(&self) -> Result<u64, RowError>;

    /// The highest id of a reference; 0 if there are none.
    fn last_reference(&self) -> Result<u64, RowError>;

    /// Applies a batch of changes atomically.
    fn change_references(
        &self,
        changes: Vec<ReferenceChange>,
    ) -> BoxFuture<'_, Result<(), RowError>>;
}
