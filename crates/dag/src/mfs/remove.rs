//! Removing.

use super::directory::Change;
use super::{Mfs, MfsError, MfsPath};

/// Options for removing.
#[derive(Clone, Copy, Debug, Default)]
pub struct RemoveOptions {
    /// Directories as well.
    pub recursive: bool,
    /// Removes anything, even if it cannot be read; a missing path is not an error.
    pub force: bool,
}

impl Mfs {
    /// Removes a file or a directory. Always flushes.
    ///
    /// # Errors
    /// [`MfsError::NotFound`], [`MfsError::IsDirectory`], [`MfsError::RootRemoved`].
    pub async fn rm(&self, path: &MfsPath, options: RemoveOptions) -> Result<(), MfsError> {
        let path = path.clone().without_slash();
        let Some((above, _)) = path.split() else {
            return Err(MfsError::RootRemoved);
        };
        let settings = self.settings();
        let editor = self.editor();
        let mut change = self.change().await;
        let root = change.root.clone();
        if !options.force {
            let cid = editor.find(&root, path.names()).await?;
            let (found, _) = editor.load(&cid).await?;
            if found.is_directory() && !options.recursive {
                return Err(MfsError::IsDirectory {
                    path: path.to_string(),
                });
            }
        }
        let removed = editor
            .change_at(settings, &root, &path, Change::Remove, &mut change.growths)
            .await;
        change.root = match removed {
            Err(MfsError::NotFound { .. }) if options.force => return Ok(()),
            removed => removed?,
        };
        change.growths.close(path.names());
        change.commit();
        self.flush_directory(&above).await
    }
}
