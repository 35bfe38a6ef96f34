//! Reads blocks from files.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::super::traits::{BlockError, MAX_BLOCK, ReferenceFault};
use super::{FilestoreOptions, named, paths};
use crate::meta::Reference;

/// Reads one block after another; the file of the last one stays open, because a file's blocks are asked for in a row.
pub(super) struct Reader<'a> {
    options: &'a FilestoreOptions,
    open: Option<(Arc<str>, File)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(options: &'a FilestoreOptions) -> Self {
        Self {
            options,
            open: None,
        }
    }

    /// Reads a block and checks it by its hash.
    pub(super) fn read(&mut self, reference: &Reference) -> Result<Bytes, BlockError> {
        self.bytes(reference)
            .map_err(|source| BlockError::Referenced {
                key: named(&reference.key),
                path: Arc::clone(&reference.path),
                offset: reference.offset,
                source,
            })
    }

    fn bytes(&mut self, reference: &Reference) -> Result<Bytes, ReferenceFault> {
        if !self.options.files {
            return Err(ReferenceFault::FilesOff);
        }
        // Nothing here writes a larger one; the rows may be another's.
        let size = usize::try_from(reference.size).unwrap_or(usize::MAX);
        if size > MAX_BLOCK {
            return Err(unreadable(io::ErrorKind::InvalidData.into()));
        }
        let file = match self.open.take() {
            Some((path, file)) if path == reference.path => file,
            _ => {
                let path = paths::absolute(self.options, &reference.path)
                    .ok_or_else(|| unreadable(io::ErrorKind::InvalidFilename.into()))?;
                open(&path).map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => ReferenceFault::Missing(Arc::new(error)),
                    _ => unreadable(error),
                })?
            }
        };
        let mut data = vec![0; size];
        let filled = file.read_exact_at(&mut data, reference.offset);
        self.open = Some((Arc::clone(&reference.path), file));
        filled.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ReferenceFault::Short,
            _ => unreadable(error),
        })?;
        match reference.key.matches(&data) {
            Ok(true) => Ok(data.into()),
            Ok(false) => Err(ReferenceFault::Changed),
            Err(error) => Err(ReferenceFault::Unchecked(error)),
        }
    }
}

fn unreadable(error: io::Error) -> ReferenceFault {
    ReferenceFault::Unreadable(Arc::new(error))
}

/// Opens a regular file. The opening of anything else (a pipe, a terminal) must not wait for whoever is at its other end.
fn open(path: &Path) -> io::Result<File> {
    let file = File::options()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}
