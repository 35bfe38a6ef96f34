//! Atomic writes of responses to files.

use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};

use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use super::Answer;
use crate::error::Error;

/// Removes the temporary file unless it was renamed, also if the call is dropped.
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Writes the response to a file atomically.
pub(super) async fn write(mut answer: Answer, path: &Path) -> Result<u64, Error> {
    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    let (mut file, mut temporary) = create(path).await.map_err(failed)?;
    let mut count = 0;
    while let Some(bytes) = answer.chunk().await? {
        file.write_all(&bytes).await.map_err(failed)?;
        count += bytes.len() as u64;
    }
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    drop(file);
    if let Some(from) = &temporary.0 {
        fs::rename(from, path).await.map_err(failed)?;
    }
    temporary.0 = None;
    Ok(count)
}

/// Creates a file with a random name in the same directory.
async fn create(path: &Path) -> std::io::Result<(File, Temporary)> {
    let name = format!(".cairn-{:016x}", RandomState::new().hash_one(path));
    let temporary = path.with_file_name(name);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)
        .await?;
    Ok((file, Temporary(Some(temporary))))
}
