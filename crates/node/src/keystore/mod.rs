//! The keys of a repository: the node's own one, called `self`, and those of the keystore.

mod error;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cairn_primitives::PeerId;
use cairn_primitives::keys::{KeyError, KeyType, Keypair, PublicKey};
use cairn_store::meta::{KeyBytes, KeyRows, RenameOutcome, RowError};
use tokio::sync::Semaphore;

pub use self::error::KeystoreError;

/// What the node's own key is called.
pub const SELF: &str = "self";

/// RSA keys that are made at once: each keeps a processor busy for seconds.
const MAKING: usize = 1;

/// A key and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The name; empty for a key that is given by its id.
    pub name: String,
    /// The id of the key, which is the IPNS name that it owns.
    pub id: PeerId,
}

/// What kind of key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// Ed25519.
    Ed25519,
    /// RSA with so many bits.
    Rsa(usize),
}

/// The keys.
#[derive(Clone)]
pub struct Keystore {
    own: Keypair,
    rows: Arc<dyn KeyRows>,
    writable: bool,
    making: Arc<Semaphore>,
}

impl std::fmt::Debug for Keystore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Keystore")
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

impl Keystore {
    pub(crate) fn new(own: Keypair, rows: Arc<dyn KeyRows>, writable: bool) -> Self {
        Self {
            own,
            rows,
            writable,
            making: Arc::new(Semaphore::new(MAKING)),
        }
    }

