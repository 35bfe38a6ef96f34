//! System calls of Linux that the standard library lacks.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FallocateFlags, OFlags};

/// Opens a file again for writes that bypass the page cache; `None` if the file system does not support it.
pub(super) fn open_direct(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::DIRECT.bits().cast_signed();
    match OpenOptions::new()
        .write(true)
        .custom_flags(flags)
        .open(path)
    {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
        Err(error) => Err(error),
    }
}

/// Extends a file and reserves the space.
pub(super) fn allocate(file: &File, from: u64, to: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::empty(), from, to - from) {
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => file.set_len(to),
        other => other.map_err(io::Error::from),
    }
}

/// Reads up to `len` bytes into uninitialized memory; fewer only at the end of the file.
pub(super) fn read_to_vec(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let at = offset + bytes.len() as u64;
        // The room may be larger than asked for; what comes too much is cut off below.
        match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut bytes), at) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// Distance of the probes of the page cache in bytes: the system reads at least this much ahead.
const PROBE: u64 = 128 << 10;

/// The `f_type` of an in-memory file system; see `statfs(2)`.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// Up to this many bytes are read by one non-blocking call, into memory that is cleared first: clearing so little
/// costs less than a probe of the page cache.
const SMALL: usize = 32 << 10;

/// Reads exactly `len` bytes, if the page cache has them.
pub(super) fn read_cached(file: &File, offset: u64, len: usize) -> Option<Vec<u8>> {
    if len <= SMALL {
        let mut bytes = vec![0; len];
        let mut into = [io::IoSliceMut::new(&mut bytes)];
        match rustix::io::preadv2(file, &mut into, offset, rustix::io::ReadWriteFlags::NOWAIT) {
            Ok(read) => return (read == len).then_some(bytes),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(_) => return None,
        }
    }
    if !is_cached(file, offset, len as u64) {
        return None;
    }
    let bytes = read_to_vec(file, offset, len).ok()?;
    (bytes.len() == len).then_some(bytes)
}

/// Whether the page cache has some bytes, judged by one byte every [`PROBE`] and the last one. The bytes themselves
/// are then read as usual: a non-blocking read would need its memory cleared first.
///
/// A file system that does not support probes counts as slow (it may be on a network), except in-memory ones.
pub(super) fn is_cached(file: &File, offset: u64, len: u64) -> bool {
    let last = offset.saturating_add(len.saturating_sub(1));
    let mut at = offset;
    loop {
        let mut byte = [0];
        let mut into = [io::IoSliceMut::new(&mut byte)];
        match rustix::io::preadv2(file, &mut into, at, rustix::io::ReadWriteFlags::NOWAIT) {
            // After the end there is nothing to wait for.
            Ok(0) => return true,
            Ok(_) if at >= last => return true,
            Ok(_) => at = at.saturating_add(PROBE).min(last),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                return is_in_memory(file);
            }
            Err(_) => return false,
        }
    }
}

fn is_in_memory(file: &File) -> bool {
    rustix::fs::fstatfs(file)
        .is_ok_and(|system| u64::try_from(system.f_type).is_ok_and(|kind| kind == TMPFS_MAGIC))
}

/// Advises that a file is mostly read sequentially, so that the system reads further ahead.
///
/// `POSIX_FADV_WILLNEED` would fill the page cache with small pages: slower to fill and slower to read than what the
/// system's own read-ahead leaves there.
pub(super) fn read_in_order(file: &File) {
    // A hint that is refused costs speed alone.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

/// Bytes of memory that are available without swapping.
pub(super) fn spare_memory() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Free bytes for an unprivileged writer.
pub(super) fn free_space(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Makes a directory's entries durable.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
