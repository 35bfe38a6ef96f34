//! Making directories.

use cairn_primitives::unixfs::CidMaker;

use super::directory::Change;
use super::{Mfs, MfsError, MfsPath};

/// Options for creating a directory.
#[derive(Clone, Debug)]
pub struct MakeOptions {
    /// Creates parent directories; an existing directory is not an error.
    pub parents: bool,
    /// The CID format of new directories, if not the default.
    pub cid: Option<CidMaker>,
    /// Whether it is durable when the call returns.
    pub flush: bool,
}

impl Default for MakeOptions {
    fn default() -> Self {
        Self {
            parents: false,
            cid: None,
            flush: true,
        }
    }
}

impl Mfs {
    /// Makes a directory.
    ///
    /// # Errors
    /// [`MfsError::AlreadyExists`], [`MfsError::NotFound`] when the directory above is missing, [`MfsError::RootExists`].
    pub async fn mkdir(&self, path: &MfsPath, options: &MakeOptions) -> Result<(), MfsError> {
        self.count(options.flush)?;
        if path.is_root() {
            return if options.parents {
                Ok(())
            } else {
                Err(MfsError::RootExists)
            };
        }
        let settings = self.settings();
        let maker = options.cid.as_ref().unwrap_or(&settings.format.cid);
        let editor = self.editor();
        let mut change = self.change().await;
        let root = change.root.clone();
        change.root = if options.parents {
            let made = editor
                .make_directories(settings, &root, path.names(), maker, &mut change.growths)
                .await;
            match made {
                // A file in the place of the last directory is just in the way.
                Err(MfsError::NotADirectory { path: at })
                    if at == path.clone().without_slash().to_string() =>
                {
                    return Err(MfsError::AlreadyExists { path: at });
                }
                made => made?,
            }
        } else {
            let made = editor.empty_directory(maker).await?;
            let path = path.clone().without_slash();
            editor
                .change_at(
                    settings,
                    &root,
                    &path,
                    Change::Insert(made),
                    &mut change.growths,
                )
                .await
                .map_err(|error| match error {
                    // What is in the way is the file above the name that cannot be followed.
                    MfsError::NotDirectory { path } => MfsError::NotADirectory {
                        path: path
                            .rsplit_once('/')
                            .map_or("", |(above, _)| above)
                            .to_owned(),
                    },
                    error => error,
                })?
        };
        change.commit();
        if options.flush {
            self.flush_directory(path).await?;
        }
        Ok(())
    }
}
