//! Tokens in the form of nft.storage: JSON Web Tokens with the payload `{sub, iss: "nft-storage", iat, name}`, where `iat`
//! is in milliseconds.
//!
//! A signature alone lets nobody in: the token must also be stored, by its hash, and not be revoked.

use cairn_primitives::credentials::jwt::{self, Jwt};
use cairn_store::shared::{AccountId, Millis};
use serde::{Deserialize, Serialize};

pub(super) use cairn_primitives::credentials::jwt::is_jwt;

/// The issuer that nft.storage's own tokens name.
const ISSUER: &str = "nft-storage";

/// The key of signatures.
pub(super) type Secret = [u8; 32];

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    iat: Millis,
    name: String,
}

/// A new token, signed.
pub(super) fn sign(
    secret: &Secret,
    account: AccountId,
    issued: Millis,
    name: &str,
) -> Result<String, serde_json::Error> {
    let claims = Claims {
        sub: format!("account:{}", account.0),
        iss: ISSUER.to_owned(),
        iat: issued,
        name: name.to_owned(),
    };
    jwt::sign(secret, &claims)
}

/// The account that a token names; `None` unless it is signed with this secret, and has our claims.
pub(super) fn verify(secret: &Secret, text: &str) -> Option<AccountId> {
    let token = Jwt::read(text)?;
    if !token.is_signed_with(secret) {
        return None;
    }
    let claims: Claims = token.claims()?;
    if claims.iss != ISSUER {
        return None;
    }
    let account = claims.sub.strip_prefix("account:")?.parse().ok()?;
    Some(AccountId(account))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const SECRET: Secret = [3; 32];

    fn with(header: &str, claims: &str, signature: impl Fn(&str) -> String) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = signature(&signed);
        format!("{signed}.{signature}")
    }

    fn hs256(secret: Secret) -> impl Fn(&str) -> String {
        move |signed| URL_SAFE_NO_PAD.encode(jwt::code(&secret, signed))
    }

    #[test]
    fn only_our_own_signature_is_accepted() {
        let token = sign(&SECRET, AccountId(7), 1_700_000_000_000, "a \"name\"").unwrap();
        assert!(is_jwt(&token));
        assert_eq!(verify(&SECRET, &token), Some(AccountId(7)));
        assert_eq!(verify(&[4; 32], &token), None);
        let header = r#"{"alg":"HS256","typ":"JWT"}"#;
        let claims = r#"{"sub":"account:8","iss":"nft-storage","iat":1,"name":"n"}"#;
        assert_eq!(
            verify(&SECRET, &with(header, claims, hs256(SECRET))),
            Some(AccountId(8))
        );
        for wrong in [
            // No signature, with and without saying so.
            with(r#"{"alg":"none"}"#, claims, |_| String::new()),
            with(r#"{"alg":"none"}"#, claims, hs256(SECRET)),
            with(r#"{"alg":"None"}"#, claims, |_| String::new()),
            with(header, claims, |_| String::new()),
            // Other algorithms, and a key of somebody else.
            with(r#"{"alg":"HS512"}"#, claims, hs256(SECRET)),
            with(r#"{"alg":"RS256"}"#, claims, hs256(SECRET)),
            with(r#"{"alg":"hs256"}"#, claims, hs256(SECRET)),
            with(header, claims, hs256([0; 32])),
            // Another issuer, no account, no claims.
            with(header, &claims.replace("nft-storage", "me"), hs256(SECRET)),
            with(header, &claims.replace("account:", ""), hs256(SECRET)),
            with(header, "{}", hs256(SECRET)),
            with(header, "", hs256(SECRET)),
        ] {
            assert_eq!(verify(&SECRET, &wrong), None, "{wrong}");
        }
        // Every changed letter.
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last letter of a part may have bits that are not used; those must be zero.
            assert_eq!(verify(&SECRET, &changed), None, "{at}");
        }
    }
}
