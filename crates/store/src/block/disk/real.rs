//! The real disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{ALIGN, Access, Disk, DiskFile, DiskLock, platform};

/// A directory of this machine.
#[derive(Clone, Debug)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// The tree below a directory, which is made when it is missing.
    pub fn create(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The tree below a directory that exists.
    #[must_use]
    pub fn existing(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() {
            self.root.clone()
        } else {
            self.root.join(path)
        }
    }
}

impl Disk for RealDisk {
    fn open(&self, path: &str, access: Access, direct: bool) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.at(path);
        let mut options = OpenOptions::new();
        options.read(true);
        match access {
            Access::Read => {}
            Access::Write => drop(options.write(true)),
            Access::Create => drop(options.write(true).create_new(true)),
        }
        let file = options.open(&path)?;
        if access == Access::Read {
            platform::read_in_order(&file);
        }
        let direct = if direct && access != Access::Read {
            platform::open_direct(&path)?
        } else {
            None
        };
        Ok(Arc::new(RealFile {
            file,
            use_direct: AtomicBool::new(direct.is_some()),
            direct,
        }))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.at(dir))? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn make_dir(&self, dir: &str) -> io::Result<()> {
        fs::create_dir_all(self.at(dir))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.at(path))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        platform::sync_dir(&self.at(dir))
    }

    fn free_space(&self) -> io::Result<u64> {
        platform::free_space(&self.root)
    }

    fn lock(&self, path: &str, shared: bool) -> io::Result<Option<Box<dyn DiskLock>>> {
        let path = self.at(path);
        let (file, taken) = if shared {
            let file = match File::open(&path) {
                Ok(file) => file,
                // Nothing ever wrote here, so nobody writes now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Some(Box::new(RealLock(None))));
                }
                Err(error) => return Err(error),
            };
            let taken = file.try_lock_shared();
            (file, taken)
        } else {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            let taken = file.try_lock();
            (file, taken)
        };
        match taken {
            Ok(()) => Ok(Some(Box::new(RealLock(Some(file))))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The lock ends when the file is closed.
#[derive(Debug)]
struct RealLock(#[expect(dead_code, reason = "held for its lock")] Option<File>);

impl DiskLock for RealLock {}

#[derive(Debug)]
struct RealFile {
    file: File,
    direct: Option<File>,
    /// Cleared when the file system turns out to refuse direct writes.
    use_direct: AtomicBool,
}

fn aligned(offset: u64, data: &[u8]) -> bool {
    offset.is_multiple_of(ALIGN as u64)
        && data.len().is_multiple_of(ALIGN)
        && data.as_ptr().addr().is_multiple_of(ALIGN)
}

#[cfg(unix)]
fn read_some(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

#[cfg(unix)]
fn write_some(file: &File, offset: u64, data: &[u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, data, offset)
}

#[cfg(windows)]
fn read_some(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}

#[cfg(windows)]
fn write_some(file: &File, offset: u64, data: &[u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, data, offset)
}

/// Reads until the slice is full or the file ends.
pub(super) fn read_full(file: &File, mut offset: u64, out: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read_some(file, offset, rest) {
            Ok(0) => break,
            Ok(read) => {
                done += read;
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn write_all(file: &File, mut offset: u64, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        match write_some(file, offset, data) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                offset += written as u64;
                data = data.get(written..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl DiskFile for RealFile {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        read_full(&self.file, offset, out)
    }

    fn read_to_vec(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        platform::read_to_vec(&self.file, offset, len)
    }

    fn is_cached(&self, offset: u64, len: u64) -> bool {
        platform::is_cached(&self.file, offset, len)
    }

    fn read_cached(&self, offset: u64, len: usize) -> Option<Vec<u8>> {
        platform::read_cached(&self.file, offset, len)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if let Some(direct) = &self.direct
            && self.use_direct.load(Ordering::Relaxed)
            && aligned(offset, data)
        {
            match write_all(direct, offset, data) {
                // Some file systems take the flag and refuse the write.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    self.use_direct.store(false, Ordering::Relaxed);
                }
                other => return other,
            }
        }
        write_all(&self.file, offset, data)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.metadata().map(|metadata| metadata.len())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let now = self.len()?;
        if len > now {
            platform::allocate(&self.file, now, len)
        } else {
            Ok(())
        }
    }
}
