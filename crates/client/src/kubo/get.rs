//! Downloads of files and directories.

use std::path::PathBuf;

use cairn_wire::kubo::get::Get;

use super::Call;
use crate::error::Error;
use crate::get::{Target, unpack};

impl Call<Get> {
    /// Downloads the file or directory into a directory, under the last name of its path. The directory is created if it does not
    /// exist. Archive members that would be written outside of it are refused, and symbolic links are never followed.
    ///
    /// # Errors
    ///
    /// [`Error::Extract`] if the archive is invalid or a file cannot be written, and any other [`Error`]. Files that were written
    /// before remain.
    pub async fn to_dir(self, directory: impl Into<PathBuf>) -> Result<(), Error> {
        let answer = self.with(plain).await?;
        unpack(answer, Target::Within(directory.into()), |_| ()).await
    }

    /// Downloads the file or directory to a path, like `ipfs get -o`. If the path is a directory, a file is written into it.
    ///
    /// # Errors
    ///
    /// As [`Self::to_dir`].
    pub async fn to_path(self, path: impl Into<PathBuf>) -> Result<(), Error> {
        let answer = self.with(plain).await?;
        unpack(answer, Target::Path(path.into()), |_| ()).await
    }
}

/// Requests an uncompressed archive.
fn plain(get: &mut Get) {
    get.archive = false;
    get.compress = false;
    get.compression_level = None;
    get.output = None;
}
