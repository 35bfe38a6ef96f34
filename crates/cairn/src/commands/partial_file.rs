//! A file that gets its name when it is complete.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How many temporary names are tried.
const TRIES: u32 = 100;

/// A file under a temporary name. It is removed on drop, unless it was finished.
pub(super) struct PartialFile {
    file: File,
    /// The temporary name; `None` if the target is written directly.
    temporary: Option<PathBuf>,
    target: PathBuf,
}

impl PartialFile {
    /// Creates it in the directory of the target. A target that is no regular file, such as a device, is opened itself.
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        // A link stays, and the file that it names is replaced.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let before = fs::metadata(&target).ok();
        if before.as_ref().is_some_and(|before| !before.is_file()) {
            return Ok(Self {
                file: File::create(&target)?,
                temporary: None,
                target,
            });
        }
        let (file, temporary) = temporary(&target)?;
        let partial = Self {
            file,
            temporary: Some(temporary),
            target,
        };
        if let Some(before) = before {
            partial.file.set_permissions(before.permissions())?;
        }
        Ok(partial)
    }

    /// Appends bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives it its name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.target)?;
            self.temporary = None;
        }
        Ok(())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing more can be done if this fails.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// A new file beside the target.
fn temporary(target: &Path) -> io::Result<(File, PathBuf)> {
    let process = std::process::id();
    let mut number = 0;
    loop {
        let path = target.with_file_name(format!(".cairn-{process:08x}{number:08x}"));
        match File::create_new(&path) {
            // Left by a process that was killed and had the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < TRIES => {
                number += 1;
            }
            made => return Ok((made?, path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_file_has_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("t.tar");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        let mut file = PartialFile::create(&target).unwrap();
        file.write(b"half").unwrap();
        assert!(!target.exists());
        assert_eq!(names(), 1);
        drop(file);
        assert_eq!(names(), 0);

        for text in ["first", "second"] {
            let mut file = PartialFile::create(&target).unwrap();
            file.write(text.as_bytes()).unwrap();
            file.finish().unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
            assert_eq!(names(), 1);
        }
        PartialFile::create(Path::new("/dev/null"))
            .unwrap()
            .finish()
            .unwrap();
        assert!(PartialFile::create(folder.path()).is_err());
    }
}
