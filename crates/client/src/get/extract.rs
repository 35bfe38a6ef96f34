//! Unpacks archives from untrusted servers.
//!
//! An archive contains one file, one symlink, or one directory with everything else below it. As with `cp`, a file is
//! written into an existing directory, or gets the target's name.

use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Target;
use super::archive::{self, EntryKind, Head, display_path};
use super::folders::{FolderCache, OpenFolder};

/// Why an archive cannot be unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The archive cannot be read.
    #[error("the archive cannot be read")]
    Read(#[source] io::Error),
    /// It is not an archive.
    #[error("the archive is malformed: {0}")]
    Archive(&'static str),
    /// The archive is empty.
    #[error("the archive is empty")]
    Empty,
    /// A name that is outside the target.
    #[error("the archive contains the name {path:?}: {reason}")]
    Name {
        /// The name.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An entry that is neither a file, a directory nor a symlink.
    #[error("the archive contains {path:?}, which is neither a file, a directory nor a symlink")]
    Kind {
        /// Its name.
        path: String,
    },
    /// Something cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Extracts an archive. Nothing is written outside of the target, and symbolic links are not followed.
///
/// # Errors
///
/// Any [`ExtractError`]. Files that were written before remain.
pub fn extract(input: impl Read, target: &Target) -> Result<(), ExtractError> {
    let (place, within) = match target {
        Target::Path(path) if path == Path::new("/dev/null") => return Ok(()),
        Target::Path(path) => (path, false),
        Target::Within(path) => (path, true),
    };
    let mut unpacking = Extraction {
        target: place.clone(),
        within,
        root: None,
        near: FolderCache::default(),
        open: Vec::new(),
    };
    archive::each(input, |head, content| unpacking.entry(head, content))?;
    unpacking.finish()
}

struct Extraction {
    target: PathBuf,
    /// Whether the target is the directory to write into.
    within: bool,
    root: Option<Root>,
    near: FolderCache,
    /// The directories of the last entry: their modes and times are set after their last entry.
    open: Vec<Head>,
}

struct Root {
    /// Its name in the archive.
    name: Vec<u8>,
    /// The directory; `None` if the archive is one file or symlink.
    folder: Option<OpenFolder>,
}

impl Extraction {
    fn entry(&mut self, mut head: Head, content: &mut dyn Read) -> Result<(), ExtractError> {
        // Directories may end with a slash.
        if head.path.ends_with(b"/") {
            head.path.pop();
        }
        let path = head.path.clone();
        let names = names(&path)?;
        match &self.root {
            None => self.begin(head, content),
            Some(Root {
                folder: Some(_), ..
            }) => {
                self.leave(Some(&path))?;
                self.inside(&names, head, content)
            }
            Some(Root { folder: None, .. }) => Err(ExtractError::Archive(
                "there is more in it than its one file",
            )),
        }
    }

    /// The first entry, which becomes the target.
    fn begin(&mut self, head: Head, content: &mut dyn Read) -> Result<(), ExtractError> {
        if head.path.contains(&b'/') {
            return Err(refused(
                &head.path,
                "it is not in the folder that the archive begins with",
            ));
        }
        let within = self.within;
        if within {
            // The name is a single component, and neither `.` nor `..`.
            let folder = std::mem::take(&mut self.target);
            std::fs::create_dir_all(&folder).map_err(|source| ExtractError::Write {
                path: folder.clone(),
                source,
            })?;
            self.target = folder.join(std::ffi::OsStr::from_bytes(&head.path));
        }
        let failed = |source| unwritten(self.target.clone(), source);
        if head.kind == EntryKind::Directory {
            let folder = OpenFolder::make(&self.target).map_err(failed)?;
            self.root = Some(Root {
                name: head.path.clone(),
                folder: Some(folder),
            });
            self.open.push(head);
            return Ok(());
        }
        let (folder, name) = if !within && OpenFolder::is_folder(&self.target) {
            (OpenFolder::open(&self.target), head.path.clone())
        } else {
            let name = self
                .target
                .file_name()
                .map(|name| name.as_bytes().to_vec())
                .ok_or_else(|| refused(&head.path, "the target has no name"))?;
            (
                OpenFolder::open(self.target.parent().unwrap_or(Path::new(""))),
                name,
            )
        };
        let folder = folder.map_err(failed)?;
        match &head.kind {
            EntryKind::Symlink(target) => {
                folder.symlink(&name, target, head.mtime).map_err(failed)?;
            }
            EntryKind::File | EntryKind::Directory => {
                write(&folder, &name, content, &head).map_err(failed)?;
            }
        }
        self.root = Some(Root {
            name: head.path,
            folder: None,
        });
        Ok(())
    }

    /// An entry below the root directory of the archive.
    fn inside(
        &mut self,
        names: &[&[u8]],
        head: Head,
        content: &mut dyn Read,
    ) -> Result<(), ExtractError> {
        let Some(Root {
            name: root,
            folder: Some(folder),
        }) = &self.root
        else {
            return Err(ExtractError::Empty);
        };
        let Some(([first, above @ ..], last)) =
            names.split_last().map(|(last, above)| (above, last))
        else {
            return Err(refused(
                &head.path,
                "it is not in the folder that the archive begins with",
            ));
        };
        if *first != root.as_slice() {
            return Err(refused(
                &head.path,
                "it is not in the folder that the archive begins with",
            ));
        }
        let failed = |source| unwritten(place(&self.target, names), source);
        let parent = self.near.folder(folder, above).map_err(failed)?;
        match &head.kind {
            EntryKind::Directory => parent.folder(last).map_err(failed)?,
            EntryKind::File => write(parent, last, content, &head).map_err(failed)?,
            EntryKind::Symlink(target) => {
                parent.symlink(last, target, head.mtime).map_err(failed)?;
            }
        }
        if head.kind == EntryKind::Directory {
            self.open.push(head);
        }
        Ok(())
    }

    /// Sets mode and time of the directories that do not contain the next entry; of all, if there is none.
    fn leave(&mut self, next: Option<&[u8]>) -> Result<(), ExtractError> {
        let holds = |folder: &Head| {
            next.and_then(|next| next.strip_prefix(folder.path.as_slice()))
                .is_some_and(|rest| rest.starts_with(b"/"))
        };
        while self.open.last().is_some_and(|folder| !holds(folder)) {
            let (
                Some(head),
                Some(Root {
                    folder: Some(root), ..
                }),
            ) = (self.open.pop(), &self.root)
            else {
                break;
            };
            let names = names(&head.path)?;
            let beneath = names.get(1..).unwrap_or_default();
            self.near
                .folder(root, beneath)
                .and_then(|folder| folder.mark(head.mode, head.mtime))
                .map_err(|source| ExtractError::Write {
                    path: place(&self.target, &names),
                    source,
                })?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), ExtractError> {
        self.leave(None)?;
        if self.root.is_some() {
            Ok(())
        } else {
            Err(ExtractError::Empty)
        }
    }
}

/// The error of an entry that could not be written, or is truncated.
fn unwritten(path: PathBuf, source: io::Error) -> ExtractError {
    if source.kind() == io::ErrorKind::UnexpectedEof {
        ExtractError::Archive(archive::CUT)
    } else {
        ExtractError::Write { path, source }
    }
}

/// The path of an entry, for messages.
fn place(target: &Path, names: &[&[u8]]) -> PathBuf {
    let beneath = names
        .iter()
        .skip(1)
        .map(|name| std::ffi::OsStr::from_bytes(name));
    beneath.fold(target.to_owned(), |path, name| path.join(name))
}

fn write(folder: &OpenFolder, name: &[u8], content: &mut dyn Read, head: &Head) -> io::Result<()> {
    folder.file(name, content, head.mode, head.mtime).map(drop)
}

/// The components of a path, all of them valid names.
fn names(path: &[u8]) -> Result<Vec<&[u8]>, ExtractError> {
    let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    for name in &names {
        let reason = match *name {
            b"" => "a part of it is empty",
            b"." | b".." => "it leads elsewhere",
            name if name.contains(&0) => "it holds a zero byte",
            _ => continue,
        };
        return Err(refused(path, reason));
    }
    Ok(names)
}

fn refused(path: &[u8], reason: &'static str) -> ExtractError {
    ExtractError::Name {
        path: display_path(path),
        reason,
    }
}
