//! RSA: signatures of PKCS#1 v1.5 over SHA-256.
//!
//! Spec: <https://www.rfc-editor.org/rfc/rfc8017>, <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#rsa>

use std::fmt;

use libp2p_identity::rsa::{Keypair, PublicKey};
use rand::rngs::SysRng;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest as _, Sha256};

use super::der::{self, Der};
use super::{KeyError, KeyType};

/// Least bits of a key.
pub const MIN_RSA_BITS: usize = 2048;
/// Most bits of a key.
pub const MAX_RSA_BITS: usize = 8192;
/// Bits of a key where nothing else is asked for.
pub const DEFAULT_RSA_BITS: usize = 2048;

/// Most bytes of a public exponent; libp2p verifies with exponents of up to 33 bits.
const MAX_EXPONENT: usize = 5;

const INVALID: KeyError = KeyError::Invalid(KeyType::Rsa);

/// Reads a `SubjectPublicKeyInfo`: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>. libp2p looks at its numbers only when
/// it verifies; here they are checked at once.
pub(super) fn public_from_raw(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let numbers = || {
        let mut info = Der::inside(bytes, der::SEQUENCE)?;
        let mut algorithm = Der::new(info.take(der::SEQUENCE)?);
        let key = info.take(der::BIT_STRING)?.strip_prefix(&[0])?;
        let mut key = Der::inside(key, der::SEQUENCE)?;
        let modulus = der::digits(key.take(der::INTEGER)?)?;
        let exponent = der::digits(key.take(der::INTEGER)?)?;
        let whole = key.is_empty() && info.is_empty();
        (whole && algorithm.take(der::OID)? == der::RSA).then_some((modulus, exponent))
    };
    let (modulus, exponent) = numbers().ok_or(INVALID)?;
    KeyError::check_rsa_bits(bits(modulus))?;
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if !odd(modulus) || !odd(exponent) || exponent == [1] || exponent.len() > MAX_EXPONENT {
        return Err(INVALID);
    }
    PublicKey::try_decode_x509(bytes).map_err(|_| INVALID)
}

/// A private RSA key. libp2p neither generates nor writes RSA keys, and signs with few lengths of them.
#[derive(Clone)]
pub(super) struct RsaSecret {
    key: RsaPrivateKey,
    public: PublicKey,
}

impl RsaSecret {
    pub(super) fn generate(bits: usize) -> Result<Self, KeyError> {
        KeyError::check_rsa_bits(bits)?;
        let mut random = rand::rand_core::UnwrapErr(SysRng);
        let key = RsaPrivateKey::new(&mut random, bits).map_err(|_| KeyError::Random)?;
        Self::new(key)
    }

    fn new(key: RsaPrivateKey) -> Result<Self, KeyError> {
        let modulus = der::unsigned(&key.n_bytes());
        let exponent = der::unsigned(&key.e_bytes());
        let numbers = der::value(der::SEQUENCE, &[&modulus, &exponent]);
        let name = der::value(der::OID, &[der::RSA]);
        let none = der::value(der::NULL, &[]);
        let algorithm = der::value(der::SEQUENCE, &[&name, &none]);
        let numbers = der::value(der::BIT_STRING, &[&[0], &numbers]);
        let public = public_from_raw(&der::value(der::SEQUENCE, &[&algorithm, &numbers]))?;
        Ok(Self { key, public })
    }

    /// Reads an `RSAPrivateKey` of two primes: <https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2>.
    pub(super) fn from_raw(bytes: &[u8]) -> Result<Self, KeyError> {
        let numbers = || {
            let mut key = Der::inside(bytes, der::SEQUENCE)?;
            let version = key.take(der::INTEGER)?;
            let mut next = || der::digits(key.take(der::INTEGER)?);
            let (modulus, exponent, secret) = (next()?, next()?, next()?);
            let primes = [next()?, next()?];
            // What remains follows from these.
            (version == [0]).then_some((modulus, exponent, secret, primes))
        };
        let (modulus, exponent, secret, [p, q]) = numbers().ok_or(INVALID)?;
        KeyError::check_rsa_bits(bits(modulus))?;
        // No number of a key is longer than its modulus: none of them makes the reader work for longer.
        if [exponent, secret, p, q]
            .iter()
            .any(|number| number.len() > modulus.len())
        {
            return Err(INVALID);
        }
        let primes = vec![number(p)?, number(q)?];
        let key = RsaPrivateKey::from_components(
            number(modulus)?,
            number(exponent)?,
            wide(secret, modulus.len())?,
            primes,
        );
        // What the other numbers cannot be made of has factors that are not prime.
        let key = key.ok().filter(|key| key.dp().is_some());
        Self::new(key.ok_or(INVALID)?)
    }

    pub(super) fn raw(&self) -> Vec<u8> {
        let key = &self.key;
        let written = |number: Option<BoxedUint>| {
            let digits = number.map(|number| number.to_be_bytes());
            der::unsigned(digits.as_deref().unwrap_or_default())
        };
        let mut primes = key.primes().iter();
        let numbers = [
            der::value(der::INTEGER, &[&[0]]),
            der::unsigned(&key.n_bytes()),
            der::unsigned(&key.e_bytes()),
            written(Some(key.d().clone())),
            written(primes.next().cloned()),
            written(primes.next().cloned()),
            written(key.dp().cloned()),
            written(key.dq().cloned()),
            written(key.crt_coefficient()),
        ];
        der::value(der::SEQUENCE, &numbers.each_ref().map(Vec::as_slice))
    }

    pub(super) fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// The key as libp2p's.
    pub(super) fn to_libp2p(&self) -> Result<Keypair, KeyError> {
        let bits = bits(&self.key.n_bytes());
        Keypair::try_decode_pkcs1(&mut self.raw()).map_err(|_| KeyError::RsaIdentity(bits))
    }

    pub(super) fn sign(&self, data: &[u8]) -> Result<Vec<u8>, KeyError> {
        let scheme = Pkcs1v15Sign::new::<Sha256>();
        // Blinded, so that the time it takes tells nothing of the key.
        let mut random = rand::rand_core::UnwrapErr(SysRng);
        self.key
            .sign_with_rng(&mut random, scheme, &Sha256::digest(data))
            .map_err(|_| KeyError::Sign(KeyType::Rsa))
    }
}

impl fmt::Debug for RsaSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaSecret(..)")
    }
}

/// The bits of a big-endian number without zeros before it.
fn bits(digits: &[u8]) -> usize {
    let zeros = digits.first().map_or(0, |first| first.leading_zeros());
    (digits.len() * 8).saturating_sub(zeros as usize)
}

fn number(digits: &[u8]) -> Result<BoxedUint, KeyError> {
    wide(digits, digits.len())
}

/// A number with room for so many bytes.
fn wide(digits: &[u8], bytes: usize) -> Result<BoxedUint, KeyError> {
    let bits = u32::try_from(bytes * 8).map_err(|_| INVALID)?;
    BoxedUint::from_be_slice(digits, bits).map_err(|_| INVALID)
}
