//! Keys of peers and of mutable names, and their peer IDs.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md>

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};

use crate::codec::protobuf::{BYTES, Reader, VARINT, WireError};
use crate::multihash::{IDENTITY, Multihash};

mod peer_id;

pub use peer_id::{PeerId, PeerIdError};

/// Maximum length of an encoded key, in bytes: an RSA key of 8,192 bits fits.
const MAX_ENCODED: usize = 8 << 10;
/// Maximum length of an encoded public key that is contained in the peer ID itself, in bytes.
const MAX_INLINE: usize = 42;

/// The algorithms that libp2p knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA of 2,048 to 8,192 bits.
    Rsa,
    /// Ed25519, the default of new keys.
    Ed25519,
    /// Secp256k1.
    Secp256k1,
    /// NIST P-256.
    Ecdsa,
}

impl KeyType {
    fn from_code(code: u64) -> Option<Self> {
        [Self::Rsa, Self::Ed25519, Self::Secp256k1, Self::Ecdsa]
            .into_iter()
            .find(|known| known.code() == code)
    }

    fn code(self) -> u64 {
        match self {
            Self::Rsa => 0,
            Self::Ed25519 => 1,
            Self::Secp256k1 => 2,
            Self::Ecdsa => 3,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
            Self::Secp256k1 => "secp256k1",
            Self::Ecdsa => "ecdsa",
        })
    }
}

/// Why a key could not be read or generated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are not an encoded key.
    #[error("not an encoded key: {reason} at byte {at}")]
    Malformed {
        /// What is wrong.
        reason: &'static str,
        /// Where, in bytes from the front.
        at: usize,
    },
    /// The bytes are longer than any key.
    #[error("an encoded key of {0} bytes is too long")]
    TooLong(usize),
    /// libp2p does not have the algorithm.
    #[error("unknown key type {0}")]
    UnknownType(u64),
    /// The algorithm is not supported.
    #[error("{0} keys are not supported")]
    Unsupported(KeyType),
    /// The key is invalid for its algorithm.
    #[error("not a valid {0} key")]
    Invalid(KeyType),
    /// The system's random generator failed.
    #[error("the random generator of the system failed")]
    Random,
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// Ed25519.
    Ed25519(Ed25519Public),
}

/// A public Ed25519 key: a point on the curve.
#[derive(Clone, PartialEq, Eq)]
pub struct Ed25519Public(VerifyingKey);

impl PublicKey {
    /// Reads the libp2p encoding.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::UnknownType`], [`KeyError::Unsupported`], [`KeyError::Invalid`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        match decode_envelope(bytes)? {
            (KeyType::Ed25519, data) => Self::from_ed25519(data),
            (other, _) => Err(KeyError::Unsupported(other)),
        }
    }

    /// Reads the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// [`KeyError::Invalid`].
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = <[u8; 32]>::try_from(bytes)
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        key.map(|key| Self::Ed25519(Ed25519Public(key)))
            .ok_or(KeyError::Invalid(KeyType::Ed25519))
    }

    /// The algorithm.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        match self {
            Self::Ed25519(_) => KeyType::Ed25519,
        }
    }

    /// The key as its algorithm writes it, without the libp2p envelope.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.0.as_bytes().to_vec(),
        }
    }

    /// The libp2p encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode_envelope(self.key_type(), &self.raw())
    }

    /// The id: the encoded key itself when it is short, its sha2-256 otherwise.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        let encoded = self.encode();
        let inline = (encoded.len() <= MAX_INLINE)
            .then(|| Multihash::wrap(IDENTITY, &encoded).ok())
            .flatten();
        PeerId(inline.unwrap_or_else(|| Multihash::sha2_256(&encoded)))
    }

    /// Whether a signature of some data is valid.
    #[must_use]
    pub fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.0.verify(data, &signature).is_ok()),
        }
    }
}

impl fmt::Debug for Ed25519Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(self.0.as_bytes()))
    }
}

