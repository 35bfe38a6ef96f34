//! Writing beneath a folder without ever following a link out of it.
//!
//! Every step goes from an open folder to a name within it, with `O_NOFOLLOW`: whatever an archive, or another process,
//! puts in the way, nothing outside is touched.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
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
/// Permission bits that are taken from content: set-user-id and its kin are not for strangers to set.
const PERMISSIONS: u32 = 0o777;

/// A folder that is open.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

impl Folder {
    /// A folder that the user named: links on the way are the user's own.
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

    /// Makes the folder that the user named, with all above it, and opens it unless it is a link.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self(openat(CWD, path, FOLDER, Mode::empty())?))
    }

    /// A folder beneath this one.
    pub(super) fn beneath(&self, names: &[&[u8]]) -> io::Result<Self> {
        let mut found = self.0.try_clone()?;
        for name in names {
            found = openat(&found, OsStr::from_bytes(name), FOLDER, Mode::empty())?;
        }
        Ok(Self(found))
    }

    /// Makes a folder in this one; one that is there is taken.
    pub(super) fn folder(&self, name: &[u8]) -> io::Result<()> {
        match mkdirat(&self.0, OsStr::from_bytes(name), Mode::from_raw_mode(0o755)) {
            Err(Errno::EXIST) => self.beneath(&[name]).map(drop),
            made => Ok(made?),
        }
    }

    /// Writes a file into this folder, in place of what has its name: whole, or not at all.
    pub(super) fn file(
        &self,
        name: &[u8],
        content: &mut dyn Read,
        mode: u32,
        mtime: (i64, u32),
    ) -> io::Result<u64> {
        let temporary = format!(".cairn-{:016x}", RandomState::new().hash_one(name));
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

    /// Makes a symlink in this folder, in place of what has its name.
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

    /// Gives this folder its mode and time.
    pub(super) fn mark(&self, mode: u32, mtime: (i64, u32)) -> io::Result<()> {
        mark(&self.0, mode, mtime)
    }

    /// Whether a name is that of a folder, no link.
    pub(super) fn is_folder(path: &Path) -> bool {
        statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory)
    }

    /// Removes an empty folder that is in the way; one that is not empty stays, and that is an error.
    fn clear_folder(&self, name: &[u8]) -> io::Result<()> {
        match unlinkat(&self.0, OsStr::from_bytes(name), AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Folders that are kept open.
const NEAR: usize = 32;

/// The innermost folders that were opened last, at most [`NEAR`] of them: members of one folder follow one another, and
/// each would else be opened from the top.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// With how many names lead to each.
    open: VecDeque<(usize, Folder)>,
    /// The names that lead to the last.
    names: Vec<Vec<u8>>,
    /// How many folders were opened.
    #[cfg(test)]
    pub(super) opened: usize,
}

impl Near {
    /// The folder to which names lead from a root, which is the same each time. No folder within it stays open.
    pub(super) fn folder<'a>(
        &'a mut self,
        root: &'a Folder,
        names: &[&[u8]],
    ) -> io::Result<&'a Folder> {
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
