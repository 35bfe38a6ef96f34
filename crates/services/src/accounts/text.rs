//! The texts of tokens.

use cairn_primitives::Multihash;
use cairn_store::shared::TokenHash;
use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

/// What the text of a token begins with, so that people and scanners for secrets recognize it.
pub const TOKEN_PREFIX: &str = "cairn_";

/// Number of random bytes.
const RANDOM: usize = 32;

/// Number of bytes of the checksum.
const CHECKSUM: usize = 4;

/// Maximum length of a credential, in bytes; JSON Web Tokens with long names are some hundred.
pub(super) const MAX_TEXT: usize = 4096;

/// Base32 in small letters: a double click selects it, and no two letters look alike.
static BASE32: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().ok()
});

/// The text of a token: `cairn_`, then 32 random bytes and the first 4 of their SHA2-256 in base32. It is shown once;
/// only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(String);

// Written by hand: secrets do not belong in logs.
impl std::fmt::Debug for TokenText {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("TokenText(…)")
    }
}

impl TokenText {
    pub(super) fn new(random: [u8; RANDOM]) -> Self {
        let mut bytes = random.to_vec();
        bytes.extend(checksum(&random));
        let encoded = BASE32.as_ref().map(|base32| base32.encode(&bytes));
        Self(format!("{TOKEN_PREFIX}{}", encoded.unwrap_or_default()))
    }

    pub(super) fn signed(text: String) -> Self {
        Self(text)
    }

    /// The text, to be shown to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

/// Whether a text can be that of a token.
pub(super) fn is_token(text: &str) -> bool {
    let decode = |encoded: &str| BASE32.as_ref()?.decode(encoded.as_bytes()).ok();
    let Some(bytes) = text.strip_prefix(TOKEN_PREFIX).and_then(decode) else {
        return false;
    };
    match bytes.split_at_checked(RANDOM) {
        Some((random, sum)) => sum == checksum(random),
        None => false,
    }
}

fn checksum(random: &[u8]) -> Vec<u8> {
    let hash = Multihash::sha2_256(random);
    hash.digest().iter().copied().take(CHECKSUM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_recognized_and_typing_errors_are_not() {
        let text = TokenText::new([7; 32]);
        assert!(is_token(text.reveal()), "{}", text.reveal());
        assert_eq!(text.reveal().len(), 64);
        assert_eq!(format!("{text:?}"), "TokenText(…)");
        assert_ne!(text, TokenText::new([8; 32]));
        for at in 0..text.reveal().len() {
            let mut wrong = text.reveal().to_owned().into_bytes();
            wrong[at] = if wrong[at] == b'a' { b'b' } else { b'a' };
            assert!(!is_token(std::str::from_utf8(&wrong).unwrap()), "{at}");
        }
        for wrong in ["", "cairn_", "cairn_aaaa", "token", &text.reveal()[1..]] {
            assert!(!is_token(wrong), "{wrong}");
        }
        assert!(!is_token(&text.reveal().to_uppercase()));
    }
}
