//! Walks local files and folders in the order in which they are sent.
//!
//! A client turns what comes out into the parts of a multipart body. Uses nothing but the standard library.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Folders that may lie within each other: a bound for links that lead back to where they are.
const MAX_DEPTH: usize = 512;

/// Why a walk stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// A file or folder could not be read.
    #[error("cannot read {path}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder was named, but folders were not asked for.
    #[error("'{path}' is a directory, use the '-r' flag to specify directories")]
    IsDirectory {
        /// Which.
        path: PathBuf,
    },
    /// Neither a file, a folder nor a link: a socket, a device, a pipe.
    #[error("unrecognized file type for {path}")]
    Unsupported {
        /// Which.
        path: PathBuf,
    },
    /// A name that is not Unicode cannot be sent.
    #[error("the name of {path} is not valid Unicode")]
    Name {
        /// Which.
        path: PathBuf,
    },
    /// Folders lie too deep in each other, or links lead in a circle.
    #[error("{path} lies more than {MAX_DEPTH} folders deep")]
    TooDeep {
        /// Which.
        path: PathBuf,
    },
}

/// What to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkOptions {
    /// Whether folders are entered; without it a folder is an error.
    pub recursive: bool,
    /// Whether names that begin with a dot are taken, below the path that was named.
    pub hidden: bool,
    /// Whether links are replaced by what they point at; without it they are kept as links.
    pub dereference: bool,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalKind {
    /// A file; its bytes are to be read from [`LocalEntry::source`].
    File {
        /// Its size in bytes when it was looked at.
        size: u64,
    },
    /// A folder; what it holds follows.
    Directory,
    /// A symbolic link.
    Symlink {
        /// Where it points, as it says.
        target: String,
    },
}

/// A file, folder or link that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalEntry {
    /// Name in the import: the last part of the path that was named, then the path below it, with `/` between.
    pub name: String,
    /// Where it is on this machine.
    pub source: PathBuf,
    /// What it is.
    pub kind: LocalKind,
    /// Unix permissions; 0 where the system has none.
    pub mode: u32,
    /// Time of the last change: seconds since the epoch and nanoseconds.
    pub mtime: Option<(i64, u32)>,
}

/// Walks a path: a folder before what it holds, names in byte order.
///
/// Each folder is listed when it is reached; memory is proportional to the names of the folders that are open. After an
/// error the walk is over.
#[derive(Debug)]
pub struct Walk {
    options: WalkOptions,
    /// Entries that are still to come, the next one last; each with its depth.
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    name: String,
    source: PathBuf,
    depth: usize,
}

impl Walk {
    /// Starts at a path, under a name.
    #[must_use]
    pub fn new(path: &Path, name: &str, options: WalkOptions) -> Self {
        let root = Pending {
            name: name.to_owned(),
            source: path.to_owned(),
            depth: 0,
        };
        Self {
            options,
            pending: vec![root],
        }
    }

    fn visit(&mut self, at: Pending) -> Result<LocalEntry, WalkError> {
        let Pending {
            name,
            source,
            depth,
        } = at;
        let metadata = if self.options.dereference {
            fs::metadata(&source)
        } else {
            fs::symlink_metadata(&source)
        };
        let metadata = metadata.map_err(|error| unreadable(&source, error))?;
        let kind = if metadata.is_dir() {
            if !self.options.recursive {
                return Err(WalkError::IsDirectory { path: source });
            }
            self.enter(&name, &source, depth + 1)?;
            LocalKind::Directory
        } else if metadata.is_file() {
            LocalKind::File {
                size: metadata.len(),
            }
        } else if metadata.is_symlink() {
            let target = fs::read_link(&source).map_err(|error| unreadable(&source, error))?;
            let target = target
                .into_os_string()
                .into_string()
                .map_err(|_| WalkError::Name {
                    path: source.clone(),
                })?;
            LocalKind::Symlink { target }
        } else {
            return Err(WalkError::Unsupported { path: source });
        };
        Ok(LocalEntry {
            name,
            kind,
            mode: mode(&metadata),
            mtime: metadata.modified().ok().map(since_epoch),
            source,
        })
    }

