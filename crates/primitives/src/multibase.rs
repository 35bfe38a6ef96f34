//! Text forms of bytes that say their own base.
//!
//! Spec: <https://github.com/multiformats/multibase>

pub use ::multibase::Base;

/// Why a text is not multibase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultibaseError {
    /// No base has this prefix or name.
    #[error("unknown multibase {0:?}")]
    UnknownBase(String),
    /// A character does not belong to the base.
    #[error("not a valid {0} text")]
    Invalid(&'static str),
}

/// `base32` and the like, as the table of the spec names them, in the order in which Kubo lists them.
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
pub fn by_name(name: &str) -> Result<Base, MultibaseError> {
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
    ::multibase::encode(base, bytes)
}

/// Reads a text with its prefix.
pub fn decode(text: &str) -> Result<(Base, Vec<u8>), MultibaseError> {
    let letter = text
        .chars()
        .next()
        .ok_or_else(|| MultibaseError::UnknownBase(String::new()))?;
    let base =
        Base::from_code(letter).map_err(|_| MultibaseError::UnknownBase(letter.to_string()))?;
    let bytes = base
        .decode(text.get(letter.len_utf8()..).unwrap_or_default())
        .map_err(|_| MultibaseError::Invalid(name(base)))?;
    Ok((base, bytes))
}
