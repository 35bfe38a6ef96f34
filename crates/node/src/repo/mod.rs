//! A repository: the folder that holds everything of a node.
//!
//! | file | holds |
//! |---|---|
//! | `config` | the configuration, with the node's private key |
//! | `version` | the version of this layout |
//! | `repo.lock` | the lock, and the id of the process that holds it |
//! | `blocks/` | the block store |
//! | `rows.sqlite` | the rows |
//! | `keystore/` | the private keys of names, one file each |
//! | `api`, `gateway` | where the node listens, while it runs |

mod error;
mod keys;
mod lock;
mod repair;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::RepoError;
pub use keys::{ReadKeyError, RotateError};
use lock::Lock;
use parking_lot::Mutex;
pub use repair::Repaired;

use crate::config::{ConfigError, ConfigFile};
use crate::durable;

/// The version of the layout.
const VERSION: u32 = 1;

/// What stands before the version in its file. Kubo's has a number alone, so that neither takes the other's.
const VERSION_PREFIX: &str = "cairn-repo@";

/// Most bytes of the `api` file that are read.
const ADDRESS_LIMIT: u64 = 2_048;

/// What a process wants of a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// To change it; nobody else may use it meanwhile.
    #[default]
    ReadWrite,
    /// To read it, beside others that read.
    ReadOnly,
}

/// An open repository. It is locked until [`Repo::close`], or until the value is dropped.
#[derive(Debug)]
pub struct Repo {
    path: PathBuf,
    access: Access,
    config: Arc<ConfigFile>,
    /// `None` once closed, and where nobody can write.
    lock: Mutex<Option<Lock>>,
}

impl Repo {
    /// Opens a repository.
    ///
    /// # Errors
    /// [`RepoError::Missing`], [`RepoError::Locked`] when another process uses it, [`RepoError::Kubo`],
    /// [`RepoError::Version`], [`RepoError::Config`].
    pub fn open(path: impl Into<PathBuf>, access: Access) -> Result<Self, RepoError> {
        let path = path.into();
        if !is_initialized(&path) {
            check_remains(&path)?;
            return Err(RepoError::Missing { path });
        }
        check_version(&path)?;
        let lock = Lock::take(&path, access)?;
        let config = Arc::new(ConfigFile::load(path.join(CONFIG))?);
        let repo = Self {
            path,
            access,
            config,
            lock: Mutex::new(lock),
        };
        // Whoever wrote them is gone: the lock was free.
        if access == Access::ReadWrite {
            remove_addresses(&repo.path);
            finished(&repo.path);
        }
        Ok(repo)
    }

    /// Checks that the block store is there: one that is missing is not made anew.
    pub(crate) fn check_parts(&self) -> Result<(), RepoError> {
        let blocks = self.blocks_path();
        match std::fs::metadata(&blocks) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(RepoError::Incomplete {
                    path: self.path.clone(),
                    missing: "block store (`blocks`)",
                    found: "a configuration",
                })
            }
            Ok(metadata) if metadata.is_dir() && !blocks.join("store.json").exists() => {
                Err(RepoError::Incomplete {
                    path: self.path.clone(),
                    missing: "identity of the block store (`blocks/store.json`)",
                    found: "a configuration",
                })
            }
            _ => Ok(()),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it was opened for.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &Arc<ConfigFile> {
        &self.config
    }

    /// Folder of the block store.
    #[must_use]
    pub fn blocks_path(&self) -> PathBuf {
        blocks_path(&self.path)
    }

    /// File of the rows.
    #[must_use]
    pub fn rows_path(&self) -> PathBuf {
        rows_path(&self.path)
    }

    /// Folder of the keys.
    #[must_use]
    pub fn keystore_path(&self) -> PathBuf {
        keystore_path(&self.path)
    }

    /// Tells other processes where the RPC listens, as a multiaddr; until the repository is closed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_api(&self, address: &str) -> Result<(), RepoError> {
        self.write_address(API, address)
    }

    /// Tells other processes where the gateway listens, as `http://HOST:PORT`; until the repository is closed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_gateway(&self, url: &str) -> Result<(), RepoError> {
        self.write_address(GATEWAY, url)
    }

    fn write_address(&self, file: &str, address: &str) -> Result<(), RepoError> {
        if self.access == Access::ReadOnly {
            return Err(RepoError::ReadOnly);
        }
        let path = self.path.join(file);
        durable::replace(&path, address.as_bytes()).map_err(|error| io_error("write", &path, error))
    }

    /// Removes the files that say where the node listens, and unlocks; also done when the value is dropped. Its parts have
    /// to be closed before.
    pub fn close(&self) {
        if let Some(lock) = self.lock.lock().take() {
            // Before the lock goes: after it, the files may be another process's.
            if self.access == Access::ReadWrite {
                remove_addresses(&self.path);
            }
            drop(lock);
        }
    }
}

impl Drop for Repo {
    fn drop(&mut self) {
        self.close();
    }
}

fn remove_addresses(repo: &Path) {
    for file in [API, GATEWAY] {
        let path = repo.join(file);
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %path.display(), "the file could not be removed");
        }
    }
}

const CONFIG: &str = "config";
const API: &str = "api";
const GATEWAY: &str = "gateway";

pub(crate) fn config_path(repo: &Path) -> PathBuf {
    repo.join(CONFIG)
}

