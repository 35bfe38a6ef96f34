//! Multibase: self-describing base encodings.
//!
//! Spec: <https://github.com/multiformats/multibase>

use smallvec::SmallVec;

mod base32;
mod base58;
#[cfg(test)]
mod tests;

pub use ::multibase::Base;

/// Why a text is not multibase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultibaseError {
    /// The text is empty.
    #[error("the multibase text is empty")]
    Empty,
    /// No base has the prefix that the text begins with.
    #[error("no multibase encoding has the prefix {0:?}")]
    UnknownPrefix(char),
    /// No base has this name.
    #[error("unknown multibase encoding {0:?}")]
    UnknownBase(String),
    /// A character is not in the base's alphabet, or the length is impossible.
    #[error("invalid {base} text at byte {at}")]
    Invalid {
        /// The base's name.
        base: &'static str,
        /// The position in bytes after the prefix.
        at: usize,
    },
    /// The text is too long for this base, whose cost grows with the square of the length.
    #[error("the {base} text of {length} bytes is too long to decode")]
    TooLong {
        /// The base's name.
        base: &'static str,
        /// The length in bytes.
        length: usize,
    },
}

/// Maximum length of texts in base 10, 36 and 58 flickr, where the cost grows with the square of the length.
const MAX_QUADRATIC: usize = 4096;

/// The names of the bases, as in the spec, in Kubo's order.
pub const NAMES: &[(&str, Base)] = &[
    ("base2", Base::Base2),
    ("base8", Base::Base8),
    ("base10", Base::Base10),
    ("base16", Base::Base16Lower),
    ("base16upper", Base::Base16Upper),
    ("base32hex", Base::Base32HexLower),
    ("base32hexupper", Base::Base32HexUpper),
    ("base32hexpad", Base::Base32HexPadLower),
    ("base32hexpadupper", Base::Base32HexPadUpper),
    ("base32", Base::Base32Lower),
    ("base32upper", Base::Base32Upper),
    ("base32pad", Base::Base32PadLower),
    ("base32padupper", Base::Base32PadUpper),
    ("base32z", Base::Base32Z),
    ("base36", Base::Base36Lower),
    ("base36upper", Base::Base36Upper),
    ("base58btc", Base::Base58Btc),
    ("base58flickr", Base::Base58Flickr),
    ("base64", Base::Base64),
    ("base64pad", Base::Base64Pad),
    ("base64url", Base::Base64Url),
    ("base64urlpad", Base::Base64UrlPad),
    ("base256emoji", Base::Base256Emoji),
];

/// The base of a name (`base32`) or of a one-letter prefix (`b`).
///
/// # Errors
/// [`MultibaseError::UnknownBase`].
pub fn by_name(name: &str) -> Result<Base, MultibaseError> {
    if name == "identity" {
        return Ok(Base::Identity);
    }
    let mut letters = name.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        return Base::from_code(letter).map_err(|_| MultibaseError::UnknownBase(name.to_owned()));
    }
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, base)| *base)
        .ok_or_else(|| MultibaseError::UnknownBase(name.to_owned()))
}

/// The spec's name of a base.
#[must_use]
pub fn name(base: Base) -> &'static str {
    NAMES
        .iter()
        .find(|(_, known)| *known == base)
        .map_or("identity", |(name, _)| *name)
}

/// Writes bytes with the base's prefix.
#[must_use]
pub fn encode(base: Base, bytes: &[u8]) -> String {
    let mut out = String::new();
    encode_to(base, bytes, &mut out);
    out
}

/// Appends the text of bytes, with the base's prefix.
pub fn encode_to(base: Base, bytes: &[u8], out: &mut String) {
    match base {
        Base::Base32Lower => {
            out.reserve(1 + bytes.len() * 8 / 5 + 1);
            out.push('b');
            base32::encode(bytes, out);
        }
        Base::Base58Btc => {
            out.push('z');
            encode_base58(bytes, out);
        }
        // Its "text" is the bytes themselves, which is text only where they are.
        Base::Identity => {
            out.push('\0');
            out.push_str(&crate::bytestring::to_text(bytes));
        }
        _ => out.push_str(&::multibase::encode(base, bytes)),
    }
}

/// Appends the base58btc text of bytes without a prefix, the form of CIDv0 and of peers.
pub fn encode_base58(bytes: &[u8], out: &mut String) {
    if base58::encode(bytes, out).is_none() {
        out.push_str(&Base::Base58Btc.encode(bytes));
    }
}

