//! IPNS keys: private keys by name.
//!
//! They are files and not a table: a lost database does not take them along, the journal beside the blocks holds no secrets, and a
//! folder of Kubo's can be copied in.

mod files;
mod memory;

use std::fmt;

use futures_util::future::BoxFuture;

pub use self::files::KeyFiles;
pub use self::memory::MemoryKeys;
use super::RowError;

/// Longest name of a key, in bytes: a file system keeps 255 in the form that a name has there.
pub const MAX_KEY_NAME: usize = 156;

/// Longest encoded key, in bytes; one of RSA with 8192 bits has 4,700.
pub const MAX_KEY: usize = 64 << 10;

/// A private key as libp2p encodes it: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#keys>.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyBytes(pub Vec<u8>);

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(…)")
    }
}

/// What a renaming came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameOutcome {
    /// The key has the new name.
    Done,
    /// There is no key of the old name.
    Missing,
    /// There is a key of the new name, which was not to be replaced.
    Taken,
}

/// The private keys. Reads block for microseconds; writes are durable when they answer.
pub trait KeyRows: Send + Sync + 'static {
    /// The names of all keys, in the order of their bytes.
    fn keys(&self) -> Result<Vec<String>, RowError>;

    /// The key of a name.
    fn key(&self, name: &str) -> Result<Option<KeyBytes>, RowError>;

    /// Adds a key; `false` when there is one of that name, which stays.
    ///
    /// # Errors
    /// [`RowError::BadKey`] for a name or a key that cannot be kept.
    fn add_key(&self, name: &str, key: KeyBytes) -> BoxFuture<'_, Result<bool, RowError>>;

    /// Renames a key, and replaces the one that has the new name if `replace`.
    ///
    /// # Errors
    /// [`RowError::BadKey`] for a name that cannot be kept.
    fn rename_key(
        &self,
        from: &str,
        to: &str,
        replace: bool,
    ) -> BoxFuture<'_, Result<RenameOutcome, RowError>>;

    /// Removes a key; `false` when there is none.
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
