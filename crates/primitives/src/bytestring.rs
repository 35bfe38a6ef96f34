//! Strings of IPLD and UnixFS: byte strings that are usually UTF-8.
//!
//! Spec: <https://ipld.io/docs/data-model/kinds/#string-kind>

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

use crate::quote::Quoted;

/// A byte string that is meant as text.
///
/// File names need not be UTF-8 on most file systems, and older writers put any bytes into strings. Comparing and
/// hashing use the bytes; only `Display` replaces invalid UTF-8, as the JSON of Go programs does.
///
/// ```
/// use cairn_primitives::ByteString;
/// let name = ByteString::from(b"caf\xe9".to_vec());
/// assert_eq!(name.as_bytes(), b"caf\xe9");
/// assert_eq!(name.to_string(), "caf\u{fffd}");
/// assert_eq!(name.as_str(), None);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteString(Vec<u8>);

impl ByteString {
    /// An empty string.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, where the bytes are UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text, with U+FFFD for each byte that is not UTF-8.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        to_text(&self.0)
    }

    /// As [`Self::to_text`], without a copy if the bytes are UTF-8.
    #[must_use]
    pub fn into_text(self) -> String {
        match String::from_utf8(self.0) {
            Ok(text) => text,
            Err(error) => to_text(error.as_bytes()).into_owned(),
        }
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Bytes as text, with U+FFFD for each invalid byte: where Rust's own conversion writes one for a truncated
/// character, Go writes one for each of its bytes.
#[must_use]
pub fn to_text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    Cow::Owned(text)
}

impl Deref for ByteString {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for ByteString {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for ByteString {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ByteString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for ByteString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Quoted(&self.0), f)
    }
}

impl From<Vec<u8>> for ByteString {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for ByteString {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<String> for ByteString {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&String> for ByteString {
    fn from(text: &String) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<&str> for ByteString {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Cow<'_, str>> for ByteString {
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into_owned().into_bytes())
    }
}

impl PartialEq<str> for ByteString {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for ByteString {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<String> for ByteString {
    fn eq(&self, other: &String) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<ByteString> for &str {
    fn eq(&self, other: &ByteString) -> bool {
        self.as_bytes() == other.0
    }
}

impl PartialEq<ByteString> for String {
    fn eq(&self, other: &ByteString) -> bool {
        self.as_bytes() == other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_that_is_no_letter_is_replaced() {
        // What Go's `encoding/json` writes.
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            (b"caf\xe9", "caf\u{fffd}"),
            (b"x\xe2\x82z", "x\u{fffd}\u{fffd}z"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            ("é世".as_bytes(), "é世"),
        ] {
            let name = ByteString::from(bytes);
            assert_eq!(name.to_text(), text);
            assert_eq!(name.clone().into_text(), text);
            assert_eq!(name.into_bytes(), bytes);
        }
        assert_eq!(
            format!("{:?}", ByteString::from(&b"a\xe9\""[..])),
            r#""a\xe9\"""#
        );
    }
}