/// Reads a base58btc text that has no prefix.
///
/// # Errors
/// [`MultibaseError::Invalid`]; [`MultibaseError::TooLong`] past what 256 bytes give.
pub fn decode_base58(text: &str) -> Result<Vec<u8>, MultibaseError> {
    decode_base58_short(text).map(SmallVec::into_vec)
}

/// Decodes a text with its prefix. In bases with a single-case alphabet, both cases are accepted, whatever the
/// prefix.
///
/// # Errors
/// Every [`MultibaseError`] but [`MultibaseError::UnknownBase`].
pub fn decode(text: &str) -> Result<(Base, Vec<u8>), MultibaseError> {
    decode_short(text).map(|(base, bytes)| (base, bytes.into_vec()))
}

/// Bytes that a CID of a common hash takes, held without an allocation.
pub(crate) type SmallBytes = SmallVec<[u8; 64]>;

/// As [`decode_base58`], for texts that are mostly short.
pub(crate) fn decode_base58_short(text: &str) -> Result<SmallBytes, MultibaseError> {
    let base = "base58btc";
    if text.len() > base58::MAX_LETTERS {
        return Err(MultibaseError::TooLong {
            base,
            length: text.len(),
        });
    }
    base58::decode(text.as_bytes(), SmallBytes::from_slice)
        .map_err(|at| MultibaseError::Invalid { base, at })
}

/// As [`decode`], for texts that are mostly short.
pub(crate) fn decode_short(text: &str) -> Result<(Base, SmallBytes), MultibaseError> {
    let letter = text.chars().next().ok_or(MultibaseError::Empty)?;
    let base = Base::from_code(letter).map_err(|_| MultibaseError::UnknownPrefix(letter))?;
    let text = text.get(letter.len_utf8()..).unwrap_or_default();
    Ok((base, read(base, text)?))
}

fn read(base: Base, text: &str) -> Result<SmallBytes, MultibaseError> {
    let invalid = |at| MultibaseError::Invalid {
        base: name(base),
        at,
    };
    match base {
        Base::Base32Lower | Base::Base32Upper => {
            let mut bytes = SmallBytes::from_elem(0, base32::decoded_len(text.len()));
            return base32::decode(text.as_bytes(), &mut bytes)
                .map(|()| bytes)
                .map_err(invalid);
        }
        Base::Base58Btc if text.len() <= base58::MAX_LETTERS => return decode_base58_short(text),
        Base::Base58Btc
        | Base::Base58Flickr
        | Base::Base10
        | Base::Base36Lower
        | Base::Base36Upper
            if text.len() > MAX_QUADRATIC =>
        {
            return Err(MultibaseError::TooLong {
                base: name(base),
                length: text.len(),
            });
        }
        _ => {}
    }
    let folded = match base {
        Base::Base16Lower
        | Base::Base32HexLower
        | Base::Base32HexPadLower
        | Base::Base32PadLower
        | Base::Base36Lower
            if text.bytes().any(|letter| letter.is_ascii_uppercase()) =>
        {
            Some(text.to_ascii_lowercase())
        }
        Base::Base16Upper
        | Base::Base32HexUpper
        | Base::Base32HexPadUpper
        | Base::Base32PadUpper
        | Base::Base36Upper
            if text.bytes().any(|letter| letter.is_ascii_lowercase()) =>
        {
            Some(text.to_ascii_uppercase())
        }
        _ => None,
    };
    let text = folded.as_deref().unwrap_or(text);
    base.decode(text)
        .map(SmallBytes::from_vec)
        .map_err(|_| invalid(first_invalid(base, text)))
}

/// The position of the first character that is not in a base's alphabet, or the length if all are.
fn first_invalid(base: Base, text: &str) -> usize {
    let belongs = |letter: u8| match base {
        Base::Base2 => matches!(letter, b'0' | b'1'),
        Base::Base8 => matches!(letter, b'0'..=b'7'),
        Base::Base10 => letter.is_ascii_digit(),
        Base::Base16Lower | Base::Base16Upper => letter.is_ascii_hexdigit(),
        Base::Base64 | Base::Base64Pad => {
            letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'/' | b'=')
        }
        Base::Base64Url | Base::Base64UrlPad => {
            letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'=')
        }
        _ => letter.is_ascii_alphanumeric() || letter == b'=',
    };
    text.bytes()
        .position(|letter| !belongs(letter))
        .unwrap_or(text.len())
}
