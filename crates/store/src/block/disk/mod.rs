//! The disk of a store: a few files in one directory tree.
//!
//! The segment engine and its index access the disk only through [`Disk`] and [`DiskFile`], so that a simulated disk
//! can lose, reorder, tear and refuse writes as a real one may ([`sim::SimDisk`]).

mod aligned;
#[cfg(target_os = "linux")]
mod linux;
pub(crate) mod overlay;
#[cfg(not(target_os = "linux"))]
mod portable;
mod real;
pub mod sim;
mod space;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use portable as platform;

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

pub(crate) use aligned::AlignedBuf;
pub use real::RealDisk;
pub(crate) use space::is_full;
pub use space::{Space, space};

/// Available memory in bytes, if known.
pub(crate) fn spare_memory() -> Option<u64> {
    platform::spare_memory()
}

/// Alignment of direct writes in bytes: of offset, length and memory address.
pub const ALIGN: usize = 4096;

/// The mode in which a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For reading.
    Read,
    /// For reading and writing; the file must exist.
    Write,
    /// For reading and writing; the file must not exist.
    Create,
}

/// Held until it is dropped.
pub trait DiskLock: Send + Sync + Debug {}

/// One directory tree. Paths are relative to its root and have `/` between their parts.
pub trait Disk: Send + Sync + Debug + 'static {
    /// Opens a file. `direct` requests writes that bypass the page cache, if supported.
    fn open(&self, path: &str, access: Access, direct: bool) -> io::Result<Arc<dyn DiskFile>>;
    /// The names of the files in a directory, sorted.
    fn list(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Creates a directory and its parents, if missing.
    fn make_dir(&self, dir: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Renames a file atomically, replacing an existing one.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Syncs the entries of a directory; `""` is the root.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;
    /// Free bytes.
    fn free_space(&self) -> io::Result<u64>;
    /// Locks the tree by a file; `None` if another process holds the lock.
    fn lock(&self, path: &str, shared: bool) -> io::Result<Option<Box<dyn DiskLock>>>;
}

/// One file, read and written by position.
#[allow(clippy::len_without_is_empty)]
pub trait DiskFile: Send + Sync + Debug {
    /// Reads at a position; fewer bytes than asked for only at the end of the file.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;
    /// Reads up to `len` bytes at a position into a new buffer; fewer only at the end of the file.
    fn read_to_vec(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let read = self.read_at(offset, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }
    /// Whether a read of `len` bytes most likely needs no disk access. Never blocks.
    fn is_cached(&self, offset: u64, len: u64) -> bool;
    /// Reads exactly `len` bytes at a position, if that needs no disk access.
    fn read_cached(&self, offset: u64, len: usize) -> Option<Vec<u8>> {
        if !self.is_cached(offset, len as u64) {
            return None;
        }
        let bytes = self.read_to_vec(offset, len).ok()?;
        (bytes.len() == len).then_some(bytes)
    }
    /// Writes all of the bytes at a position, growing the file if needed.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;
    /// Syncs data and length.
    fn sync_data(&self) -> io::Result<()>;
    /// Truncates the file, or extends it with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Extends the file to `len` with zeros and reserves the space, so that writing there cannot fail on a full disk.
    fn allocate(&self, len: u64) -> io::Result<()>;
}

/// Reads exactly `out.len()` bytes.
pub(crate) fn read_exact(file: &dyn DiskFile, offset: u64, out: &mut [u8]) -> io::Result<()> {
    if file.read_at(offset, out)? == out.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Reads a small file; `None` if it does not exist or is larger than `limit`.
pub(crate) fn read_small(disk: &dyn Disk, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path, Access::Read, false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
    if len > limit {
        return Ok(None);
    }
    let mut bytes = vec![0; len];
    read_exact(&*file, 0, &mut bytes)?;
    Ok(Some(bytes))
}

/// Replaces a file atomically and durably.
pub(crate) fn replace(disk: &dyn Disk, dir: &str, path: &str, bytes: &[u8]) -> io::Result<()> {
    let fresh = format!("{path}.new");
    match disk.remove(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = disk.open(&fresh, Access::Create, false)?;
    file.write_at(0, bytes)?;
    file.sync_data()?;
    disk.rename(&fresh, path)?;
    disk.sync_dir(dir)
}
