//! Keys of peers and of mutable names, and their peer IDs.
//!
//! The keys are those of libp2p (`libp2p-identity`). What it lacks is here: RSA keys are generated, written and used for
//! signatures of any length, private keys are exchanged as PKCS#8, and peer IDs have all their texts.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md>

use std::fmt;

use crate::codec::protobuf::{BYTES, Reader, VARINT, WireError};

mod der;
mod ecdsa;
mod ed25519;
mod keypair;
mod peer_id;
mod pkcs8;
mod public;
mod rsa;
mod secp256k1;

pub use keypair::Keypair;
pub use peer_id::{PeerId, PeerIdError};
pub use pkcs8::{Pkcs8Error, is_pem};
pub use public::PublicKey;
pub use rsa::{DEFAULT_RSA_BITS, MAX_RSA_BITS, MIN_RSA_BITS};

/// Maximum length of an encoded key, in bytes: an RSA key of 8,192 bits fits.
const MAX_ENCODED: usize = 8 << 10;

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

impl From<libp2p_identity::KeyType> for KeyType {
    fn from(kind: libp2p_identity::KeyType) -> Self {
        use libp2p_identity::KeyType as Theirs;
        match kind {
            Theirs::RSA => Self::Rsa,
            Theirs::Ed25519 => Self::Ed25519,
            Theirs::Secp256k1 => Self::Secp256k1,
            Theirs::Ecdsa => Self::Ecdsa,
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
    /// libp2p does not sign with RSA keys of this length.
    #[error(
        "an RSA key of {0} bits cannot identify a node on the network: 2048, 3072 and 4096 bits can"
    )]
    RsaIdentity(usize),
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
