//! JSON Web Tokens that are signed with a shared secret (HS256). Other algorithms, and tokens without a signature, are no
//! tokens here.
//!
//! Form: <https://www.rfc-editor.org/rfc/rfc7519>, <https://www.rfc-editor.org/rfc/rfc7515>

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The only algorithm.
const ALGORITHM: &str = "HS256";

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
}

/// A token. Nothing of it is true until its signature was verified with [`Jwt::is_signed_with`].
#[derive(Clone, PartialEq, Eq)]
pub struct Jwt<'a> {
    signed: &'a str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

// Written by hand: secrets do not belong in logs.
impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Jwt").finish_non_exhaustive()
    }
}

/// Whether a text has the form of a token: three parts.
#[must_use]
pub fn is_jwt(text: &str) -> bool {
    text.split('.').count() == 3
}

impl<'a> Jwt<'a> {
    /// Reads a token; `None` for other texts, and other algorithms than HS256. Parts may be padded.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| {
            let bare = part.trim_end_matches('=').as_bytes();
            BASE64URL_NOPAD.decode(bare).ok()
        };
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        if header.alg != ALGORITHM {
            return None;
        }
        Some(Self {
            signed,
            claims: decode(claims)?,
            signature: decode(signature)?,
        })
    }

    /// Whether it was signed with this secret. The signature is compared in constant time.
    #[must_use]
    pub fn is_signed_with(&self, secret: &[u8]) -> bool {
        is_code(secret, self.signed, &self.signature)
    }

    /// The claims, as far as `T` has them; `None` if they are not such.
    #[must_use]
    pub fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.claims).ok()
    }
}

/// A token with these claims, signed.
///
/// # Errors
/// If the claims cannot be written as JSON.
pub fn sign(secret: &[u8], claims: &impl Serialize) -> Result<String, serde_json::Error> {
    let header = Header {
        alg: ALGORITHM.to_owned(),
        typ: Some("JWT".to_owned()),
    };
    let header = BASE64URL_NOPAD.encode(&serde_json::to_vec(&header)?);
    let claims = BASE64URL_NOPAD.encode(&serde_json::to_vec(claims)?);
    let signed = format!("{header}.{claims}");
    let signature = BASE64URL_NOPAD.encode(&code(secret, &signed));
    Ok(format!("{signed}.{signature}"))
}

/// The authentication code of a text: HMAC with SHA2-256.
#[must_use]
pub fn code(secret: &[u8], text: &str) -> [u8; 32] {
    mac(secret, text).finalize().into_bytes().into()
}

/// Whether this is the authentication code of a text. Takes constant time, however much of it is right.
#[must_use]
pub fn is_code(secret: &[u8], text: &str, code: &[u8]) -> bool {
    mac(secret, text).verify_slice(code).is_ok()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac(secret: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key");
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The example of RFC 7515, appendix A.1.
    const EXAMPLE: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const KEY: &str =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    #[test]
    fn the_example_of_the_standard_is_read() {
        let key = BASE64URL_NOPAD.decode(KEY.as_bytes()).unwrap();
        let token = Jwt::read(EXAMPLE).unwrap();
        assert!(token.is_signed_with(&key));
        assert_eq!(token.claims::<Value>().unwrap()["iss"], "joe");
        assert!(!token.is_signed_with(&key[1..]));
        assert!(is_jwt(EXAMPLE));
    }

    #[test]
    fn tokens_are_signed_and_read() {
        for secret in [&[7_u8; 32][..], &[], &[1; 64], &[2; 65], &[3; 200]] {
            let token = sign(secret, &json!({ "iss": "ann" })).unwrap();
            let read = Jwt::read(&token).unwrap();
            assert!(read.is_signed_with(secret));
            assert_eq!(read.claims::<Value>(), Some(json!({ "iss": "ann" })));
            assert_eq!(read.claims::<Vec<u8>>(), None);
            assert!(!read.is_signed_with(&[8; 32]));
            assert_eq!(format!("{read:?}"), "Jwt { .. }");
        }
        for wrong in ["", "a", "a.b", "a.b.c", "..", "e30.e30.", "e30.e30.e30.e30"] {
            assert_eq!(Jwt::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 4231, test cases 2 and 6.
        for (secret, text, expected) in [
            (
                b"Jefe".to_vec(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let found = code(&secret, text);
            assert_eq!(data_encoding::HEXLOWER.encode(&found), expected);
            assert!(is_code(&secret, text, &found));
            assert!(!is_code(&secret, text, &found[..31]));
            assert!(!is_code(&secret, "", &found));
        }
    }
}
