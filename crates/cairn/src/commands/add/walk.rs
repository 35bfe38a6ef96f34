//! The files and directories of the command line.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use cairn_client::upload::{Walk, WalkOptions};
use cairn_client::{Content, Part};

use super::super::files::{base_name, unreadable};
use crate::error::Problem;

/// A path of the command line.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Root {
    /// The path.
    pub(in crate::commands) path: PathBuf,
    /// The name under which it is sent.
    pub(in crate::commands) name: Vec<u8>,
}

impl Root {
    /// Examines a path of the command line. `follow` resolves links.
    pub(in crate::commands) fn find(
        given: &Path,
        recursive: bool,
        follow: bool,
    ) -> Result<Self, Problem> {
        let failed = |error: io::Error| unreadable(given, &error);
        // A path without a name (`.`, `..`, `/`) gets the name of its directory.
        let nameless = given.file_name().is_none();
        let path = if nameless || follow {
            fs::canonicalize(given).map_err(failed)?
        } else {
            given.to_owned()
        };
        let found = fs::symlink_metadata(&path).map_err(failed)?;
        if found.is_dir() && !recursive {
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

    /// The parts to send.
    pub(in crate::commands) fn walk(self, options: &WalkOptions) -> Walk {
        Walk::new(self.path, self.name, options.clone())
    }
}

/// Sums up the sizes of all files in a thread. Unreadable files are not counted; adding them reports the error.
pub(in crate::commands) fn size_of(roots: Vec<Root>, options: WalkOptions) -> mpsc::Receiver<u64> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let parts = roots
            .into_iter()
            .flat_map(|root| root.walk(&options))
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
    use super::*;

    #[test]
    fn folders_need_the_flag() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Root::find(folder.path(), false, false).is_err());
        let top = folder.path().join("top");
        fs::create_dir_all(top.join("b")).unwrap();
        std::os::unix::fs::symlink("b", top.join("way")).unwrap();
        let name =
            |path: &str, follow: bool| Root::find(&top.join(path), true, follow).unwrap().name;
        assert_eq!(name("way", false), b"way");
        assert_eq!(name("way", true), b"b");
        assert_eq!(name("b/..", false), b"top");
    }

    #[test]
    fn sizes_add_up() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), [0; 100]).unwrap();
        fs::write(folder.path().join("b"), [0; 23]).unwrap();
        let root = Root::find(folder.path(), true, false).unwrap();
        let mut options = WalkOptions::default();
        options.recursive = true;
        assert_eq!(size_of(vec![root], options).recv(), Ok(123));
    }
}
