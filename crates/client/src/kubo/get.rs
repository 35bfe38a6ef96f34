//! Files and directories onto this machine.

use std::path::PathBuf;

use cairn_wire::kubo::get::Get;

use super::Call;
use crate::error::Error;
use crate::get::{Target, unpack};

impl Call<Get> {
    /// Writes the file or directory into this directory, under its own name: the last of its path. The directory is made where
    /// there is none. What an archive holds that would be written elsewhere is refused, and no link is followed.
    ///
    /// # Errors
    ///
    /// [`Error::Extract`] when the archive is not sound or something cannot be written, and any other [`Error`]; what had
    /// arrived before is there then.
    pub async fn to_dir(self, directory: impl Into<PathBuf>) -> Result<(), Error> {
        let answer = self.with(plain).await?;
        unpack(answer, Target::Within(directory.into()), |_| ()).await
    }

    /// Writes the file or directory to this path, as `ipfs get -o` does. A file goes into a directory that is there.
    ///
    /// # Errors
    ///
    /// As [`Self::to_dir`].
    pub async fn to_path(self, path: impl Into<PathBuf>) -> Result<(), Error> {
        let answer = self.with(plain).await?;
        unpack(answer, Target::Path(path.into()), |_| ()).await
    }
}

/// Asks for an archive that can be unpacked as it comes.
fn plain(get: &mut Get) {
    get.archive = false;
    get.compress = false;
    get.compression_level = None;
    get.output = None;
}
