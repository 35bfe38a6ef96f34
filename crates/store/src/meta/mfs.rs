//! The root of the mutable file system.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::RowError;

/// The table with the MFS root.
pub trait MfsRows: Send + Sync + 'static {
    /// The MFS root; `None` before it was first flushed.
    fn mfs_root(&self) -> Result<Option<Cid>, RowError>;

    /// Sets the MFS root.
    fn set_mfs_root<'a>(&'a self, root: &'a Cid) -> BoxFuture<'a, Result<(), RowError>>;
}
