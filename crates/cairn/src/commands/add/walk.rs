//! Walks the files to add.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use cairn_client::{Content, Part, UploadError};

use super::super::files::{base_name, unreadable};
use super::ignore::Ignore;
use super::{listing, metadata};
use crate::error::Problem;

/// What is taken.
#[derive(Clone, Debug, Default)]
pub(super) struct WalkRules {
    /// Add directories recursively.
    pub(super) recursive: bool,
    /// Include hidden files.
    pub(super) hidden: bool,
    /// The ignore rules.
    pub(super) ignore: Ignore,
    /// Follow links given as arguments.
    pub(super) follow_arguments: bool,
    /// Follow all links.
    pub(super) follow_all: bool,
    /// Send the paths of files to the server.
    pub(super) absolute_paths: bool,
}

/// A path of the command line.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// The path.
    pub(super) path: PathBuf,
    /// The name under which it is sent.
    pub(super) name: Vec<u8>,
}

impl Root {
    /// Examines a path of the command line.
    pub(super) fn find(given: &Path, rules: &WalkRules) -> Result<Self, Problem> {
        let failed = |error: io::Error| unreadable(given, &error);
        // A path without a name (`.`, `..`, `/`) gets the name of its directory.
        let nameless = given.file_name().is_none();
        let path = if nameless || rules.follow_arguments || rules.follow_all {
            fs::canonicalize(given).map_err(failed)?
        } else {
            given.to_owned()
        };
        let found = fs::symlink_metadata(&path).map_err(failed)?;
        if found.is_dir() && !rules.recursive {
            return Err(Problem::failed(format!(
                "'{}' is a directory, use the '-r' flag to specify directories",
                given.display()
            )));
        }
        Ok(Self {
            name: base_name(&path),
            path,
        })
    }
}

/// The entries of a root in Kubo's order: a directory, then its entries sorted by name.
pub(super) struct Walk {
    rules: Arc<WalkRules>,
    root: Option<Root>,
    name: Vec<u8>,
    folders: Vec<Folder>,
}

/// A directory that is being walked.
struct Folder {
    path: PathBuf,
    name: Vec<u8>,
    /// The remaining entries, the next one last.
    left: Vec<std::ffi::OsString>,
}

impl Walk {
    pub(super) fn new(root: Root, rules: Arc<WalkRules>) -> Self {
        Self {
            rules,
            name: root.name.clone(),
            root: Some(root),
            folders: Vec::new(),
        }
    }

    /// The name of the root.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// The next path and its name.
    fn step(&mut self) -> Option<(PathBuf, Vec<u8>, bool)> {
        if let Some(root) = self.root.take() {
            return Some((root.path, root.name, true));
        }
        while let Some(folder) = self.folders.last_mut() {
            let Some(next) = folder.left.pop() else {
                self.folders.pop();
                continue;
            };
            let hidden = next.as_bytes().starts_with(b".") && !self.rules.hidden;
            if hidden || self.rules.ignore.leaves_out(&next) {
                continue;
            }
            let name = [folder.name.as_slice(), b"/", next.as_bytes()].concat();
            return Some((folder.path.join(&next), name, false));
        }
        None
    }

    fn metadata_of(&self, path: &Path) -> io::Result<Metadata> {
        let found = fs::symlink_metadata(path)?;
        if found.is_symlink() && self.rules.follow_all {
            fs::metadata(path)
        } else {
            Ok(found)
        }
    }

    fn enter(&mut self, path: &Path, name: &[u8]) -> io::Result<()> {
        let mut left = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        left.sort_unstable_by(|one, other| other.cmp(one));
        self.folders.push(Folder {
            path: path.to_owned(),
            name: name.to_owned(),
            left,
        });
        Ok(())
    }

    fn part(&mut self, path: &Path, name: Vec<u8>, is_root: bool) -> Result<Part, UploadError> {
        let failed = |source| listing(path, source);
        let found = self.metadata_of(path).map_err(failed)?;
        let kind = found.file_type();
        let content = if kind.is_dir() {
            self.enter(path, &name).map_err(failed)?;
            Content::Directory
        } else if kind.is_symlink() {
            Content::Symlink(
                fs::read_link(path)
                    .map_err(failed)?
                    .as_os_str()
                    .as_bytes()
                    .to_vec(),
            )
        } else if kind.is_file() || is_root && kind.is_fifo() {
            Content::File(path.to_owned())
        } else {
            return Err(failed(io::Error::other(
                "it is neither a file, nor a folder, nor a symlink",
            )));
        };
        let absolute_path = (self.rules.absolute_paths && kind.is_file())
            .then(|| std::path::absolute(path).map_err(failed))
            .transpose()?;
        let mut metadata = metadata(&found);
        if kind.is_symlink() {
            metadata.mode = Some(0o777);
        }
        Ok(Part {
            name,
            content,
            metadata,
            absolute_path,
        })
    }
}

