//! Writes below a directory without following links out of it.
//!
//! Every step opens a name inside an open directory with `O_NOFOLLOW`: whatever an archive or another process
//! creates, nothing outside is touched.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps, fchmod, futimens, mkdirat, openat,
    renameat, statat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// Permission bits that are taken from content: set-user-ID and similar bits are not.
const PERMISSIONS: u32 = 0o777;

/// An open directory.
#[derive(Debug)]
pub(super) struct OpenFolder(OwnedFd);

impl OpenFolder {
    /// A directory named by the user: links in its path are followed.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        Ok(Self(openat(
            CWD,
            path,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?))
    }

    /// Creates the directory named by the user, with its parents, and opens it unless it is a link.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self(openat(CWD, path, FOLDER, Mode::empty())?))
    }

    /// Opens a directory below this one.
    pub(super) fn beneath(&self, names: &[&[u8]]) -> io::Result<Self> {
        let mut found = self.0.try_clone()?;
        for name in names {
            found = openat(&found, OsStr::from_bytes(name), FOLDER, Mode::empty())?;
        }
        Ok(Self(found))
    }

    /// Creates a directory in this one, or opens an existing one.
    pub(super) fn folder(&self, name: &[u8]) -> io::Result<()> {
        match mkdirat(&self.0, OsStr::from_bytes(name), Mode::from_raw_mode(0o755)) {
            Err(Errno::EXIST) => self.beneath(&[name]).map(drop),
            made => Ok(made?),
        }
    }

    /// Writes a file into this directory atomically, replacing an existing one.
    pub(super) fn file(
        &self,
        name: &[u8],
        content: &mut dyn Read,
        mode: u32,
        mtime: (i64, u32),
    ) -> io::Result<u64> {
        let temporary = format!(".cairn-{:016x}", getrandom::u64()?);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file: File = openat(&self.0, &*temporary, flags, Mode::from_raw_mode(0o644))?.into();
        let written = self.fill(file, content, mode, mtime).and_then(|count| {
            self.clear_folder(name)?;
            renameat(&self.0, &*temporary, &self.0, OsStr::from_bytes(name))?;
            Ok(count)
        });
        if written.is_err() {
            let _ = unlinkat(&self.0, &*temporary, AtFlags::empty());
        }
        written
    }

    fn fill(
        &self,
        mut file: File,
        content: &mut dyn Read,
        mode: u32,
        mtime: (i64, u32),
    ) -> io::Result<u64> {
        let count = io::copy(content, &mut file)?;
        mark(&file, mode, mtime)?;
        Ok(count)
    }

    /// Creates a symlink in this directory, replacing an existing entry.
    pub(super) fn symlink(&self, name: &[u8], target: &[u8], mtime: (i64, u32)) -> io::Result<()> {
        let name = OsStr::from_bytes(name);
        self.clear_folder(name.as_bytes())?;
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        symlinkat(OsStr::from_bytes(target), &self.0, name)?;
        utimensat(&self.0, name, &times(mtime), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(())
    }

    /// Sets the mode and time of this directory.
    pub(super) fn mark(&self, mode: u32, mtime: (i64, u32)) -> io::Result<()> {
        mark(&self.0, mode, mtime)
    }

    /// Whether a name is a directory, not a link.
    pub(super) fn is_folder(path: &Path) -> bool {
        statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory)
    }

    /// Removes an empty directory that is in the way; fails if it is not empty.
    fn clear_folder(&self, name: &[u8]) -> io::Result<()> {
        match unlinkat(&self.0, OsStr::from_bytes(name), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Number of directories that are kept open.
const NEAR: usize = 32;

/// The directories on the path that was opened last, at most [`NEAR`] of them: entries of a directory follow each
/// other, and would otherwise open it from the top again.
#[derive(Debug, Default)]
pub(super) struct FolderCache {
    /// The directories with their depths.
    open: VecDeque<(usize, OpenFolder)>,
    /// The path of the last one.
    names: Vec<Vec<u8>>,
    /// Number of directories that were opened.
    #[cfg(test)]
    pub(super) opened: usize,
}

impl FolderCache {
    /// The directory at a path from a root, which is the same each time. No directory inside it stays open.
    pub(super) fn folder<'a>(
        &'a mut self,
        root: &'a OpenFolder,
        names: &[&[u8]],
    ) -> io::Result<&'a OpenFolder> {
        let common = self
            .names
            .iter()
            .zip(names)
            .take_while(|(open, name)| open.as_slice() == **name)
            .count();
        while self.open.back().is_some_and(|(depth, _)| *depth > common) {
            self.open.pop_back();
        }
        self.names.truncate(common);
        let from = self.open.back().map_or(0, |(depth, _)| *depth);
        for (depth, name) in names.iter().enumerate().skip(from) {
            let outer = self.open.back().map_or(root, |(_, folder)| folder);
            let folder = outer.beneath(&[name])?;
            #[cfg(test)]
            {
                self.opened += 1;
            }
            self.open.push_back((depth + 1, folder));
            if self.open.len() > NEAR {
                self.open.pop_front();
            }
            if depth >= common {
                self.names.push(name.to_vec());
            }
        }
        Ok(self.open.back().map_or(root, |(_, folder)| folder))
    }
}

fn mark(file: impl AsFd, mode: u32, mtime: (i64, u32)) -> io::Result<()> {
    if mode & PERMISSIONS != 0 {
        fchmod(&file, Mode::from_raw_mode(mode & PERMISSIONS))?;
    }
    futimens(&file, &times(mtime))?;
    Ok(())
}

fn times((seconds, nanoseconds): (i64, u32)) -> Timestamps {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: i64::from(nanoseconds),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
