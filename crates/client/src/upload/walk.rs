//! Walks local directories.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata as Found};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt as _};

use super::platform::{is_pipe, metadata, target};
use super::source::name_of;
use super::{Content, Matcher, Part, UploadError};

/// Number of parts that are listed at once.
const BATCH: usize = 256;

/// How symbolic links in directories are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Symlinks {
    /// They are ignored.
    #[default]
    Skip,
    /// They are sent as symbolic links.
    Keep,
    /// They are followed.
    Follow,
}

/// Options for walking directories.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WalkOptions {
    /// Whether subdirectories are walked; otherwise they are sent empty.
    pub recursive: bool,
    /// Whether hidden files are included.
    pub hidden: bool,
    /// How symbolic links are handled.
    pub symlinks: Symlinks,
    /// Whether the root is followed if it is a symbolic link.
    pub follow_root: bool,
    /// Whether special files (sockets, pipes, devices) are an error; otherwise they are ignored.
    pub refuse_special: bool,
    /// Whether the absolute paths of files are sent, for `nocopy`.
    pub absolute_paths: bool,
    /// Selects files and directories.
    pub matcher: Option<Arc<dyn Matcher>>,
}

impl Default for WalkOptions {
    /// Not recursive, with hidden files, without symbolic links and special files.
    fn default() -> Self {
        Self {
            recursive: false,
            hidden: true,
            symlinks: Symlinks::Skip,
            follow_root: true,
            refuse_special: false,
            absolute_paths: false,
            matcher: None,
        }
    }
}

/// Iterator over the parts of a file or directory in the order of Kubo: a directory, then its entries sorted by name.
#[derive(Debug)]
pub struct Walk {
    options: WalkOptions,
    root: Option<(PathBuf, Vec<u8>)>,
    name: Vec<u8>,
    folders: Vec<Folder>,
    ready: VecDeque<Part>,
}

/// A directory that is being walked.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    name: Vec<u8>,
    /// Path relative to the root, for matchers.
    relative: PathBuf,
    /// The remaining entries, the next one last.
    left: Vec<OsString>,
    /// The part of the directory, if it is only sent together with a matching entry.
    waiting: Option<Part>,
}

