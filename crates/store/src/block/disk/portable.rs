//! The replacement of `linux` on other systems: correct, but slower.

use std::fs::File;
use std::io;
use std::path::Path;

/// Direct writes are not used.
pub(super) fn open_direct(_path: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// Extends a file; the space is not reserved.
pub(super) fn allocate(file: &File, _from: u64, to: u64) -> io::Result<()> {
    file.set_len(to)
}

/// Reads up to `len` bytes; fewer only at the end of the file.
pub(super) fn read_to_vec(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let read = super::real::read_full(file, offset, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Unknown: reads use blocking threads.
pub(super) fn read_cached(_file: &File, _offset: u64, _len: usize) -> Option<Vec<u8>> {
    None
}

/// Unknown: reads use blocking threads.
pub(super) fn is_cached(_file: &File, _offset: u64, _len: u64) -> bool {
    false
}

/// Not supported.
pub(super) fn read_in_order(_file: &File) {}

/// Not known.
pub(super) fn spare_memory() -> Option<u64> {
    None
}

/// Unknown: a full disk is noticed when a write fails.
pub(super) fn free_space(_path: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

/// Makes a directory's entries durable, where directories can be opened.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}