pub(crate) fn blocks_path(repo: &Path) -> PathBuf {
    repo.join("blocks")
}

pub(crate) fn rows_path(repo: &Path) -> PathBuf {
    repo.join("rows.sqlite")
}

pub(crate) fn keystore_path(repo: &Path) -> PathBuf {
    repo.join("keystore")
}

fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> RepoError {
    RepoError::Io {
        action,
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

/// Whether a repository is at a path. The configuration is what is written last when one is made.
#[must_use]
pub fn is_initialized(path: &Path) -> bool {
    path.join(CONFIG).exists()
}

/// Where the RPC of a repository's node listens, as a multiaddr; `None` when no node runs.
///
/// An address in a folder without a repository is taken as it is: that is how a user names a node elsewhere.
///
/// # Errors
/// When the file cannot be read or holds no address.
pub fn running_api(path: &Path) -> Result<Option<String>, RepoError> {
    let file = path.join(API);
    let mut text = String::new();
    match std::fs::File::open(&file)
        .and_then(|file| file.take(ADDRESS_LIMIT).read_to_string(&mut text))
    {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("read", &file, error)),
    }
    let address = text.trim();
    if !address.starts_with('/') || text.len() as u64 == ADDRESS_LIMIT {
        return Err(RepoError::BadAddress { path: file });
    }
    if Lock::is_held(path)? == Some(false) {
        // A node that was killed left it.
        return Ok(None);
    }
    Ok(Some(address.to_owned()))
}

/// There while a repository is being made.
const UNFINISHED: &str = "init.unfinished";

/// Removes the mark of a repository that is being made.
fn finished(path: &Path) {
    let mark = path.join(UNFINISHED);
    if let Err(error) = std::fs::remove_file(&mark)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, file = %mark.display(), "the file could not be removed");
    }
}

/// Refuses what is left of a repository whose configuration is gone: making a new one would give it another key.
fn check_remains(path: &Path) -> Result<(), RepoError> {
    if path.join(UNFINISHED).exists() {
        return Ok(());
    }
    let found = if blocks_path(path).join("store.json").exists() {
        "a block store"
    } else if blocks_path(path).join("segments").exists() {
        "blocks"
    } else if rows_path(path).exists() {
        "pins"
    } else {
        return Ok(());
    };
    Err(RepoError::Incomplete {
        path: path.to_owned(),
        missing: "configuration (`config`)",
        found,
    })
}

fn check_version(path: &Path) -> Result<(), RepoError> {
    let file = path.join("version");
    let text = match std::fs::read(&file) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(RepoError::Version {
                path: path.to_owned(),
                found: error::NO_VERSION.to_owned(),
                known: VERSION,
            });
        }
        Err(error) => return Err(io_error("read", &file, error)),
    };
    let found = text.trim();
    if found
        .strip_prefix(VERSION_PREFIX)
        .is_some_and(|version| version.parse() == Ok(VERSION))
    {
        return Ok(());
    }
    if found.parse::<u32>().is_ok() {
        return Err(RepoError::Kubo {
            path: path.to_owned(),
        });
    }
    let newer = found
        .strip_prefix(VERSION_PREFIX)
        .is_some_and(|version| version.parse::<u32>().is_ok());
    Err(RepoError::Version {
        path: path.to_owned(),
        found: if newer {
            found.to_owned()
        } else {
            format!(
                "{}{:?}",
                error::DAMAGED,
                found.chars().take(40).collect::<String>()
            )
        },
        known: VERSION,
    })
}

/// A repository that is being made: it is locked, and none until [`Fresh::finish`].
pub(crate) struct Fresh {
    path: PathBuf,
    lock: Option<Lock>,
}

impl Fresh {
    /// Makes the folder and what lies in it, without the configuration. What an attempt that failed left is used again.
    pub(crate) fn begin(path: &Path) -> Result<Self, RepoError> {
        if is_initialized(path) {
            return Err(match check_version(path) {
                Err(error @ RepoError::Kubo { .. }) => error,
                _ => RepoError::Exists {
                    path: path.to_owned(),
                },
            });
        }
        make_folder(path)?;
        let lock = Lock::take(path, Access::ReadWrite)?;
        check_remains(path)?;
        // Another process may have made it while this one came to the lock.
        if is_initialized(path) {
            return Err(RepoError::Exists {
                path: path.to_owned(),
            });
        }
        // From here to the end a repository without a configuration is one that was not finished.
        let mark = path.join(UNFINISHED);
        durable::replace(&mark, b"").map_err(|error| io_error("write", &mark, error))?;
        let version = path.join("version");
        durable::replace(&version, format!("{VERSION_PREFIX}{VERSION}\n").as_bytes())
            .map_err(|error| io_error("write", &version, error))?;
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    /// Writes the configuration, which makes it a repository, and unlocks it.
    pub(crate) fn finish(self, config: &crate::config::Config) -> Result<(), ConfigError> {
        ConfigFile::create(&config_path(&self.path), config)?;
        finished(&self.path);
        drop(self.lock);
        Ok(())
    }
}

fn make_folder(path: &Path) -> Result<(), RepoError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|error| io_error("make", path, error))?;
    durable::sync_folder(path).map_err(|error| io_error("make", path, error))
}
