//! Ed25519: <https://www.rfc-editor.org/rfc/rfc8032>.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};

use super::{KeyError, KeyType};

const INVALID: KeyError = KeyError::Invalid(KeyType::Ed25519);

/// A public Ed25519 key: a point on the curve.
#[derive(Clone, PartialEq, Eq)]
pub struct Ed25519Public(VerifyingKey);

impl Ed25519Public {
    pub(super) fn from_raw(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = <[u8; 32]>::try_from(bytes)
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        key.map(Self).ok_or(INVALID)
    }

    pub(super) fn raw(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    pub(super) fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify(data, &signature).is_ok())
    }
}

impl fmt::Debug for Ed25519Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(self.0.as_bytes()))
    }
}

/// A private Ed25519 key.
#[derive(Clone)]
pub struct Ed25519Secret(SigningKey);

impl Ed25519Secret {
    /// The seed, which is what PKCS#8 holds. This is the secret.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub(super) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads the seed with the public half behind it.
    pub(super) fn from_raw(data: &[u8]) -> Result<Self, KeyError> {
        let (pair, again) = data.split_at_checked(64).ok_or(INVALID)?;
        // Old keys have their public half once more at the end.
        if !again.is_empty() && pair.get(32..) != Some(again) {
            return Err(INVALID);
        }
        let pair: &[u8; 64] = pair.try_into().map_err(|_| INVALID)?;
        SigningKey::from_keypair_bytes(pair)
            .map(Self)
            .map_err(|_| INVALID)
    }

    pub(super) fn raw(&self) -> Vec<u8> {
        self.0.to_keypair_bytes().to_vec()
    }

    pub(super) fn public(&self) -> Ed25519Public {
        Ed25519Public(self.0.verifying_key())
    }

    pub(super) fn sign(&self, data: &[u8]) -> Vec<u8> {
        self.0.sign(data).to_bytes().to_vec()
    }
}

impl fmt::Debug for Ed25519Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Secret(..)")
    }
}
