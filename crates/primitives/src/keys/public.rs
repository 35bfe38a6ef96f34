//! Public keys.

use std::fmt;

use libp2p_identity::{ed25519, secp256k1};

use super::{KeyError, KeyType, PeerId, decode_envelope, ecdsa, rsa};

/// The public half of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(libp2p_identity::PublicKey);

impl PublicKey {
    /// Reads the libp2p encoding.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::UnknownType`], [`KeyError::Invalid`], and the bounds of RSA.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let (kind, data) = decode_envelope(bytes)?;
        let invalid = |_| KeyError::Invalid(kind);
        Ok(Self(match kind {
            KeyType::Ed25519 => ed25519::PublicKey::try_from_bytes(data)
                .map_err(invalid)?
                .into(),
            KeyType::Rsa => rsa::public_from_raw(data)?.into(),
            KeyType::Secp256k1 => secp256k1::PublicKey::try_from_bytes(data)
                .map_err(invalid)?
                .into(),
            KeyType::Ecdsa => ecdsa::public_from_raw(data)?.into(),
        }))
    }

    /// The algorithm.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        self.0.key_type().into()
    }

    /// The libp2p encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.0.encode_protobuf()
    }

    /// The id: the encoded key itself when it is short, its sha2-256 otherwise.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.0.to_peer_id().into()
    }

    /// Whether a signature of some data is valid.
    #[must_use]
    pub fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        match self.key_type() {
            KeyType::Secp256k1 => super::secp256k1::verify(&self.0, data, signature),
            KeyType::Ed25519 | KeyType::Rsa | KeyType::Ecdsa => self.0.verify(data, signature),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.key_type(), self.peer_id())
    }
}

impl From<libp2p_identity::PublicKey> for PublicKey {
    fn from(key: libp2p_identity::PublicKey) -> Self {
        Self(key)
    }
}

impl From<PublicKey> for libp2p_identity::PublicKey {
    fn from(key: PublicKey) -> Self {
        key.0
    }
}