impl Walk {
    /// Walks a path. The names of the parts start with `name`.
    #[must_use]
    pub fn new(path: PathBuf, name: Vec<u8>, options: WalkOptions) -> Self {
        Self {
            options,
            name: name.clone(),
            root: Some((path, name)),
            folders: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The same, with the last component of the path as the default name. A path without a name (`.`, `..`, `/`) gets the name of its
    /// directory.
    pub(super) fn of(
        path: &Path,
        name: Option<Vec<u8>>,
        options: WalkOptions,
    ) -> Result<Self, UploadError> {
        let name = match name {
            Some(name) => name,
            None if path.file_name().is_none() => {
                name_of(&fs::canonicalize(path).map_err(|source| UploadError::Open {
                    path: path.to_owned(),
                    source,
                })?)
            }
            None => name_of(path),
        };
        Ok(Self::new(path.to_owned(), name, options))
    }

    /// The name of the root.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The parts as a stream. Directories are read in a blocking thread.
    pub(super) fn into_stream(self) -> BoxStream<'static, Result<Part, UploadError>> {
        stream::unfold(Some(self), |walk| async {
            let mut walk = walk?;
            let batch = tokio::task::spawn_blocking(move || {
                let batch: Vec<_> = walk.by_ref().take(BATCH).collect();
                (batch, walk)
            });
            match batch.await {
                Ok((batch, _)) if batch.is_empty() => None,
                Ok((batch, walk)) => Some((stream::iter(batch), Some(walk))),
                Err(error) => {
                    let error = UploadError::List(Box::new(error));
                    Some((stream::iter(vec![Err(error)]), None))
                }
            }
        })
        .flatten()
        .boxed()
    }

    /// Finds more parts; `false` at the end.
    fn step(&mut self) -> Result<bool, UploadError> {
        if let Some((path, name)) = self.root.take() {
            self.begin(&path, name)?;
            return Ok(true);
        }
        let Some(folder) = self.folders.last_mut() else {
            return Ok(false);
        };
        let Some(next) = folder.left.pop() else {
            self.folders.pop();
            return Ok(true);
        };
        if next.as_encoded_bytes().starts_with(b".") && !self.options.hidden {
            return Ok(true);
        }
        let name = [folder.name.as_slice(), b"/", next.as_encoded_bytes()].concat();
        let (path, relative) = (folder.path.join(&next), folder.relative.join(&next));
        self.entry(path, name, relative)?;
        Ok(true)
    }

    fn begin(&mut self, path: &Path, name: Vec<u8>) -> Result<(), UploadError> {
        let failed = |source| UploadError::Open {
            path: path.to_owned(),
            source,
        };
        let follow = self.options.follow_root || self.options.symlinks == Symlinks::Follow;
        let found = if follow {
            fs::metadata(path)
        } else {
            fs::symlink_metadata(path)
        }
        .map_err(failed)?;
        if found.is_dir() {
            let part = self.part(path, name.clone(), Content::Directory, &found)?;
            self.ready.push_back(part);
            return self.enter(path.to_owned(), name, PathBuf::new(), None);
        }
        let kind = found.file_type();
        let content = if kind.is_symlink() {
            Content::Symlink(target(path)?)
        } else if kind.is_file() || is_pipe(kind) || !self.options.refuse_special {
            Content::File(path.to_owned())
        } else {
            return Err(special(path));
        };
        let part = self.part(path, name, content, &found)?;
        self.ready.push_back(part);
        Ok(())
    }

    fn entry(
        &mut self,
        path: PathBuf,
        name: Vec<u8>,
        relative: PathBuf,
    ) -> Result<(), UploadError> {
        let found = match self.look(&path) {
            Ok(found) => found,
            // A dangling link is ignored.
            Err(error)
                if self.options.symlinks == Symlinks::Follow
                    && !self.options.refuse_special
                    && error.kind() == io::ErrorKind::NotFound =>
            {
                return Ok(());
            }
            Err(error) => return Err(read(&path, error)),
        };
        let kind = found.file_type();
        if kind.is_dir() {
            return self.directory(path, name, relative, &found);
        }
        let content = if kind.is_symlink() {
            if self.options.symlinks == Symlinks::Skip {
                return Ok(());
            }
            Content::Symlink(target(&path)?)
        } else if kind.is_file() {
            Content::File(path.clone())
        } else if self.options.refuse_special {
            return Err(special(&path));
        } else {
            return Ok(());
        };
        if self.matches(&relative, false) {
            let part = self.part(&path, name, content, &found)?;
            self.send(part);
        }
        Ok(())
    }

    fn directory(
        &mut self,
        path: PathBuf,
        name: Vec<u8>,
        relative: PathBuf,
        found: &Found,
    ) -> Result<(), UploadError> {
        let part = self.part(&path, name.clone(), Content::Directory, found)?;
        let waiting = if self.matches(&relative, true) {
            self.send(part);
            None
        } else {
            Some(part)
        };
        let matcher = self.options.matcher.as_ref();
        if self.options.recursive && matcher.is_none_or(|matcher| matcher.enters(&relative)) {
            self.enter(path, name, relative, waiting)?;
        }
        Ok(())
    }

    fn matches(&self, relative: &Path, is_directory: bool) -> bool {
        let matcher = self.options.matcher.as_ref();
        matcher.is_none_or(|matcher| matcher.matches(relative, is_directory))
    }

    /// Queues a part, after the waiting directories above it.
    fn send(&mut self, part: Part) {
        let above = self
            .folders
            .iter_mut()
            .filter_map(|folder| folder.waiting.take());
        self.ready.extend(above);
        self.ready.push_back(part);
    }

    fn look(&self, path: &Path) -> io::Result<Found> {
        if self.options.symlinks == Symlinks::Follow {
            fs::metadata(path)
        } else {
            fs::symlink_metadata(path)
        }
    }

    fn enter(
        &mut self,
        path: PathBuf,
        name: Vec<u8>,
        relative: PathBuf,
        waiting: Option<Part>,
    ) -> Result<(), UploadError> {
        let mut left = fs::read_dir(&path)
            .and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| entry.file_name()))
                    .collect::<io::Result<Vec<_>>>()
            })
            .map_err(|source| read(&path, source))?;
        left.sort_unstable_by(|one, other| other.cmp(one));
        self.folders.push(Folder {
            path,
            name,
            relative,
            left,
            waiting,
        });
        Ok(())
    }

    fn part(
        &self,
        path: &Path,
        name: Vec<u8>,
        content: Content,
        found: &Found,
    ) -> Result<Part, UploadError> {
        let absolute_path = (self.options.absolute_paths && found.is_file())
            .then(|| std::path::absolute(path).map_err(|source| read(path, source)))
            .transpose()?;
        let mut metadata = metadata(found);
        if found.is_symlink() {
            metadata.mode = Some(0o777);
        }
        Ok(Part {
            metadata,
            absolute_path,
            ..Part::new(name, content)
        })
    }
}

impl Iterator for Walk {
    type Item = Result<Part, UploadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(part) = self.ready.pop_front() {
                return Some(Ok(part));
            }
            match self.step() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

pub(super) fn read(path: &Path, source: io::Error) -> UploadError {
    UploadError::Read {
        path: path.to_owned(),
        source,
    }
}

fn special(path: &Path) -> UploadError {
    read(
        path,
        io::Error::other("it is neither a file, nor a folder, nor a symlink"),
    )
}
