//! The root of the mutable file system.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::RowError;

/// The row that names the root of the mutable file system.
pub trait MfsRows: Send + Sync + 'static {
    /// The root of the mutable file system; `None` before it was first flushed.
    fn mfs_root(&self) -> Result<Option<Cid>, RowError>;

    /// Names the root of the mutable file system.
    fn set_mfs_root<'a>(&'a self, root: &'a Cid) -> BoxFuture<'a, Result<(), RowError>>;
}
