//! The tokens of JSON, and maps with the key `/`.

use std::sync::LazyLock;

use bytes::Bytes;

use super::Dialect;
use crate::codec::{CodecError, MAX_DEPTH};
use crate::ipld::Ipld;

/// Base64 as Go reads it: bits left over at the end are ignored.
static BASE64: LazyLock<data_encoding::Encoding> = LazyLock::new(|| {
    let mut specification = data_encoding::BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification
        .encoding()
        .unwrap_or(data_encoding::BASE64_NOPAD)
});

/// The start of a value.
pub(super) enum Token {
    Value(Ipld),
    OpenList,
    OpenMap,
}

/// Walks over the text of a block.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(dialect: Dialect, bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            dialect,
        }
    }

    fn malformed(&self, reason: &'static str, at: usize) -> CodecError {
        CodecError::Malformed {
            codec: self.dialect.codec,
            reason,
            at,
        }
    }

    fn truncated(&self) -> CodecError {
        CodecError::Truncated(self.dialect.codec)
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space, which stays.
    fn peek(&mut self) -> Result<u8, CodecError> {
        let blank = self
            .rest()
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
            .count();
        self.at += blank;
        self.rest().first().copied().ok_or_else(|| self.truncated())
    }

    /// The start of the next value.
    pub(super) fn value(&mut self) -> Result<Token, CodecError> {
        let first = self.peek()?;
        let mut word = |text: &str, value| {
            let (rest, whole) = (self.rest(), text.as_bytes());
            if rest.starts_with(whole) {
                self.at += whole.len();
                return Ok(Token::Value(value));
            }
            Err(if whole.starts_with(rest) {
                self.truncated()
            } else {
                self.malformed("invalid literal", self.at)
            })
        };
        match first {
            b'n' => word("null", Ipld::Null),
            b't' => word("true", Ipld::Bool(true)),
            b'f' => word("false", Ipld::Bool(false)),
            b'{' | b'[' => {
                self.at += 1;
                Ok(if first == b'{' {
                    Token::OpenMap
                } else {
                    Token::OpenList
                })
            }
            b'"' => self
                .text()
                .map(|text| Token::Value(Ipld::String(text.into()))),
            b'-' | b'0'..=b'9' => self.number().map(Token::Value),
            _ => Err(self.malformed("expected a value", self.at)),
        }
    }

    /// The next key and its colon.
    pub(super) fn key(&mut self) -> Result<String, CodecError> {
        if self.peek()? != b'"' {
            return Err(self.malformed("expected a map key", self.at));
        }
        let key = self.text()?;
        if self.peek()? != b':' {
            return Err(self.malformed("expected a colon after a map key", self.at));
        }
        self.at += 1;
        Ok(key)
    }

    /// Skips what stands between values; whether it is the end of the list or map that is open.
    pub(super) fn closes(&mut self, is_map: bool, entered: bool) -> Result<bool, CodecError> {
        let end = if is_map { b'}' } else { b']' };
        let mut next = self.peek()?;
        if !entered && next != end {
            if next != b',' {
                let reason = if is_map {
                    "expected comma or map close after map value"
                } else {
                    "expected comma or array close after array value"
                };
                return Err(self.malformed(reason, self.at));
            }
            self.at += 1;
            next = self.peek()?;
        }
        self.at += usize::from(next == end);
        Ok(next == end)
    }

    /// Turns a map that means a link or bytes into what it means. `depth` is the level at which it stands.
    pub(super) fn reserved(&self, value: Ipld, depth: usize) -> Result<Ipld, CodecError> {
        let Ipld::Map(entries) = value else {
            return Ok(value);
        };
        if let [(slash, inner)] = entries.as_slice()
            && *slash == "/"
        {
            match inner {
                Ipld::String(text) => {
                    let cid = text.to_text().parse().map_err(|source| CodecError::Link {
                        codec: self.dialect.codec,
                        at: self.at,
                        source,
                    })?;
                    return Ok(Ipld::Link(cid));
                }
                Ipld::Map(inner) => {
                    if let [(name, Ipld::String(text))] = inner.as_slice()
                        && *name == "bytes"
                    {
                        return self.base64(&text.to_text()).map(Ipld::Bytes);
                    }
                }
                _ => {}
            }
        }
        // A map below the deepest level was let in because it might have been part of bytes.
        if depth >= MAX_DEPTH
            && entries
                .iter()
                .any(|(_, value)| matches!(value, Ipld::Map(_)))
        {
            return Err(CodecError::TooDeep(self.dialect.codec));
        }
        Ok(Ipld::Map(entries))
    }

    fn base64(&self, text: &str) -> Result<Bytes, CodecError> {
        let bare = if text.len().is_multiple_of(4) {
            text.trim_end_matches('=')
        } else {
            text
        };
        let bytes = if text.len() - bare.len() <= 2 {
            BASE64.decode(bare.as_bytes()).ok()
        } else {
            None
        };
        bytes
            .map(Bytes::from)
            .ok_or_else(|| self.malformed("invalid base64", self.at))
    }

    /// Checks that nothing but white space follows.
    pub(super) fn finish(&self) -> Result<(), CodecError> {
        match self
            .rest()
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0))
        {
            Some(at) => Err(self.malformed("data after the end of the value", self.at + at)),
            None => Ok(()),
        }
    }

    /// A number: an integer unless it has a point or an exponent.
    fn number(&mut self) -> Result<Ipld, CodecError> {
        let start = self.at;
        let rest = self.rest();
        let digits = |from: usize| {
            let rest = rest.get(from..).unwrap_or_default();
            rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let is = |at: usize, wanted: &[u8]| rest.get(at).is_some_and(|byte| wanted.contains(byte));
        let invalid = |at: usize| {
            if at >= rest.len() {
                self.truncated()
            } else {
                self.malformed("invalid number", start + at)
            }
        };
        let mut end = usize::from(is(0, b"-"));
        // A zero stands alone.
        match if is(end, b"0") { 1 } else { digits(end) } {
            0 => return Err(invalid(end)),
            count => end += count,
        }
        let mut float = false;
        if is(end, b".") {
            float = true;
            match digits(end + 1) {
                0 => return Err(invalid(end + 1)),
                count => end += 1 + count,
            }
        }
        if is(end, b"eE") {
            float = true;
            let sign = usize::from(is(end + 1, b"+-"));
            match digits(end + 1 + sign) {
                0 => return Err(invalid(end + 1 + sign)),
                count => end += 1 + sign + count,
            }
        }
        let text = rest
            .get(..end)
            .and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default();
        self.at += end;
        let value = if float {
            text.parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map(Ipld::Float)
        } else {
            let bounds = -(1i128 << 64)..1i128 << 64;
            let integer = text.parse().ok().filter(|number| bounds.contains(number));
            integer.map(Ipld::Integer).or_else(|| large_float(text))
        };
        value.ok_or_else(|| self.malformed("number out of range", start))
    }

    /// The text between quotes.
    fn text(&mut self) -> Result<String, CodecError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = rest
                .iter()
                .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
                .count();
            push_lossy(rest.get(..plain).unwrap_or_default(), &mut out);
            self.at += plain;
            match rest.get(plain) {
                None => return Err(self.truncated()),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                Some(_) => {
                    return Err(self.malformed("a control character in a string", self.at));
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), CodecError> {
        let letter = match self.rest().get(1).ok_or_else(|| self.truncated())? {
            b'b' => '\u{08}',
            b'f' => '\u{0c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            &plain @ (b'\\' | b'/' | b'"') => char::from(plain),
            b'u' => return self.escape_unicode(out),
            _ => return Err(self.malformed("invalid escape sequence in a string", self.at + 1)),
        };
        out.push(letter);
        self.at += 2;
        Ok(())
    }

    /// `\uXXXX`, or two of them that are a surrogate pair. Half a pair becomes U+FFFD.
    fn escape_unicode(&mut self, out: &mut String) -> Result<(), CodecError> {
        let first = self.unit(self.at)?;
        self.at += 6;
        let letter = match first {
            0xd800..0xdc00 => match self.unit(self.at) {
                Ok(second @ 0xdc00..0xe000) => {
                    self.at += 6;
                    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                }
                _ => None,
            },
            _ => char::from_u32(first),
        };
        out.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    /// The number of the `\uXXXX` at a position.
    fn unit(&self, at: usize) -> Result<u32, CodecError> {
        let escape = self.bytes.get(at..at + 6).ok_or_else(|| self.truncated())?;
        let digits = escape
            .strip_prefix(b"\\u")
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.malformed("invalid \\u escape in a string", at))
    }
}

/// The float that is written as this integer of more than 64 bits. Other such integers have no value: none is rounded.
fn large_float(text: &str) -> Option<Ipld> {
    let number = text.parse::<f64>().ok()?;
    let mut written = String::new();
    super::write::write_float(number, &mut written);
    (written == text).then_some(Ipld::Float(number))
}

/// Appends text, with U+FFFD for each byte that is not UTF-8.
fn push_lossy(bytes: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}
