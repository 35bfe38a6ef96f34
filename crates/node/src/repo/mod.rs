//! A repository: the directory with all files of a node.
//!
//! | file | holds |
//! |---|---|
//! | `config` | the configuration, with the node's private key |
//! | `version` | the version of this layout |
//! | `repo.lock` | the lock, and the id of the process that holds it |
//! | `blocks/` | the block store |
//! | `rows.sqlite` | the rows |
//! | `keystore/` | the private keys of names, one file each |
//! | `database` | the id of the database of shared rows that the services use |
//! | `api`, `gateway`, `pinning`, `upload`, `cluster` | where the node listens, while it runs |

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

use crate::config::{ConfigError, ConfigFile, Face};
use crate::durable;

/// The version of the layout.
const VERSION: u32 = 1;

/// Prefix of the version in its file. Kubo's file has only a number, so neither program accepts the other's.
const VERSION_PREFIX: &str = "cairn-repo@";

/// Maximum size of the `api` file, in bytes.
const ADDRESS_LIMIT: u64 = 2_048;

/// The access of a process to a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Read and write, exclusively.
    #[default]
    ReadWrite,
    /// Read-only, shared.
    ReadOnly,
}

/// An open repository. It is locked until [`Repo::close`] or drop.
#[derive(Debug)]
pub struct Repo {
    path: PathBuf,
    access: Access,
    config: Arc<ConfigFile>,
    /// `None` after closing, and on a read-only file system.
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
        // Their writer has ended: the lock was free.
        if access == Access::ReadWrite {
            remove_addresses(&repo.path);
            finished(&repo.path);
        }
        Ok(repo)
    }

    /// Checks that the block store exists: a missing one must not be created.
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

    /// Its access mode.
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

    /// The directory of the keys.
    #[must_use]
    pub fn keystore_path(&self) -> PathBuf {
        keystore_path(&self.path)
    }

    /// Publishes the address of the RPC to other processes, as a multiaddr, until the repository is closed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_api(&self, address: &str) -> Result<(), RepoError> {
        self.write_address(API, address)
    }

    /// Publishes the address of the gateway to other processes, as `http://HOST:PORT`, until the repository is
    /// closed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_gateway(&self, url: &str) -> Result<(), RepoError> {
        self.write_address(GATEWAY, url)
    }

    /// Publishes the address of another face to other processes, as a multiaddr, until the repository is closed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_face(&self, face: Face, address: &str) -> Result<(), RepoError> {
        self.write_address(face.file(), address)
    }

    /// The id of the database of shared rows that the services of this repository belong to; `None` before there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn database(&self) -> Result<Option<String>, RepoError> {
        let path = self.path.join(DATABASE);
        match std::fs::read(&path) {
            // A damaged one is the id of no database, so nothing is released.
            Ok(id) => Ok(Some(String::from_utf8_lossy(&id).trim().to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read", &path, error)),
        }
    }

    /// Writes the id of the database of shared rows, durably.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_database(&self, id: &str) -> Result<(), RepoError> {
        self.write_address(DATABASE, id)
    }

    fn write_address(&self, file: &str, address: &str) -> Result<(), RepoError> {
        if self.access == Access::ReadOnly {
            return Err(RepoError::ReadOnly);
        }
        let path = self.path.join(file);
        durable::replace(&path, address.as_bytes()).map_err(|error| io_error("write", &path, error))
    }

    /// Removes the address files and unlocks; also on drop. Its parts must be closed before.
    pub fn close(&self) {
        if let Some(lock) = self.lock.lock().take() {
            // Before unlocking: afterwards the files may belong to another process.
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
    let faces = Face::ALL.map(Face::file);
    for file in [API, GATEWAY].into_iter().chain(faces) {
        let path = repo.join(file);
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %path.display(), "cannot remove the file");
        }
    }
}

const CONFIG: &str = "config";
const API: &str = "api";
const DATABASE: &str = "database";
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

/// Whether a repository exists at a path. The configuration is written last when one is created.
#[must_use]
pub fn is_initialized(path: &Path) -> bool {
    path.join(CONFIG).exists()
}

/// The address of a repository's RPC, as a multiaddr; `None` if no node runs.
///
/// An address in a directory without a repository is used as it is: that is how a user names a remote node.
///
/// # Errors
/// When the file cannot be read or is invalid.
pub fn running_api(path: &Path) -> Result<Option<String>, RepoError> {
    published(path, API)
}

/// The address of another face of the running daemon, if it has published one.
///
/// # Errors
/// When the file cannot be read, or has no address.
pub fn running_face(path: &Path, face: Face) -> Result<Option<String>, RepoError> {
    published(path, face.file())
}

/// Reads a file with an address.
fn published(path: &Path, file: &str) -> Result<Option<String>, RepoError> {
    let file = path.join(file);
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
        // Left by a killed node.
        return Ok(None);
    }
    Ok(Some(address.to_owned()))
}

/// Exists while a repository is being created.
const UNFINISHED: &str = "init.unfinished";

/// Removes the marker of an unfinished repository.
fn finished(path: &Path) {
    let mark = path.join(UNFINISHED);
    if let Err(error) = std::fs::remove_file(&mark)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, file = %mark.display(), "cannot remove the file");
    }
}

/// Refuses the remains of a repository without its configuration: a new one would have another key.
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

/// A repository that is being created: it is locked, and incomplete until [`NewRepo::finish`].
pub(crate) struct NewRepo {
    path: PathBuf,
    lock: Option<Lock>,
}

impl NewRepo {
    /// Creates the directory and its files, without the configuration. The remains of a failed attempt are reused.
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
        // Another process may have created it before this one got the lock.
        if is_initialized(path) {
            return Err(RepoError::Exists {
                path: path.to_owned(),
            });
        }
        // From here on, a repository without a configuration is an unfinished one.
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

    /// Writes the configuration, which completes the repository, and unlocks it.
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
