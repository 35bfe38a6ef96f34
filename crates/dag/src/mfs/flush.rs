//! Flushes the tree.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_primitives::unixfs::ReadError;
use cairn_store::meta::Rows;

use super::{Inner, Mfs, MfsError, MfsPath};
use crate::error::NodeError;
use crate::fetch::Blocks;
use crate::unixfs;

impl Mfs {
    /// Flushes, and returns the CID of the path. The whole tree is flushed, because the repository stores one root.
    ///
    /// # Errors
    /// [`MfsError::NotFound`]; nothing is flushed then.
    pub async fn flush(&self, path: &MfsPath) -> Result<Cid, MfsError> {
        let reading = self.reading();
        let cid = self.editor().find(&reading.root, path.names()).await?;
        self.inner.changing.lock().await.close_below(path.names());
        self.flush_tree().await?;
        Ok(cid)
    }

    /// Whether the tree that everybody sees is the one that the repository names, or nothing was changed yet.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        let state = self.inner.state.lock();
        match &state.flushed {
            Some(flushed) => *flushed == state.tree,
            None => state.changes == 0,
        }
    }

    /// Flushes what changed a directory: it is as if it were opened again for the next change of what is below it.
    pub(super) async fn flush_directory(&self, path: &MfsPath) -> Result<(), MfsError> {
        self.inner.changing.lock().await.close_below(path.names());
        self.flush_tree().await
    }

    /// Makes the tree durable as it is now, and lets the repository name it. Those who wait together share one flush.
    pub(super) async fn flush_tree(&self) -> Result<(), MfsError> {
        let inner = Arc::clone(&self.inner);
        // Not to be stopped half-way by a caller that gives up: what the repository names has to be known.
        tokio::spawn(async move { inner.flush().await })
            .await
            .unwrap_or(Err(MfsError::Interrupted))
    }
}

impl Inner {
    async fn flush(&self) -> Result<(), MfsError> {
        let wanted = self.state.lock().changes;
        let _turn = self.flushing.lock().await;
        let (tree, changes) = {
            let mut state = self.state.lock();
            let named = state.flushed.is_some();
            if named && state.flushed_changes >= wanted {
                state.unflushed = 0;
                return Ok(());
            }
            state.under_way = Some(state.tree.clone());
            (state.tree.clone(), state.changes)
        };
        let flushed = self.name(&tree).await;
        let mut state = self.state.lock();
        if flushed.is_ok() {
            state.under_way = None;
            state.flushed = Some(tree);
            state.flushed_changes = changes;
            state.unflushed = 0;
        }
        // A row whose writing failed may be there all the same: its tree is kept until another is named.
        flushed
    }

    async fn name(&self, tree: &Cid) -> Result<(), MfsError> {
        self.blocks.store().sync().await?;
        Ok(self.rows.set_mfs_root(tree).await?)
    }
}

/// Replaces the root of a repository by another one, or by an empty directory: the repair for a damaged root. No
/// [`Mfs`] may be open. Returns the previous root.
///
/// # Errors
/// [`MfsError::BadRoot`] when the new root is absent or is not a directory.
pub async fn chroot(blocks: &Blocks, rows: &dyn Rows, root: &Cid) -> Result<Option<Cid>, MfsError> {
    check_root(&blocks.local(), root).await?;
    let before = rows.mfs_root()?;
    blocks.store().sync().await?;
    rows.set_mfs_root(root).await?;
    Ok(before)
}

/// Checks that a root is here and is a directory.
pub(super) async fn check_root(blocks: &Blocks, cid: &Cid) -> Result<(), MfsError> {
    let bad = |reason: NodeError| MfsError::BadRoot {
        cid: cid.clone(),
        reason: Some(Arc::new(reason)),
    };
    let node = blocks.local().node(cid).await.map_err(bad)?;
    let fs = unixfs::of(cid, &node).map_err(bad)?;
    if fs.kind.is_directory() {
        return Ok(());
    }
    Err(bad(unixfs::unreadable(
        cid,
        ReadError::Kind {
            expected: "Directory",
            found: fs.kind,
        },
    )))
}
