//! Keys of peers and of mutable names, and their peer IDs.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md>

use std::fmt;

use rand::TryRng as _;

use crate::codec::protobuf::{BYTES, Reader, VARINT, WireError};
use crate::multihash::{IDENTITY, Multihash};

mod der;
mod ecdsa;
mod ed25519;
mod peer_id;
mod pkcs8;
mod rsa;
mod secp256k1;

pub use ecdsa::{EcdsaPublic, EcdsaSecret};
pub use ed25519::{Ed25519Public, Ed25519Secret};
pub use peer_id::{PeerId, PeerIdError};
pub use pkcs8::{Pkcs8Error, is_pem};
pub use rsa::{DEFAULT_RSA_BITS, MAX_RSA_BITS, MIN_RSA_BITS, RsaPublic, RsaSecret};
pub use secp256k1::{Secp256k1Public, Secp256k1Secret};

/// Maximum length of an encoded key, in bytes: an RSA key of 8,192 bits fits.
const MAX_ENCODED: usize = 8 << 10;
/// Maximum length of an encoded public key that is contained in the peer ID itself, in bytes.
const MAX_INLINE: usize = 42;

/// The algorithms that libp2p knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA of 2,048 to 8,192 bits, with SHA-256.
    Rsa,
    /// Ed25519, the default of new keys.
    Ed25519,
    /// ECDSA on secp256k1.
    Secp256k1,
    /// ECDSA on P-256.
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
    /// The curve of the key is not supported.
    #[error("ecdsa keys on curves other than P-256 are not supported")]
    Curve,
    /// An RSA key is too short to be secure.
    #[error("an RSA key of {0} bits is too short: the minimum is {MIN_RSA_BITS}")]
    TooShort(usize),
    /// An RSA key is longer than libp2p supports.
    #[error("an RSA key of {0} bits is too long: the maximum is {MAX_RSA_BITS}")]
    TooManyBits(usize),
    /// The key is invalid for its algorithm.
    #[error("not a valid {0} key")]
    Invalid(KeyType),
    /// The system's random generator failed.
    #[error("the random generator of the system failed")]
    Random,
    /// A signature could not be made.
    #[error("cannot sign with this {0} key")]
    Sign(KeyType),
}

impl KeyError {
    /// Refuses an RSA key with too few or too many bits.
    ///
    /// # Errors
    /// [`KeyError::TooShort`], [`KeyError::TooManyBits`].
    pub fn check_rsa_bits(bits: usize) -> Result<(), Self> {
        match bits {
            ..MIN_RSA_BITS => Err(Self::TooShort(bits)),
            MIN_RSA_BITS..=MAX_RSA_BITS => Ok(()),
            _ => Err(Self::TooManyBits(bits)),
        }
    }
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// Ed25519.
    Ed25519(Ed25519Public),
    /// RSA.
    Rsa(RsaPublic),
    /// ECDSA on secp256k1.
    Secp256k1(Secp256k1Public),
    /// ECDSA on P-256.
    Ecdsa(EcdsaPublic),
}

impl PublicKey {
    /// Reads the libp2p encoding.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::UnknownType`], [`KeyError::Invalid`], and the bounds of RSA.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let (kind, data) = decode_envelope(bytes)?;
        Ok(match kind {
            KeyType::Ed25519 => Self::Ed25519(Ed25519Public::from_raw(data)?),
            KeyType::Rsa => Self::Rsa(RsaPublic::from_raw(data)?),
            KeyType::Secp256k1 => Self::Secp256k1(Secp256k1Public::from_raw(data)?),
            KeyType::Ecdsa => Self::Ecdsa(EcdsaPublic::from_raw(data)?),
        })
    }

    /// Reads the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// [`KeyError::Invalid`].
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        Ed25519Public::from_raw(bytes).map(Self::Ed25519)
    }

    /// The algorithm.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        match self {
            Self::Ed25519(_) => KeyType::Ed25519,
            Self::Rsa(_) => KeyType::Rsa,
            Self::Secp256k1(_) => KeyType::Secp256k1,
            Self::Ecdsa(_) => KeyType::Ecdsa,
        }
    }

    /// The key as its algorithm writes it, without the libp2p envelope.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.raw(),
            Self::Rsa(key) => key.raw(),
            Self::Secp256k1(key) => key.raw(),
            Self::Ecdsa(key) => key.raw(),
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
            Self::Ed25519(key) => key.verify(data, signature),
            Self::Rsa(key) => key.verify(data, signature),
            Self::Secp256k1(key) => key.verify(data, signature),
            Self::Ecdsa(key) => key.verify(data, signature),
        }
    }
}

