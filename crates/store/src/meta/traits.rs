//! What every place for local rows does.

use std::path::PathBuf;
use std::sync::Arc;

use cairn_primitives::{Cid, Multihash};
use futures_util::future::BoxFuture;

/// Why a row operation failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The database failed.
    #[error("cannot {action} the rows")]
    Database {
        /// What was being done: `read`, `write`, `migrate`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The file cannot be opened as a database.
    #[error("cannot open the rows in {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A newer program wrote the database.
    #[error("the rows in {} have version {found}, and this program knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Newest version that is known here.
        known: i64,
    },
    /// The database has to be brought to a newer version first, which a read-only opening cannot do.
    #[error("the rows in {} have version {found}, and reading them needs version {known}", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Version that is needed.
        known: i64,
    },
    /// The file is a database of something else.
    #[error("{} is not a database of rows", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is gone, is empty, or holds nothing of the block store beside it, though that store had pins.
    #[error("{} {what}, though the block store beside it has pins", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// What is wrong with it: `is missing`, `is empty`.
        what: &'static str,
    },
    /// The rows belong to another block store, or to another time of this one.
    #[error("the rows in {} belong to {found}, and not to {expected}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What they name.
        found: String,
        /// What stands in the block store.
        expected: String,
    },
    /// The journal of the pins cannot be read or written.
    #[error("cannot {action} the pin journal")]
    Journal {
        /// What was being done: `read`, `write`.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// A row holds what no version of the program writes.
    #[error("the rows are damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// Too many readers at once.
    #[error("{limit} reads are under way, and no more are allowed at once")]
    Busy {
        /// How many may run at once.
        limit: usize,
    },
    /// The repository was opened for reading.
    #[error("the repository is read-only")]
    ReadOnly,
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
}

/// How much of a DAG a pin keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinMode {
    /// The root and all that it reaches.
    Recursive,
    /// The root alone.
    Direct,
}

/// A pin that a user asked for. One CID has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The root, in the form in which it was given: CIDs of one multihash may be pinned side by side.
    pub cid: Cid,
    /// How much it keeps.
    pub mode: PinMode,
    /// The user's name for it; empty when there is none.
    pub name: String,
}

/// One change of the pins; a batch of them is applied whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinChange {
    /// Sets the pin of a CID, in place of the one it may have.
    Set(Pin),
    /// Removes the pin of a CID, if there is one.
    Remove(Cid),
}

/// Which pins to list; `None` leaves a field open.
#[derive(Clone, Debug, Default)]
pub struct PinFilter {
    /// Only this mode.
    pub mode: Option<PinMode>,
    /// Only names that contain this.
    pub name_contains: Option<String>,
}

/// Longest path of a [`Reference`], in bytes.
pub const MAX_REFERENCE_PATH: usize = 4096;

/// Most references in one call that reads or changes them; what a caller has more of goes in several calls.
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

/// Local rows. Reads block for microseconds; writes are durable when they answer, and share syncs.
///
/// A write whose future is dropped before it answered may or may not take place.
pub trait Rows: Send + Sync + 'static {
    /// Id of the block store that these rows belong to; `None` until [`Rows::bind`].
    fn store_id(&self) -> Result<Option<String>, RowError>;

    /// Ties the rows to a block store, in place of the one they may be tied to; a collection refuses rows of another one.
    fn bind<'a>(&'a self, store_id: &'a str) -> BoxFuture<'a, Result<(), RowError>>;

    /// The root of the mutable file system; `None` before it was first flushed.
    fn mfs_root(&self) -> Result<Option<Cid>, RowError>;

    /// Names the root of the mutable file system.
    fn set_mfs_root<'a>(&'a self, root: &'a Cid) -> BoxFuture<'a, Result<(), RowError>>;

    /// The pin of a CID.
    fn pin(&self, cid: &Cid) -> Result<Option<Pin>, RowError>;

    /// Calls `each` with every pin that passes, ordered by the CID's bytes, from one consistent view, until it returns `false`.
    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError>;

    /// How many pins there are.
    fn pin_count(&self) -> Result<u64, RowError>;

    /// Applies a batch of changes, whole or not at all.
    fn change_pins(&self, changes: Vec<PinChange>) -> BoxFuture<'_, Result<(), RowError>>;

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

    /// Waits for writers and closes.
    fn close(&self) -> BoxFuture<'_, Result<(), RowError>>;
}
