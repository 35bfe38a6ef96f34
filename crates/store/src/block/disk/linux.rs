//! What Linux offers beyond the standard library.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FallocateFlags, OFlags};

/// Opens a file once more for writes that bypass the page cache; `None` where the file system has no such thing.
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

/// Reads up to `len` bytes into memory that nobody had to clear first; fewer only at the end of the file.
pub(super) fn read_fresh(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
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

/// Bytes from one look into the page cache to the next: the system reads no less ahead.
const PROBE: u64 = 128 << 10;

/// The `f_type` of a file system that lives in memory; see `statfs(2)`.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// Up to this many bytes are read by one call that may not wait, into memory that is cleared first: clearing so little
/// costs less than a look into the page cache before.
const SMALL: usize = 32 << 10;

/// Reads exactly `len` bytes, if the page cache has them.
pub(super) fn read_at_hand(file: &File, offset: u64, len: usize) -> Option<Vec<u8>> {
    if len <= SMALL {
        let mut bytes = vec![0; len];
        let mut into = [io::IoSliceMut::new(&mut bytes)];
        match rustix::io::preadv2(file, &mut into, offset, rustix::io::ReadWriteFlags::NOWAIT) {
            Ok(read) => return (read == len).then_some(bytes),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(_) => return None,
        }
    }
    if !is_at_hand(file, offset, len as u64) {
        return None;
    }
    let bytes = read_fresh(file, offset, len).ok()?;
    (bytes.len() == len).then_some(bytes)
}

/// Whether the page cache has some bytes, as far as a look at one byte every [`PROBE`] and at the last one can tell. The
/// bytes themselves are then read as ever: a read that may not wait would need its memory cleared first.
///
/// A file system that cannot be asked is taken for slow (it may be on a network), except for the one in memory.
pub(super) fn is_at_hand(file: &File, offset: u64, len: u64) -> bool {
    let last = offset.saturating_add(len.saturating_sub(1));
    let mut at = offset;
    loop {
        let mut byte = [0];
        let mut into = [io::IoSliceMut::new(&mut byte)];
        match rustix::io::preadv2(file, &mut into, at, rustix::io::ReadWriteFlags::NOWAIT) {
            // Behind the end there is nothing to wait for.
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

/// Says that a file is mostly read in order, so that the system reads further ahead.
///
/// Asking for bytes in advance (`POSIX_FADV_WILLNEED`) fills the page cache with small pages: slower to fill and slower to
/// read than what the system's own read-ahead leaves there.
pub(super) fn read_in_order(file: &File) {
    // A hint that is refused costs speed alone.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

/// Bytes of memory that can be had without taking them from programs.
pub(super) fn spare_memory() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Bytes that an unprivileged writer still has.
pub(super) fn free_space(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Makes a directory's entries durable.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
