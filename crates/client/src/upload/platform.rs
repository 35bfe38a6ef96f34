//! What a platform says of files.

use std::fs::{self, FileType, Metadata as Found};
use std::path::Path;

use super::walk::read;
use super::{Metadata, UploadError};

/// The target of a symbolic link.
pub(super) fn target(path: &Path) -> Result<Vec<u8>, UploadError> {
    let target = fs::read_link(path).map_err(|source| read(path, source))?;
    Ok(target.as_os_str().as_encoded_bytes().to_vec())
}

#[cfg(unix)]
pub(super) fn is_pipe(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    kind.is_fifo()
}

#[cfg(not(unix))]
pub(super) fn is_pipe(_: FileType) -> bool {
    false
}

/// The metadata of a file.
#[cfg(unix)]
pub(super) fn metadata(found: &Found) -> Metadata {
    use std::os::unix::fs::MetadataExt as _;
    Metadata {
        mode: Some(found.mode() & 0o7777),
        mtime: Some((
            found.mtime(),
            u32::try_from(found.mtime_nsec()).unwrap_or(0),
        )),
    }
}

#[cfg(not(unix))]
pub(super) fn metadata(found: &Found) -> Metadata {
    let mtime = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .and_then(|since| Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())));
    Metadata { mode: None, mtime }
}