/// A private key with its public key. Never printed; wiped from memory on drop.
#[derive(Clone)]
#[non_exhaustive]
pub enum Keypair {
    /// Ed25519.
    Ed25519(Ed25519Secret),
}

/// A private Ed25519 key.
#[derive(Clone)]
pub struct Ed25519Secret(SigningKey);

impl Keypair {
    /// Generates a key.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`], [`KeyError::Random`].
    pub fn generate(kind: KeyType) -> Result<Self, KeyError> {
        match kind {
            KeyType::Ed25519 => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).map_err(|_| KeyError::Random)?;
                Ok(Self::from_ed25519_seed(&seed))
            }
            _ => Err(KeyError::Unsupported(kind)),
        }
    }

    /// The Ed25519 key of a seed, which is what PKCS#8 holds.
    #[must_use]
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Self {
        Self::Ed25519(Ed25519Secret(SigningKey::from_bytes(seed)))
    }

    /// Reads the libp2p encoding, as in Kubo's `Identity.PrivKey` and its key files.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::UnknownType`], [`KeyError::Unsupported`], [`KeyError::Invalid`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        match decode_envelope(bytes)? {
            (KeyType::Ed25519, data) => {
                let invalid = KeyError::Invalid(KeyType::Ed25519);
                let (pair, again) = data.split_at_checked(64).ok_or(invalid.clone())?;
                // Old keys have their public half once more at the end.
                if !again.is_empty() && pair.get(32..) != Some(again) {
                    return Err(invalid);
                }
                let pair: &[u8; 64] = pair.try_into().map_err(|_| invalid.clone())?;
                let key = SigningKey::from_keypair_bytes(pair).map_err(|_| invalid)?;
                Ok(Self::Ed25519(Ed25519Secret(key)))
            }
            (other, _) => Err(KeyError::Unsupported(other)),
        }
    }

    /// The algorithm.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        match self {
            Self::Ed25519(_) => KeyType::Ed25519,
        }
    }

    /// The libp2p encoding. This is the secret: keep it in files that only the owner reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => encode_envelope(KeyType::Ed25519, &key.0.to_keypair_bytes()),
        }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(Ed25519Public(key.0.verifying_key())),
        }
    }

    /// The id of the public half.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.public().peer_id()
    }

    /// Signs some data.
    #[must_use]
    pub fn sign(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.0.sign(data).to_bytes().to_vec(),
        }
    }
}

impl Ed25519Secret {
    /// The seed, which is what PKCS#8 holds. This is the secret.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({})", self.peer_id())
    }
}

impl fmt::Debug for Ed25519Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Secret(..)")
    }
}

/// Writes `{ Type = 1, Data = 2 }`, the form of every key.
fn encode_envelope(kind: KeyType, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 6);
    out.push(1 << 3 | VARINT);
    crate::varint::encode(kind.code(), &mut out);
    out.push(2 << 3 | BYTES);
    crate::varint::encode(data.len() as u64, &mut out);
    out.extend_from_slice(data);
    out
}

fn decode_envelope(bytes: &[u8]) -> Result<(KeyType, &[u8]), KeyError> {
    if bytes.len() > MAX_ENCODED {
        return Err(KeyError::TooLong(bytes.len()));
    }
    let malformed = |error: WireError| KeyError::Malformed {
        reason: error.reason,
        at: error.at,
    };
    let mut reader = Reader::new(bytes);
    let (mut kind, mut data) = (None, None);
    while !reader.is_empty() {
        let field = reader.error("unexpected field");
        match reader.tag().map_err(malformed)? {
            (1, VARINT) if kind.is_none() => kind = Some(reader.varint().map_err(malformed)?),
            (2, BYTES) if data.is_none() => data = Some(reader.bytes().map_err(malformed)?),
            _ => return Err(malformed(field)),
        }
    }
    let (Some(kind), Some(data)) = (kind, data) else {
        return Err(malformed(reader.error("missing field")));
    };
    let kind = KeyType::from_code(kind).ok_or(KeyError::UnknownType(kind))?;
    Ok((kind, reader.slice(&data)))
}

#[cfg(test)]
mod tests;
