//! ECDSA on P-256 over SHA-256, with keys and signatures in DER.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#ecdsa>

use libp2p_identity::ecdsa::{Keypair, PublicKey, SecretKey};

use super::der::{self, Der};
use super::{KeyError, KeyType};

const INVALID: KeyError = KeyError::Invalid(KeyType::Ecdsa);

/// Reads a `SubjectPublicKeyInfo`: <https://www.rfc-editor.org/rfc/rfc5480#section-2>.
pub(super) fn public_from_raw(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let mut info = Der::inside(bytes, der::SEQUENCE).ok_or(INVALID)?;
    let algorithm = info.take(der::SEQUENCE).ok_or(INVALID)?;
    check_algorithm(algorithm)?;
    let point = info.take(der::BIT_STRING).ok_or(INVALID)?;
    let point = point.strip_prefix(&[0]).ok_or(INVALID)?;
    PublicKey::try_from_bytes(point).map_err(|_| INVALID)
}

/// Reads an `ECPrivateKey`, which may leave its curve out: <https://www.rfc-editor.org/rfc/rfc5915#section-3>.
pub(super) fn from_raw(bytes: &[u8]) -> Result<Keypair, KeyError> {
    let mut key = Der::inside(bytes, der::SEQUENCE).ok_or(INVALID)?;
    if key.take(der::INTEGER) != Some(&[1]) {
        return Err(INVALID);
    }
    let secret = key.take(der::OCTET_STRING).ok_or(INVALID)?;
    if let Some(curve) = key.take(der::CONTEXT_0) {
        check_curve(&mut Der::new(curve))?;
    }
    from_scalar(secret)
}

pub(super) fn from_scalar(bytes: &[u8]) -> Result<Keypair, KeyError> {
    SecretKey::try_from_bytes(bytes)
        .map(Keypair::from)
        .map_err(|_| INVALID)
}

/// Writes an `ECPrivateKey` with its curve.
pub(super) fn raw(key: &Keypair) -> Vec<u8> {
    let curve = der::value(der::OID, &[der::P256]);
    private_key(key, &der::value(der::CONTEXT_0, &[&curve]))
}

/// The same without the curve, as it stands in PKCS#8.
pub(super) fn without_curve(key: &Keypair) -> Vec<u8> {
    private_key(key, &[])
}

fn private_key(key: &Keypair, curve: &[u8]) -> Vec<u8> {
    let version = der::value(der::INTEGER, &[&[1]]);
    let secret = der::value(der::OCTET_STRING, &[&key.secret().to_bytes()]);
    let point = der::value(der::BIT_STRING, &[&[0], &key.public().to_bytes()]);
    let point = der::value(der::CONTEXT_1, &[&point]);
    der::value(der::SEQUENCE, &[&version, &secret, curve, &point])
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
