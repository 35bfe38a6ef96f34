//! ECDSA on secp256k1 over SHA-256, with signatures in DER.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#secp256k1>

use std::fmt;

use k256::ecdsa::signature::{Signer as _, Verifier as _};
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};

use super::{KeyError, KeyType};

const INVALID: KeyError = KeyError::Invalid(KeyType::Secp256k1);

/// A public key on secp256k1: a point on the curve.
#[derive(Clone, PartialEq, Eq)]
pub struct Secp256k1Public(VerifyingKey);

impl Secp256k1Public {
    pub(super) fn from_raw(bytes: &[u8]) -> Result<Self, KeyError> {
        VerifyingKey::from_sec1_bytes(bytes)
            .map(Self)
            .map_err(|_| INVALID)
    }

    /// The compressed point.
    pub(super) fn raw(&self) -> Vec<u8> {
        self.0.to_sec1_point(true).as_bytes().to_vec()
    }

    pub(super) fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        // Other programs write either of the two signatures that are equal but for a sign.
        Signature::from_der(signature)
            .is_ok_and(|signature| self.0.verify(data, &signature.normalize_s()).is_ok())
    }
}

impl fmt::Debug for Secp256k1Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.raw()))
    }
}

/// A private key on secp256k1.
#[derive(Clone)]
pub struct Secp256k1Secret(SigningKey);

impl Secp256k1Secret {
    pub(super) fn from_raw(bytes: &[u8]) -> Result<Self, KeyError> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| INVALID)
    }

    pub(super) fn raw(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    pub(super) fn public(&self) -> Secp256k1Public {
        Secp256k1Public(*self.0.verifying_key())
    }

    pub(super) fn sign(&self, data: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(data);
        signature.to_der().as_bytes().to_vec()
    }
}

impl fmt::Debug for Secp256k1Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secp256k1Secret(..)")
    }
}
