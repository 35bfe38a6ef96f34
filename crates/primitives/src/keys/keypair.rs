//! Private keys.

use std::fmt;

use libp2p_identity::secp256k1::SecretKey as Secp256k1Secret;
use libp2p_identity::{ecdsa as libp2p_ecdsa, ed25519 as libp2p_ed25519, secp256k1};
use rand::TryRng as _;

use super::rsa::{DEFAULT_RSA_BITS, RsaSecret};
#[cfg(doc)]
use super::rsa::{MAX_RSA_BITS, MIN_RSA_BITS};
use super::{
    KeyError, KeyType, PeerId, PublicKey, decode_envelope, ecdsa, ed25519, encode_envelope,
};

/// A private key with its public key. Never printed; wiped from memory on drop.
#[derive(Clone)]
pub struct Keypair(pub(super) Secret);

#[derive(Clone)]
pub(super) enum Secret {
    Ed25519(libp2p_ed25519::Keypair),
    Rsa(RsaSecret),
    Secp256k1(secp256k1::Keypair),
    Ecdsa(libp2p_ecdsa::Keypair),
}

impl Keypair {
    /// Generates a key; an RSA key with [`DEFAULT_RSA_BITS`].
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn generate(kind: KeyType) -> Result<Self, KeyError> {
        Ok(Self(match kind {
            KeyType::Ed25519 => Secret::Ed25519(ed25519::from_seed(random()?)?),
            KeyType::Rsa => return Self::generate_rsa(DEFAULT_RSA_BITS),
            // Nearly every number is a key of these curves.
            KeyType::Secp256k1 => loop {
                if let Ok(key) = Secp256k1Secret::try_from_bytes(random()?) {
                    break Secret::Secp256k1(key.into());
                }
            },
            KeyType::Ecdsa => loop {
                if let Ok(key) = ecdsa::from_scalar(&random()?) {
                    break Secret::Ecdsa(key);
                }
            },
        }))
    }

    /// Makes a new RSA key of so many bits. That takes a second for 2,048 bits and minutes for 8,192: call it where waiting
    /// does no harm.
    ///
    /// # Errors
    /// [`KeyError::TooShort`] below [`MIN_RSA_BITS`], [`KeyError::TooManyBits`] above [`MAX_RSA_BITS`], [`KeyError::Random`].
    pub fn generate_rsa(bits: usize) -> Result<Self, KeyError> {
        RsaSecret::generate(bits).map(|key| Self(Secret::Rsa(key)))
    }

    /// The Ed25519 key of a seed, which is what PKCS#8 holds.
    #[must_use]
    #[expect(clippy::expect_used, reason = "every 32 bytes are a seed")]
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Self {
        Self(Secret::Ed25519(
            ed25519::from_seed(*seed).expect("a seed of 32 bytes"),
        ))
    }

    /// Reads the libp2p encoding, as in Kubo's `Identity.PrivKey` and its key files.
    ///
    /// # Errors
    /// As [`PublicKey::decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let (kind, data) = decode_envelope(bytes)?;
        Ok(Self(match kind {
            KeyType::Ed25519 => Secret::Ed25519(ed25519::from_raw(data)?),
            KeyType::Rsa => Secret::Rsa(RsaSecret::from_raw(data)?),
            KeyType::Secp256k1 => Secp256k1Secret::try_from_bytes(data.to_vec())
                .map(|key| Secret::Secp256k1(key.into()))
                .map_err(|_| KeyError::Invalid(kind))?,
            KeyType::Ecdsa => Secret::Ecdsa(ecdsa::from_raw(data)?),
        }))
    }

    /// The algorithm.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        match &self.0 {
            Secret::Ed25519(_) => KeyType::Ed25519,
            Secret::Rsa(_) => KeyType::Rsa,
            Secret::Secp256k1(_) => KeyType::Secp256k1,
            Secret::Ecdsa(_) => KeyType::Ecdsa,
        }
    }

    /// The libp2p encoding. This is the secret: keep it in files that only the owner reads.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let raw = match &self.0 {
            Secret::Ed25519(pair) => pair.to_bytes().to_vec(),
            Secret::Rsa(key) => key.raw(),
            Secret::Secp256k1(pair) => pair.secret().to_bytes().to_vec(),
            Secret::Ecdsa(pair) => ecdsa::raw(pair),
        };
        encode_envelope(self.key_type(), &raw)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let key: libp2p_identity::PublicKey = match &self.0 {
            Secret::Ed25519(pair) => pair.public().into(),
            Secret::Rsa(key) => key.public().into(),
            Secret::Secp256k1(pair) => pair.public().clone().into(),
            Secret::Ecdsa(pair) => pair.public().clone().into(),
        };
        key.into()
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
        Ok(match &self.0 {
            Secret::Ed25519(pair) => pair.sign(data),
            Secret::Rsa(key) => key.sign(data)?,
            Secret::Secp256k1(pair) => pair.secret().sign(data),
            Secret::Ecdsa(pair) => pair.sign(data),
        })
    }
}

impl From<Secret> for Keypair {
    fn from(secret: Secret) -> Self {
        Self(secret)
    }
}

impl TryFrom<&Keypair> for libp2p_identity::Keypair {
    type Error = KeyError;

    /// The key as the identity of a node on the network.
    ///
    /// # Errors
    /// [`KeyError::RsaIdentity`] for an RSA key that libp2p does not sign with: of other than 2,048, 3,072 or 4,096 bits, or with
    /// a public exponent below 65,537.
    fn try_from(key: &Keypair) -> Result<Self, KeyError> {
        Ok(match key.0.clone() {
            Secret::Ed25519(pair) => pair.into(),
            Secret::Rsa(key) => key.to_libp2p()?.into(),
            Secret::Secp256k1(pair) => pair.into(),
            Secret::Ecdsa(pair) => pair.into(),
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
