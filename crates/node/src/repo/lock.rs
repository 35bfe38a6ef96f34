//! The lock of a repository.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use super::{Access, RepoError, io_error};

/// Name of the lock file, as in Kubo.
const FILE: &str = "repo.lock";

/// How often, and after which time, a lock that names no holder is tried again.
const RELEASE_ATTEMPTS: u32 = 20;
const RELEASE_PAUSE: Duration = Duration::from_millis(10);

/// A lock of a repository: exclusive for one writer, or shared by readers. Released with the value or the process.
///
/// The file is not removed: otherwise two processes could lock two files of the same name.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    exclusive: bool,
}

impl Lock {
    /// Locks a repository, or fails immediately if a process holds it. `None` on a read-only file system, where nobody can
    /// write.
    ///
    /// A lock that names nobody was just taken or released: a process that is being started by its last holder has a copy of
    /// its files for a moment. Such a lock is tried again, for at most 200 ms.
    pub(super) fn take(repo: &Path, access: Access) -> Result<Option<Self>, RepoError> {
        let path = repo.join(FILE);
        let exclusive = access == Access::ReadWrite;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(&path) {
            Ok(file) => file,
            Err(error) if exclusive => return Err(io_error("lock", &path, error)),
            Err(_) => match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(io_error("lock", &path, error)),
            },
        };
        let mut attempts = 0;
        loop {
            let locked = if exclusive {
                file.try_lock()
            } else {
                file.try_lock_shared()
            };
            match locked {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let pid = holder(&mut file);
                    if pid.is_none() && attempts < RELEASE_ATTEMPTS {
                        attempts += 1;
                        std::thread::sleep(RELEASE_PAUSE);
                        continue;
                    }
                    return Err(RepoError::Locked {
                        path: repo.to_owned(),
                        pid,
                    });
                }
                Err(TryLockError::Error(error)) => return Err(io_error("lock", &path, error)),
            }
        }
        if exclusive {
            // For the error message of other processes; not needed for the lock.
            if let Err(error) = sign(&mut file) {
                tracing::debug!(%error, path = %path.display(), "the lock does not name this process");
            }
        }
        Ok(Some(Self { file, exclusive }))
    }

    /// Whether a writing process holds the lock; `None` if it was never locked.
    pub(super) fn is_held(repo: &Path) -> Result<Option<bool>, RepoError> {
        let path = repo.join(FILE);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("lock", &path, error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(false)),
            Err(TryLockError::WouldBlock) => Ok(Some(true)),
            Err(TryLockError::Error(error)) => Err(io_error("lock", &path, error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.exclusive {
            // A stale process ID would mislead; the next one that locks writes its own.
            drop(self.file.set_len(0));
        }
    }
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// The process ID in the lock file.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
