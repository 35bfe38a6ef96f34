//! The root of the mutable file system, in memory.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::MemoryRows;
use crate::meta::{MfsRows, RowError};

impl MfsRows for MemoryRows {
    fn mfs_root(&self) -> Result<Option<Cid>, RowError> {
        Ok(self.state.read().open()?.mfs_root.clone())
    }

    fn set_mfs_root<'a>(&'a self, root: &'a Cid) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(async move {
            let mut state = self.state.write();
            state.open()?;
            state.mfs_root = Some(root.clone());
            Ok(())
        })
    }
}
