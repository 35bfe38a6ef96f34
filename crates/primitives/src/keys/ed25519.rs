//! Ed25519: <https://www.rfc-editor.org/rfc/rfc8032>.

use libp2p_identity::ed25519::{Keypair, SecretKey};

use super::{KeyError, KeyType};

const INVALID: KeyError = KeyError::Invalid(KeyType::Ed25519);

/// The key of a seed, which wipes the copy of the seed.
pub(super) fn from_seed(mut seed: [u8; 32]) -> Result<Keypair, KeyError> {
    SecretKey::try_from_bytes(&mut seed)
        .map(Keypair::from)
        .map_err(|_| INVALID)
}

/// Reads the seed followed by the public half.
pub(super) fn from_raw(data: &[u8]) -> Result<Keypair, KeyError> {
    let (pair, again) = data.split_at_checked(64).ok_or(INVALID)?;
    // Old keys have their public half once more at the end.
    if !again.is_empty() && pair.get(32..) != Some(again) {
        return Err(INVALID);
    }
    Keypair::try_from_bytes(&mut pair.to_vec()).map_err(|_| INVALID)
}
