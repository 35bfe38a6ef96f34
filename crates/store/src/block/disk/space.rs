//! Free space of file systems.

use std::io;
use std::path::Path;

/// The space of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Total size in bytes.
    pub total: u64,
    /// Free bytes, including those reserved for the system.
    pub free: u64,
}

/// The space of the file system of a path.
///
/// # Errors
/// When the system does not tell.
#[cfg(unix)]
pub fn space(path: &Path) -> io::Result<Space> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(Space {
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        free: stat.f_bfree.saturating_mul(stat.f_frsize),
    })
}

/// The space of the file system of a path.
///
/// # Errors
/// Always: this system is not asked.
#[cfg(not(unix))]
pub fn space(_path: &Path) -> io::Result<Space> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether an operation failed for want of space.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_room_on_this_disk() {
        let space = super::space(&std::env::temp_dir()).unwrap();
        assert!(space.total > 0 && space.free <= space.total);
    }
}
