//! The keys of a repository that no node has open: giving it another identity, and reading a key of its keystore.

use std::path::Path;
use std::sync::Arc;

use cairn_primitives::PeerId;
use cairn_primitives::keys::Keypair;
use cairn_store::meta::KeyFiles;

use super::{Access, Repo, RepoError, check_version, is_initialized, keystore_path};
use crate::config::ConfigError;
use crate::identity::{Identity, IdentityError};
use crate::keystore::{Keystore, KeystoreError, NewKey};

/// Why a key could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadKeyError {
    /// There is no repository that can be used.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The key is not there, or cannot be read.
    #[error(transparent)]
    Key(#[from] KeystoreError),
}

/// Why a repository has no other identity.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// The repository cannot be used.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The old key cannot be read, or no new one could be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The old key could not be kept.
    #[error("cannot keep the old key in the keystore")]
    Keep(#[source] KeystoreError),
    /// The configuration could not be written.
    #[error("cannot write the new identity")]
    Write(#[from] ConfigError),
}

impl Repo {
    /// Reads a key of the keystore of the repository at a path, which another process may use meanwhile.
    ///
    /// # Errors
    /// [`ReadKeyError`].
    pub fn read_key(path: &Path, name: &str) -> Result<Keypair, ReadKeyError> {
        if !is_initialized(path) {
            let path = path.to_owned();
            return Err(RepoError::Missing { path }.into());
        }
        check_version(path)?;
        let rows = Arc::new(KeyFiles::new(keystore_path(path)));
        Ok(crate::keystore::read(&*rows, name)?)
    }

    /// Gives the repository at a path a new key, and keeps the old one in the keystore under a name. No other process may use
    /// the repository. Answers with the old and the new peer id.
    ///
    /// The old key is kept before the new one is written: no crash loses it.
    ///
    /// # Errors
    /// See [`RotateError`]; the identity is the old one then.
    pub async fn rotate_identity(
        path: &Path,
        keep_as: &str,
        kind: NewKey,
    ) -> Result<(PeerId, PeerId), RotateError> {
        let repo = Self::open(path, Access::ReadWrite)?;
        let old = Identity::read(&repo.config().config().identity)?;
        let keys = Keystore::new(
            old.keys().clone(),
            Arc::new(KeyFiles::new(repo.keystore_path())),
            true,
        );
        // A name that is taken is refused before a key is made, which may take a minute.
        let kept = is_kept(&keys, keep_as, &old)?;
        let new = Identity::generate_as(kind)?;
        if !kept {
            keys.import(keep_as, old.keys())
                .await
                .map_err(RotateError::Keep)?;
        }
        repo.config().set_identity(&new.section())?;
        Ok((old.peer_id(), new.peer_id()))
    }
}

/// Whether the key is there under its name, from an attempt that did not end.
fn is_kept(keys: &Keystore, name: &str, old: &Identity) -> Result<bool, RotateError> {
    if name == crate::keystore::SELF {
        let reserved = KeystoreError::Reserved {
            action: "overwrite",
        };
        return Err(RotateError::Keep(reserved));
    }
    match keys.get(name) {
        Ok(key) if key.peer_id() == old.peer_id() => Ok(true),
        Ok(_) => Err(RotateError::Keep(KeystoreError::Exists {
            name: name.to_owned(),
        })),
        Err(KeystoreError::Missing { .. }) => Ok(false),
        Err(error) => Err(RotateError::Keep(error)),
    }
}
