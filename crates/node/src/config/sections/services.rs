//! The services for many users: their content, their database, their settings.

use cairn_store::shared::{DatabaseUrl, SharedError};
use serde::{Deserialize, Serialize};

use crate::config::Size;
use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::{Flag, Secret, none};

/// The backend of the pinning, upload and cluster faces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Backend {
    /// Multiaddr of an external Kubo's RPC; this node itself when absent.
    #[serde(skip_serializing_if = "none")]
    pub kubo: Option<String>,
}

impl Section for Backend {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// The database of shared rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Database {
    /// `sqlite:PATH` (relative to the repository) or `postgres://…`; a SQLite file in the repository when absent. It may
    /// hold a password.
    #[serde(rename = "URL", skip_serializing_if = "none")]
    pub url: Option<Secret>,
}

impl Database {
    /// The database: by default a file in the repository.
    ///
    /// # Errors
    /// [`SharedError::Url`].
    pub fn location(&self) -> Result<DatabaseUrl, SharedError> {
        match &self.url {
            Some(url) => url.expose().parse(),
            None => Ok(DatabaseUrl::default()),
        }
    }
}

impl Section for Database {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// Settings of the pinning, upload and cluster faces. Only in Cairn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Services {
    /// Whether addresses that users name (origins of pin requests) may be on private networks or this machine
    /// (default: no).
    #[serde(skip_serializing_if = "none")]
    pub allow_private_origins: Flag,
    /// Maximum size of one request to the upload API, such as `100MB` (default: 31GiB).
    #[serde(skip_serializing_if = "none")]
    pub max_upload_request: Option<Size>,
    /// Maximum size of one upload, all its parts together (default: 31GiB).
    #[serde(skip_serializing_if = "none")]
    pub max_upload: Option<Size>,
}

impl Section for Services {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}