    fn enter(&mut self, name: &str, source: &Path, depth: usize) -> Result<(), WalkError> {
        if depth > MAX_DEPTH {
            return Err(WalkError::TooDeep {
                path: source.to_owned(),
            });
        }
        let mut names: Vec<OsString> = fs::read_dir(source)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect())
            .map_err(|error| unreadable(source, error))?;
        names.sort_unstable_by(|one, other| one.as_encoded_bytes().cmp(other.as_encoded_bytes()));
        for child in names.into_iter().rev() {
            let hidden = child.as_encoded_bytes().starts_with(b".");
            if hidden && !self.options.hidden {
                continue;
            }
            let source = source.join(&child);
            let Ok(child) = child.into_string() else {
                return Err(WalkError::Name { path: source });
            };
            self.pending.push(Pending {
                name: format!("{name}/{child}"),
                source,
                depth,
            });
        }
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Result<LocalEntry, WalkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.pending.pop()?;
        let entry = self.visit(at);
        if entry.is_err() {
            self.pending.clear();
        }
        Some(entry)
    }
}

fn unreadable(path: &Path, source: io::Error) -> WalkError {
    WalkError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_metadata: &Metadata) -> u32 {
    0
}

fn since_epoch(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (
            i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            after.subsec_nanos(),
        ),
        Err(before) => {
            let before = before.duration();
            let seconds = -i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (seconds, 0),
                nanos => (seconds - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ALL: WalkOptions = WalkOptions {
        recursive: true,
        hidden: true,
        dereference: false,
    };

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::write(root.join("b"), b"bee").unwrap();
        fs::write(root.join("a"), b"").unwrap();
        fs::write(root.join(".hidden"), b"h").unwrap();
        fs::write(root.join("sub/deep/x y"), b"xy").unwrap();
        folder
    }

    fn names(walk: Walk) -> Vec<String> {
        walk.map(|entry| entry.unwrap().name).collect()
    }

    #[test]
    fn walks_in_order() {
        let folder = folder();
        let all = names(Walk::new(folder.path(), "d", ALL));
        assert_eq!(
            all,
            [
                "d",
                "d/.hidden",
                "d/a",
                "d/b",
                "d/sub",
                "d/sub/deep",
                "d/sub/deep/x y"
            ]
        );
        let visible = names(Walk::new(
            folder.path(),
            "d",
            WalkOptions {
                hidden: false,
                ..ALL
            },
        ));
        assert_eq!(
            visible,
            ["d", "d/a", "d/b", "d/sub", "d/sub/deep", "d/sub/deep/x y"]
        );
        let b = Walk::new(folder.path(), "d", ALL).nth(3).unwrap().unwrap();
        assert_eq!(b.kind, LocalKind::File { size: 3 });
        assert!(b.mtime.is_some());
    }

    #[test]
    fn refuses_folders_unless_asked() {
        let folder = folder();
        let mut walk = Walk::new(
            folder.path(),
            "d",
            WalkOptions {
                recursive: false,
                ..ALL
            },
        );
        assert!(matches!(
            walk.next(),
            Some(Err(WalkError::IsDirectory { .. }))
        ));
        assert!(walk.next().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn keeps_or_follows_links() {
        let folder = folder();
        std::os::unix::fs::symlink("b", folder.path().join("ln")).unwrap();
        let find = |options| {
            Walk::new(folder.path(), "d", options)
                .map(Result::unwrap)
                .find(|entry| entry.name == "d/ln")
        };
        assert_eq!(
            find(ALL).unwrap().kind,
            LocalKind::Symlink { target: "b".into() }
        );
        let followed = find(WalkOptions {
            dereference: true,
            ..ALL
        })
        .unwrap();
        assert_eq!(followed.kind, LocalKind::File { size: 3 });
    }

    #[cfg(unix)]
    #[test]
    fn ends_in_a_circle_of_links() {
        let folder = folder();
        std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
        let last = Walk::new(
            folder.path(),
            "d",
            WalkOptions {
                dereference: true,
                ..ALL
            },
        )
        .last()
        .unwrap();
        assert!(last.is_err());
    }

    #[test]
    fn counts_from_the_epoch() {
        assert_eq!(since_epoch(UNIX_EPOCH + Duration::new(5, 7)), (5, 7));
        assert_eq!(since_epoch(UNIX_EPOCH - Duration::new(5, 0)), (-5, 0));
        assert_eq!(
            since_epoch(UNIX_EPOCH - Duration::new(4, 999_999_993)),
            (-5, 7)
        );
    }
}