    /// All keys: the node's own one, then the others by name. One that cannot be read is told in the log and left out.
    ///
    /// # Errors
    /// When the files cannot be listed.
    pub fn list(&self) -> Result<Vec<NamedKey>, KeystoreError> {
        let mut keys = vec![self.own()];
        for name in self.rows.keys()? {
            match self.read(&name) {
                Ok(Some(key)) => keys.push(NamedKey {
                    id: key.peer_id(),
                    name,
                }),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(name, %error, "a key cannot be read");
                }
            }
        }
        Ok(keys)
    }

    /// The node's own key.
    #[must_use]
    pub fn own(&self) -> NamedKey {
        NamedKey {
            name: SELF.to_owned(),
            id: self.own.peer_id(),
        }
    }

    /// The key of a name; the node's own one for [`SELF`].
    ///
    /// # Errors
    /// [`KeystoreError::Missing`], and what reading it fails with.
    pub fn get(&self, name: &str) -> Result<Keypair, KeystoreError> {
        if name == SELF {
            return Ok(self.own.clone());
        }
        read(&*self.rows, name)
    }

    /// The key of a name, or else of an id.
    ///
    /// # Errors
    /// [`KeystoreError::Missing`] for what is no id either, [`KeystoreError::Unowned`].
    pub fn find(&self, text: &str) -> Result<Keypair, KeystoreError> {
        let missing = match self.get(text) {
            Err(missing @ KeystoreError::Missing { .. }) => missing,
            other => return other,
        };
        let id: PeerId = text.parse().map_err(|_| missing)?;
        self.of_id(&id)?.ok_or(KeystoreError::Unowned { id })
    }

    /// The key of an id, if it is here.
    ///
    /// # Errors
    /// When the files cannot be listed.
    pub fn of_id(&self, id: &PeerId) -> Result<Option<Keypair>, KeystoreError> {
        if self.own.peer_id() == *id {
            return Ok(Some(self.own.clone()));
        }
        for name in self.rows.keys()? {
            match self.read(&name) {
                Ok(Some(key)) if key.peer_id() == *id => return Ok(Some(key)),
                Ok(_) => {}
                Err(error) => tracing::error!(name, %error, "a key cannot be read"),
            }
        }
        Ok(None)
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`KeystoreError::Reserved`], [`KeystoreError::Unnamed`], [`KeystoreError::Exists`], [`KeystoreError::Make`].
    pub async fn generate(&self, name: &str, kind: NewKey) -> Result<NamedKey, KeystoreError> {
        self.check_new(name, "create")?;
        let key = self.make(kind).await?;
        self.add(name, &key).await
    }

    async fn make(&self, kind: NewKey) -> Result<Keypair, KeystoreError> {
        let NewKey::Rsa(bits) = kind else {
            return Ok(Keypair::generate(KeyType::Ed25519)?);
        };
        // What is refused does not wait for its turn.
        KeyError::check_rsa_bits(bits)?;
        let interrupted = |_| KeystoreError::Interrupted;
        let turn = Arc::clone(&self.making).acquire_owned().await;
        let turn = turn.map_err(|_| KeystoreError::Interrupted)?;
        let made = tokio::task::spawn_blocking(move || {
            let made = Keypair::generate_rsa(bits);
            // Whoever asked may be gone by now; the processor is busy until here.
            drop(turn);
            made
        });
        Ok(made.await.map_err(interrupted)??)
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`KeystoreError::Reserved`], [`KeystoreError::Unnamed`], [`KeystoreError::Exists`].
    pub async fn import(&self, name: &str, key: &Keypair) -> Result<NamedKey, KeystoreError> {
        self.check_new(name, "import")?;
        self.add(name, key).await
    }

    /// Gives a key another name; answers with the key, and whether it took the place of another one.
    ///
    /// # Errors
    /// [`KeystoreError::Reserved`], [`KeystoreError::Unnamed`], [`KeystoreError::Missing`], [`KeystoreError::Exists`].
    pub async fn rename(
        &self,
        from: &str,
        to: &str,
        replace: bool,
    ) -> Result<(NamedKey, bool), KeystoreError> {
        check_not_own(from, "rename")?;
        check_not_own(to, "overwrite")?;
        let key = self.get(from)?;
        let renamed = NamedKey {
            name: to.to_owned(),
            id: key.peer_id(),
        };
        if from == to {
            return Ok((renamed, false));
        }
        check_named(to)?;
        self.check_writable()?;
        let taken = self.rows.key(to).map_or(true, |kept| kept.is_some());
        match self.rows.rename_key(from, to, replace).await? {
            RenameOutcome::Done => Ok((renamed, taken)),
            RenameOutcome::Missing => Err(KeystoreError::Missing {
                name: from.to_owned(),
            }),
            RenameOutcome::Taken => Err(KeystoreError::Exists {
                name: to.to_owned(),
            }),
        }
    }

    /// Removes a key. Its name can never be published again, unless it is kept elsewhere.
    ///
    /// # Errors
    /// [`KeystoreError::Reserved`], [`KeystoreError::Missing`].
    pub async fn remove(&self, name: &str) -> Result<NamedKey, KeystoreError> {
        check_not_own(name, "remove")?;
        let id = self.get(name)?.peer_id();
        self.check_writable()?;
        if !self.rows.remove_key(name).await? {
            return Err(KeystoreError::Missing {
                name: name.to_owned(),
            });
        }
        Ok(NamedKey {
            name: name.to_owned(),
            id,
        })
    }

    /// The public key of a name, or of an id that has it in itself; with the name, which is empty in the second case.
    ///
    /// # Errors
    /// [`KeystoreError::NotAKey`], [`KeystoreError::HashOnly`].
    pub fn public(&self, text: &str) -> Result<(NamedKey, PublicKey), KeystoreError> {
        match self.get(text) {
            Ok(key) => {
                let named = NamedKey {
                    name: text.to_owned(),
                    id: key.peer_id(),
                };
                return Ok((named, key.public()));
            }
            Err(KeystoreError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
        let id = text.strip_prefix("/ipns/").unwrap_or(text);
        let id: PeerId = id.parse().map_err(|_| KeystoreError::NotAKey {
            text: text.to_owned(),
        })?;
        let Some(key) = id.public_key()? else {
            return Err(KeystoreError::HashOnly { id });
        };
        let named = NamedKey {
            name: String::new(),
            id,
        };
        Ok((named, key))
    }

    fn read(&self, name: &str) -> Result<Option<Keypair>, KeystoreError> {
        match read(&*self.rows, name) {
            Ok(key) => Ok(Some(key)),
            Err(KeystoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn add(&self, name: &str, key: &Keypair) -> Result<NamedKey, KeystoreError> {
        self.check_writable()?;
        if !self.rows.add_key(name, KeyBytes(key.encode())).await? {
            return Err(KeystoreError::Exists {
                name: name.to_owned(),
            });
        }
        Ok(NamedKey {
            name: name.to_owned(),
            id: key.peer_id(),
        })
    }

    /// Checks a name before any work is done for it.
    fn check_new(&self, name: &str, action: &'static str) -> Result<(), KeystoreError> {
        check_not_own(name, action)?;
        check_named(name)?;
        if self.rows.key(name)?.is_some() {
            return Err(KeystoreError::Exists {
                name: name.to_owned(),
            });
        }
        Ok(())
    }

    fn check_writable(&self) -> Result<(), KeystoreError> {
        if self.writable {
            Ok(())
        } else {
            Err(RowError::ReadOnly.into())
        }
    }
}

/// Reads a kept key.
pub(crate) fn read(rows: &dyn KeyRows, name: &str) -> Result<Keypair, KeystoreError> {
    let Some(KeyBytes(bytes)) = rows.key(name)? else {
        return Err(KeystoreError::Missing {
            name: name.to_owned(),
        });
    };
    Keypair::decode(&bytes).map_err(|source| KeystoreError::Damaged {
        name: name.to_owned(),
        source,
    })
}

fn check_not_own(name: &str, action: &'static str) -> Result<(), KeystoreError> {
    if name == SELF {
        Err(KeystoreError::Reserved { action })
    } else {
        Ok(())
    }
}

fn check_named(name: &str) -> Result<(), KeystoreError> {
    if name.is_empty() {
        Err(KeystoreError::Unnamed)
    } else {
        Ok(())
    }
}
