//! Why a repository cannot be used.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::ConfigError;
use crate::identity::IdentityError;

/// Why a repository cannot be created, opened or used. [`RepoError::hint`] says what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepoError {
    /// There is no repository.
    #[error("there is no repository at {}", path.display())]
    Missing {
        /// Where one was expected.
        path: PathBuf,
    },
    /// The repository already exists.
    #[error("the repository at {} already exists", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Parts of the repository are missing.
    #[error("the repository at {} has no {missing}, though it has {found}", path.display())]
    Incomplete {
        /// Where.
        path: PathBuf,
        /// What is missing.
        missing: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Another process uses the repository.
    #[error("the repository at {} is in use{}", path.display(), pid.map_or_else(String::new, |pid| format!(" by process {pid}")))]
    Locked {
        /// Where.
        path: PathBuf,
        /// The process ID, if known.
        pid: Option<u32>,
    },
    /// The repository belongs to Kubo.
    #[error("the repository at {} belongs to Kubo", path.display())]
    Kubo {
        /// Where.
        path: PathBuf,
    },
    /// A newer program made the repository.
    #[error("the repository at {} has version {found}, but this program supports version {known}", path.display())]
    Version {
        /// Where.
        path: PathBuf,
        /// Its version.
        found: String,
        /// The supported version.
        known: u32,
    },
    /// The profile for a new repository does not exist.
    #[error("there is no configuration profile {name:?}")]
    NoProfile {
        /// The profile's name.
        name: String,
    },
    /// The `api` file does not contain an address.
    #[error("{} does not contain an address", path.display())]
    BadAddress {
        /// The file.
        path: PathBuf,
    },
    /// The configuration cannot be used.
    #[error("the configuration is invalid")]
    Config(#[from] ConfigError),
    /// The identity cannot be used.
    #[error("the identity is invalid")]
    Identity(#[from] IdentityError),
    /// The repository was opened read-only.
    #[error("the repository is read-only")]
    ReadOnly,
    /// An I/O error.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The failed action: `make`, `read`, `write`, `lock`.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
}

/// The version of a repository without one.
pub(super) const NO_VERSION: &str = "(none)";
/// The prefix of a version that no program writes.
pub(super) const DAMAGED: &str = "damaged ";

impl RepoError {
    /// A hint what to do, as a sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                "Create one with `cairn init`, or set IPFS_PATH to another directory.".to_owned()
            }
            Self::Incomplete { missing, .. } => format!(
                "Restore the missing {missing} from a backup, or run `cairn repo repair`: it keeps all existing blocks and pins."
            ),
            Self::Exists { .. } => "Creating it again would lose its key. Set IPFS_PATH to another directory.".to_owned(),
            Self::Locked { pid: Some(pid), .. } => {
                format!("A node is already running there. Use it, or stop it: `cairn shutdown`, or `kill {pid}`.")
            }
            Self::Locked { pid: None, .. } => {
                "A node is already running there. Use it, or stop it: `cairn shutdown`.".to_owned()
            }
            Self::Kubo { .. } => "Copy its content: `ipfs dag export` there, `cairn dag import` into a new repository, selected with IPFS_PATH."
                .to_owned(),
            Self::Version { found, .. } if found == NO_VERSION || found.starts_with(DAMAGED) => {
                "Run `cairn repo repair`: it keeps all existing blocks and pins.".to_owned()
            }
            Self::Version { .. } => "Use the program version that created it, or a newer one.".to_owned(),
            Self::NoProfile { .. } => "See `cairn config profile --help` for the profiles.".to_owned(),
            Self::Config(error) => match error.key() {
                Some(key) => format!("Correct {key} in the file `config` of the repository."),
                None => "Check the file `config` of the repository; `cairn repo repair` creates a new one.".to_owned(),
            },
            Self::Identity(_) => "The file `config` must contain the original key of the repository; `cairn repo repair` creates a new one."
                .to_owned(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "The user of this process lacks the permission.".to_owned()
            }
            Self::BadAddress { .. } => "Remove the file if no node is running.".to_owned(),
            Self::ReadOnly | Self::Io { .. } => return None,
        })
    }
}
