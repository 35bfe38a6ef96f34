//! IPNS keys: named private keys.
//!
//! They are files, not a table: they survive the loss of the database, the journal next to the blocks contains no
//! secrets, and Kubo's files can be copied in.

mod files;
mod memory;

use std::fmt;

use futures_util::future::BoxFuture;

pub use self::files::KeyFiles;
pub use self::memory::MemoryKeys;
use super::RowError;

/// Maximum length of a key name, in bytes: encoded as a file name it has at most 255.
pub const MAX_KEY_NAME: usize = 156;

/// Maximum length of an encoded key, in bytes; an RSA key of 8192 bits has 4,700.
pub const MAX_KEY: usize = 64 << 10;

/// A private key as libp2p encodes it: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#keys>.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyBytes(pub Vec<u8>);

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(…)")
    }
}

/// The result of renaming a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameOutcome {
    /// The key was renamed.
    Done,
    /// There is no key with the old name.
    Missing,
    /// A key with the new name exists, and was not to be replaced.
    Taken,
}

/// The private keys. Reads block for microseconds; writes are durable when they return.
pub trait KeyRows: Send + Sync + 'static {
    /// The names of all keys, in the order of their bytes.
    fn keys(&self) -> Result<Vec<String>, RowError>;

    /// The key with this name.
    fn key(&self, name: &str) -> Result<Option<KeyBytes>, RowError>;

    /// Adds a key; `false` if one with that name exists, which is kept.
    ///
    /// # Errors
    /// [`RowError::BadKey`] for an invalid name or key.
    fn add_key(&self, name: &str, key: KeyBytes) -> BoxFuture<'_, Result<bool, RowError>>;

    /// Renames a key; with `replace`, an existing key with the new name is replaced.
    ///
    /// # Errors
    /// [`RowError::BadKey`] for an invalid name.
    fn rename_key(
        &self,
        from: &str,
        to: &str,
        replace: bool,
    ) -> BoxFuture<'_, Result<RenameOutcome, RowError>>;

    /// Removes a key; `false` if there is none.
    fn remove_key(&self, name: &str) -> BoxFuture<'_, Result<bool, RowError>>;
}

fn check_name(name: &str) -> Result<(), RowError> {
    let reason = if name.is_empty() {
        "its name is empty"
    } else if name.len() > MAX_KEY_NAME {
        "its name is longer than 156 bytes"
    } else {
        return Ok(());
    };
    Err(RowError::BadKey { reason })
}

fn check_key(key: &KeyBytes) -> Result<(), RowError> {
    if key.0.is_empty() || key.0.len() > MAX_KEY {
        return Err(RowError::BadKey {
            reason: "its length is out of range",
        });
    }
    Ok(())
}
