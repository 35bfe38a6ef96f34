//! How much room a file system has.

use std::io;
use std::path::Path;

/// The room of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that it has.
    pub total: u64,
    /// Bytes that nobody uses, those reserved for the system included.
    pub free: u64,
}

/// The room of the file system that a path is on.
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

/// The room of the file system that a path is on.
///
/// # Errors
/// Always: this system is not asked.
#[cfg(not(unix))]
pub fn space(_path: &Path) -> io::Result<Space> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_room_on_this_disk() {
        let space = super::space(&std::env::temp_dir()).unwrap();
        assert!(space.total > 0 && space.free <= space.total);
    }
}
