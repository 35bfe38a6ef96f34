//! Private keys as other programs keep them: PKCS#8 in PEM, not encrypted.
//!
//! Spec: <https://www.rfc-editor.org/rfc/rfc5958>, <https://www.rfc-editor.org/rfc/rfc7468>

use super::der::{self, Der};
use super::keypair::Secret;
use super::rsa::RsaSecret;
use super::{KeyError, KeyType, Keypair, ecdsa};

/// What the lines around a key name.
const LABEL: &str = "PRIVATE KEY";
/// Letters of base64 in one line.
const LINE: usize = 64;

/// Why a key could not be read from PKCS#8, or written to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs8Error {
    /// There are no lines that frame a key.
    #[error("there is no PEM block")]
    NoPem,
    /// Something else stands between those lines.
    #[error("a PEM block of type {expected:?} is expected, not {found:?}")]
    Label {
        /// What it is.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The block is not PKCS#8.
    #[error("not a private key in PKCS#8")]
    Malformed,
    /// The key is of an algorithm that is not built in.
    #[error(
        "private keys of this algorithm are not supported: RSA, Ed25519 and ECDSA on P-256 are"
    )]
    Algorithm,
    /// The key inside is not good.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Keys of this type are never written as PKCS#8.
    #[error("a {0} key cannot be written as PKCS#8")]
    NoForm(KeyType),
}

impl Keypair {
    /// Reads the first PEM block of a text, which holds an RSA, Ed25519 or ECDSA key.
    ///
    /// # Errors
    /// See [`Pkcs8Error`].
    pub fn from_pkcs8_pem(text: &[u8]) -> Result<Self, Pkcs8Error> {
        from_pkcs8(&unframe(text)?)
    }

    /// Writes a PEM block. This is the secret.
    ///
    /// # Errors
    /// [`Pkcs8Error::NoForm`] for a key on secp256k1.
    pub fn to_pkcs8_pem(&self) -> Result<String, Pkcs8Error> {
        let text = data_encoding::BASE64.encode(&to_pkcs8(self)?);
        let mut out = format!("-----BEGIN {LABEL}-----\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(LINE.min(rest.len()));
            out.push_str(line);
            out.push('\n');
            rest = after;
        }
        out.push_str(&format!("-----END {LABEL}-----\n"));
        Ok(out)
    }
}

/// Whether a text has a PEM block in it.
#[must_use]
pub fn is_pem(text: &[u8]) -> bool {
    !matches!(unframe(text), Err(Pkcs8Error::NoPem))
}

/// The bytes of the first block.
fn unframe(text: &[u8]) -> Result<Vec<u8>, Pkcs8Error> {
    let text = std::str::from_utf8(text).map_err(|_| Pkcs8Error::NoPem)?;
    let mut lines = text.lines().map(str::trim_end);
    let label = lines
        .find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .ok_or(Pkcs8Error::NoPem)?;
    let end = format!("-----END {label}-----");
    let mut body = String::new();
    let mut ended = false;
    for line in lines {
        if line == end {
            ended = true;
            break;
        }
        body.push_str(line.trim());
    }
    let bytes = data_encoding::BASE64.decode(body.as_bytes());
    let (Ok(bytes), true) = (bytes, ended) else {
        return Err(Pkcs8Error::NoPem);
    };
    if label != LABEL {
        return Err(Pkcs8Error::Label {
            found: label.to_owned(),
            expected: LABEL,
        });
    }
    Ok(bytes)
}

/// Reads a `OneAsymmetricKey`; attributes and the public half at its end are passed over.
fn from_pkcs8(bytes: &[u8]) -> Result<Keypair, Pkcs8Error> {
    let malformed = Pkcs8Error::Malformed;
    let parts = || {
        let mut info = Der::inside(bytes, der::SEQUENCE)?;
        let version = info.take(der::INTEGER)?;
        let algorithm = info.take(der::SEQUENCE)?;
        let key = info.take(der::OCTET_STRING)?;
        matches!(version, [0 | 1]).then_some((algorithm, key))
    };
    let (algorithm, key) = parts().ok_or(malformed.clone())?;
    let name = Der::new(algorithm)
        .take(der::OID)
        .ok_or(malformed.clone())?;
    match name {
        der::RSA => Ok(Secret::Rsa(RsaSecret::from_raw(key)?).into()),
        der::ED25519 => {
            let seed = Der::new(key).take(der::OCTET_STRING).ok_or(malformed)?;
            let seed = seed
                .try_into()
                .map_err(|_| KeyError::Invalid(KeyType::Ed25519))?;
            Ok(Keypair::from_ed25519_seed(seed))
        }
        der::EC => {
            ecdsa::check_algorithm(algorithm)?;
            Ok(Secret::Ecdsa(ecdsa::from_raw(key)?).into())
        }
        _ => Err(Pkcs8Error::Algorithm),
    }
}

fn to_pkcs8(key: &Keypair) -> Result<Vec<u8>, Pkcs8Error> {
    let named = |name: &[u8], parameters: &[u8]| {
        let name = der::value(der::OID, &[name]);
        der::value(der::SEQUENCE, &[&name, parameters])
    };
    let (algorithm, inside) = match &key.0 {
        Secret::Ed25519(pair) => (
            named(der::ED25519, &[]),
            der::value(der::OCTET_STRING, &[pair.secret().as_ref()]),
        ),
        Secret::Rsa(secret) => (named(der::RSA, &der::value(der::NULL, &[])), secret.raw()),
        Secret::Ecdsa(pair) => (ecdsa::algorithm(), ecdsa::without_curve(pair)),
        Secret::Secp256k1(_) => return Err(Pkcs8Error::NoForm(KeyType::Secp256k1)),
    };
    let version = der::value(der::INTEGER, &[&[0]]);
    let inside = der::value(der::OCTET_STRING, &[&inside]);
    Ok(der::value(der::SEQUENCE, &[&version, &algorithm, &inside]))
}