/// A private key with its public key. Never printed; wiped from memory on drop.
#[derive(Clone)]
#[non_exhaustive]
pub enum Keypair {
    /// Ed25519.
    Ed25519(Ed25519Secret),
    /// RSA.
    Rsa(RsaSecret),
    /// ECDSA on secp256k1.
    Secp256k1(Secp256k1Secret),
    /// ECDSA on P-256.
    Ecdsa(EcdsaSecret),
}

impl Keypair {
    /// Generates a key; an RSA key with [`DEFAULT_RSA_BITS`].
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn generate(kind: KeyType) -> Result<Self, KeyError> {
        match kind {
            KeyType::Ed25519 => Ok(Self::from_ed25519_seed(&random()?)),
            KeyType::Rsa => Self::generate_rsa(DEFAULT_RSA_BITS),
            // Nearly every number is a key of these curves.
            KeyType::Secp256k1 => loop {
                if let Ok(key) = Secp256k1Secret::from_raw(&random()?) {
                    return Ok(Self::Secp256k1(key));
                }
            },
            KeyType::Ecdsa => loop {
                if let Ok(key) = EcdsaSecret::from_scalar(&random()?) {
                    return Ok(Self::Ecdsa(key));
                }
            },
        }
    }

    /// Makes a new RSA key of so many bits. That takes a second for 2,048 bits and minutes for 8,192: call it where waiting
    /// does no harm.
    ///
    /// # Errors
    /// [`KeyError::TooShort`] below [`MIN_RSA_BITS`], [`KeyError::TooManyBits`] above [`MAX_RSA_BITS`], [`KeyError::Random`].
    pub fn generate_rsa(bits: usize) -> Result<Self, KeyError> {
        RsaSecret::generate(bits).map(Self::Rsa)
    }

    /// The Ed25519 key of a seed, which is what PKCS#8 holds.
    #[must_use]
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Self {
        Self::Ed25519(Ed25519Secret::from_seed(seed))
    }

    /// Reads the libp2p encoding, as in Kubo's `Identity.PrivKey` and its key files.
    ///
    /// # Errors
    /// As [`PublicKey::decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let (kind, data) = decode_envelope(bytes)?;
        Ok(match kind {
            KeyType::Ed25519 => Self::Ed25519(Ed25519Secret::from_raw(data)?),
            KeyType::Rsa => Self::Rsa(RsaSecret::from_raw(data)?),
            KeyType::Secp256k1 => Self::Secp256k1(Secp256k1Secret::from_raw(data)?),
            KeyType::Ecdsa => Self::Ecdsa(EcdsaSecret::from_raw(data)?),
        })
    }

    /// The algorithm.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        match self {
            Self::Ed25519(_) => KeyType::Ed25519,
            Self::Rsa(_) => KeyType::Rsa,
            Self::Secp256k1(_) => KeyType::Secp256k1,
            Self::Ecdsa(_) => KeyType::Ecdsa,
        }
    }

    /// The libp2p encoding. This is the secret: keep it in files that only the owner reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let raw = match self {
            Self::Ed25519(key) => key.raw(),
            Self::Rsa(key) => key.raw(),
            Self::Secp256k1(key) => key.raw(),
            Self::Ecdsa(key) => key.raw(),
        };
        encode_envelope(self.key_type(), &raw)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(key.public()),
            Self::Rsa(key) => PublicKey::Rsa(key.public()),
            Self::Secp256k1(key) => PublicKey::Secp256k1(key.public()),
            Self::Ecdsa(key) => PublicKey::Ecdsa(key.public()),
        }
    }

    /// The id of the public half.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.public().peer_id()
    }

    /// Signs some data.
    ///
    /// # Errors
    /// [`KeyError::Sign`] for an RSA key whose numbers do not fit together.
    pub fn sign(&self, data: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(match self {
            Self::Ed25519(key) => key.sign(data),
            Self::Rsa(key) => key.sign(data)?,
            Self::Secp256k1(key) => key.sign(data),
            Self::Ecdsa(key) => key.sign(data),
        })
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({})", self.peer_id())
    }
}

fn random() -> Result<[u8; 32], KeyError> {
    let mut bytes = [0; 32];
    rand::rngs::SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| KeyError::Random)?;
    Ok(bytes)
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
