//! ECDSA on P-256 over SHA-256, with keys and signatures in DER.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#ecdsa>

use std::fmt;

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

use super::der::{self, Der};
use super::{KeyError, KeyType};

const INVALID: KeyError = KeyError::Invalid(KeyType::Ecdsa);

/// A public key on P-256: a point on the curve.
#[derive(Clone, PartialEq, Eq)]
pub struct EcdsaPublic(VerifyingKey);

impl EcdsaPublic {
    /// Reads a `SubjectPublicKeyInfo`: <https://www.rfc-editor.org/rfc/rfc5480#section-2>.
    pub(super) fn from_raw(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut info = Der::inside(bytes, der::SEQUENCE).ok_or(INVALID)?;
        let algorithm = info.take(der::SEQUENCE).ok_or(INVALID)?;
        check_algorithm(algorithm)?;
        let point = info.take(der::BIT_STRING).ok_or(INVALID)?;
        let (0, point) = point
            .split_first()
            .map_or((1, point), |(pad, point)| (*pad, point))
        else {
            return Err(INVALID);
        };
        VerifyingKey::from_sec1_bytes(point)
            .map(Self)
            .map_err(|_| INVALID)
    }

    pub(super) fn raw(&self) -> Vec<u8> {
        let point = der::value(der::BIT_STRING, &[&[0], &self.point()]);
        der::value(der::SEQUENCE, &[&algorithm(), &point])
    }

    /// The point, not compressed.
    fn point(&self) -> Vec<u8> {
        self.0.to_sec1_point(false).as_bytes().to_vec()
    }

    pub(super) fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        Signature::from_der(signature)
            .is_ok_and(|signature| self.0.verify(data, &signature).is_ok())
    }
}

impl fmt::Debug for EcdsaPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.point()))
    }
}

/// A private key on P-256.
#[derive(Clone)]
pub struct EcdsaSecret(SigningKey);

impl EcdsaSecret {
    /// Reads an `ECPrivateKey`, which may leave its curve out: <https://www.rfc-editor.org/rfc/rfc5915#section-3>.
    pub(super) fn from_raw(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut key = Der::inside(bytes, der::SEQUENCE).ok_or(INVALID)?;
        if key.take(der::INTEGER) != Some(&[1]) {
            return Err(INVALID);
        }
        let secret = key.take(der::OCTET_STRING).ok_or(INVALID)?;
        if let Some(curve) = key.take(der::CONTEXT_0) {
            check_curve(&mut Der::new(curve))?;
        }
        Self::from_scalar(secret)
    }

    pub(super) fn from_scalar(bytes: &[u8]) -> Result<Self, KeyError> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| INVALID)
    }

    pub(super) fn raw(&self) -> Vec<u8> {
        let curve = der::value(der::OID, &[der::P256]);
        self.private_key(&der::value(der::CONTEXT_0, &[&curve]))
    }

    /// The same without the curve, as it stands in PKCS#8.
    pub(super) fn without_curve(&self) -> Vec<u8> {
        self.private_key(&[])
    }

    fn private_key(&self, curve: &[u8]) -> Vec<u8> {
        let version = der::value(der::INTEGER, &[&[1]]);
        let secret = der::value(der::OCTET_STRING, &[&self.0.to_bytes()]);
        let point = der::value(der::BIT_STRING, &[&[0], &self.public().point()]);
        let point = der::value(der::CONTEXT_1, &[&point]);
        der::value(der::SEQUENCE, &[&version, &secret, curve, &point])
    }

    pub(super) fn public(&self) -> EcdsaPublic {
        EcdsaPublic(*self.0.verifying_key())
    }

    pub(super) fn sign(&self, data: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(data);
        signature.to_der().as_bytes().to_vec()
    }
}

impl fmt::Debug for EcdsaSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EcdsaSecret(..)")
    }
}

/// What names a key on P-256.
pub(super) fn algorithm() -> Vec<u8> {
    let key = der::value(der::OID, &[der::EC]);
    let curve = der::value(der::OID, &[der::P256]);
    der::value(der::SEQUENCE, &[&key, &curve])
}

/// Checks the inside of what names an algorithm.
pub(super) fn check_algorithm(content: &[u8]) -> Result<(), KeyError> {
    let mut algorithm = Der::new(content);
    if algorithm.take(der::OID) != Some(der::EC) {
        return Err(INVALID);
    }
    check_curve(&mut algorithm)
}

fn check_curve(curve: &mut Der<'_>) -> Result<(), KeyError> {
    match curve.take(der::OID) {
        Some(der::P256) => Ok(()),
        Some(_) => Err(KeyError::Curve),
        None => Err(INVALID),
    }
}