impl Iterator for Walk {
    type Item = Result<Part, UploadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (path, name, is_root) = self.step()?;
        Some(self.part(&path, name, is_root))
    }
}

/// Sums up the sizes of all files in a thread. Unreadable files are not counted; adding them reports the error.
pub(super) fn size_of(roots: Vec<Root>, rules: Arc<WalkRules>) -> mpsc::Receiver<u64> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let parts = roots
            .into_iter()
            .flat_map(|root| Walk::new(root, Arc::clone(&rules)))
            .flatten();
        let size = |part: Part| match part.content {
            Content::File(path) => fs::metadata(path).map_or(0, |found| found.len()),
            _ => 0,
        };
        let _ = tell.send(parts.map(size).sum());
    });
    told
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(path: &Path, rules: WalkRules) -> Vec<String> {
        let rules = WalkRules {
            recursive: true,
            ..rules
        };
        let shown = |part: Part| {
            let kind = match part.content {
                Content::Directory => "d",
                Content::Symlink(_) => "l",
                _ => "f",
            };
            format!("{kind} {}", String::from_utf8(part.name).unwrap())
        };
        let rules = Arc::new(rules);
        Walk::new(Root::find(path, &rules).unwrap(), rules)
            .map(|part| shown(part.unwrap()))
            .collect()
    }

    #[test]
    fn walks_in_order_and_passes_over_what_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        fs::create_dir_all(top.join("b/deep")).unwrap();
        fs::create_dir_all(top.join("empty")).unwrap();
        for file in ["a", "b/1", "b/deep/2", ".hidden", "b-", "c"] {
            fs::write(top.join(file), file).unwrap();
        }
        symlink("a", top.join("link")).unwrap();
        symlink("b", top.join("way")).unwrap();
        assert_eq!(
            names(&top, WalkRules::default()),
            [
                "d top",
                "f top/a",
                "d top/b",
                "f top/b/1",
                "d top/b/deep",
                "f top/b/deep/2",
                "f top/b-",
                "f top/c",
                "d top/empty",
                "l top/link",
                "l top/way"
            ]
        );
        assert_eq!(
            names(
                &top,
                WalkRules {
                    hidden: true,
                    ..WalkRules::default()
                }
            )
            .iter()
            .filter(|name| name.ends_with(".hidden"))
            .count(),
            1
        );
        let followed = names(
            &top,
            WalkRules {
                follow_all: true,
                ..WalkRules::default()
            },
        );
        assert!(
            followed.contains(&"f top/link".to_owned())
                && followed.contains(&"f top/way/deep/2".to_owned()),
            "{followed:?}"
        );
        assert_eq!(
            names(&top.join(".hidden"), WalkRules::default()),
            ["f .hidden"]
        );
        assert_eq!(names(&top.join("way"), WalkRules::default()), ["l way"]);
        assert_eq!(
            names(
                &top.join("way"),
                WalkRules {
                    follow_arguments: true,
                    ..WalkRules::default()
                }
            )
            .first()
            .unwrap(),
            "d b"
        );
        assert_eq!(
            names(&top.join("b/.."), WalkRules::default())
                .first()
                .unwrap(),
            "d top"
        );
    }

    #[test]
    fn folders_need_the_flag_and_devices_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Root::find(folder.path(), &WalkRules::default()).is_err());
        let socket = folder.path().join("socket");
        let _held = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let rules = Arc::new(WalkRules::default());
        let root = Root::find(&socket, &rules).unwrap();
        assert!(Walk::new(root, rules).next().unwrap().is_err());
    }

    #[test]
    fn sizes_add_up() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), [0; 100]).unwrap();
        fs::write(folder.path().join("b"), [0; 23]).unwrap();
        let rules = Arc::new(WalkRules {
            recursive: true,
            ..WalkRules::default()
        });
        assert_eq!(
            size_of(vec![Root::find(folder.path(), &rules).unwrap()], rules).recv(),
            Ok(123)
        );
    }
}
