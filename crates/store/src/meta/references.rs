//! References: blocks whose bytes lie in files.

use std::sync::Arc;

use cairn_primitives::Multihash;
use futures_util::future::BoxFuture;

use super::RowError;

/// Longest path of a [`Reference`], in bytes.
pub const MAX_REFERENCE_PATH: usize = 4096;

/// Maximum number of references in one call that reads or changes them; what a caller has more of goes in several
/// calls.
pub const MAX_REFERENCES: usize = 4096;

/// A block whose bytes lie in a file. One multihash has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its number: grows in the order of writing, and is never used twice while the rows are open.
    pub id: u64,
    /// The block.
    pub key: Multihash,
    /// The file's path from the folder that holds the repository, with `/` between names.
    pub path: Arc<str>,
    /// Where the block begins in the file, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u32,
}

/// One change of the references; a batch of them is applied whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceChange {
    /// Sets the reference of a block, in place of the one it may have.
    Set(Reference),
    /// Removes the reference of a block, if there is one.
    Remove(Multihash),
    /// Removes the reference with this id, if it is still there: another of the same block stays.
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

    /// Up to `limit` references behind one, or from the first on. What changes between two calls may or may not be seen.
    fn reference_page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, RowError>;

    /// How many references there are.
    fn reference_count(&self) -> Result<u64, RowError>;

    /// The highest id of a reference; 0 when there is none.
    fn last_reference(&self) -> Result<u64, RowError>;

    /// Applies a batch of changes, whole or not at all.
    fn change_references(
        &self,
        changes: Vec<ReferenceChange>,
    ) -> BoxFuture<'_, Result<(), RowError>>;
}
