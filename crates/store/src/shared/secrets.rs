//! Secrets that all processes of a database share, such as the key of signatures.

use futures_util::future::BoxFuture;

use super::SharedError;

/// The table of secrets.
pub trait SecretRows: Send + Sync + 'static {
    /// The secret of this name. If there is none, `fresh` becomes it; of several callers at once, all get the same.
    fn secret<'a>(
        &'a self,
        name: &'a str,
        fresh: [u8; 32],
    ) -> BoxFuture<'a, Result<[u8; 32], SharedError>>;
}

/// The secret in a column.
pub(super) fn from_column(bytes: Vec<u8>) -> Result<[u8; 32], SharedError> {
    bytes.try_into().map_err(|_| SharedError::Damaged {
        what: "a secret does not have 32 bytes",
    })
}
