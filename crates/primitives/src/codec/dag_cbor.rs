//! DAG-CBOR: CBOR with links, in one canonical form.
//!
//! Spec: <https://ipld.io/specs/codecs/dag-cbor/spec/>
//!
//! Encoding is canonical: keys by length, then by bytes; shortest heads; floats in 64 bits. Decoding takes what was
//! published before the rules were settled, as Kubo does: any order of keys, longer heads, shorter floats, `undefined` for
//! null. It refuses indefinite lengths, tags other than 42, NaN and infinities, and a key that stands twice.

use bytes::Bytes;

use super::CodecError;
use crate::cid::Cid;
use crate::ipld::{Builder, Ipld};

mod write;

pub(super) use write::encode_as;

const LINK_TAG: u64 = 42;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// What sets plain CBOR apart.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    pub(super) codec: &'static str,
    /// Whether tag 42 is a link; an error otherwise.
    pub(super) links: bool,
    /// Whether keys are sorted; written in their order otherwise.
    pub(super) sorted: bool,
}

const DAG_CBOR: Dialect = Dialect {
    codec: "dag-cbor",
    links: true,
    sorted: true,
};
pub(super) const CBOR: Dialect = Dialect {
    codec: "cbor",
    links: false,
    sorted: false,
};

/// Reads a block. Bytes inside the value are slices of the input, not copies.
///
/// # Errors
/// [`CodecError::Truncated`], [`CodecError::Malformed`], [`CodecError::Link`], [`CodecError::TooDeep`],
/// [`CodecError::TooLarge`], [`CodecError::RepeatedKey`].
pub fn decode(bytes: &Bytes) -> Result<Ipld, CodecError> {
    decode_as(DAG_CBOR, bytes)
}

/// Writes the canonical form of a value.
///
/// # Errors
/// [`CodecError::TooDeep`]; [`CodecError::Unsupported`] for NaN, infinities and integers of more than 64 bits;
/// [`CodecError::RepeatedKey`].
pub fn encode(value: &Ipld) -> Result<Vec<u8>, CodecError> {
    encode_as(DAG_CBOR, value)
}

/// The links of a block in the order of the bytes. Builds no value, and so looks neither at text and floats nor for keys
/// that repeat; whatever [`decode`] takes, this takes.
///
/// # Errors
/// [`CodecError::Truncated`], [`CodecError::Malformed`], [`CodecError::Link`].
pub fn links(bytes: &[u8]) -> Result<Vec<Cid>, CodecError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        codec: DAG_CBOR.codec,
    };
    let mut found = Vec::new();
    // Values that are still to come, in whatever lists and maps are open.
    let mut left = 1u64;
    while left > 0 {
        left -= 1;
        let at = reader.at;
        match reader.head()? {
            Head::Count(UNSIGNED | NEGATIVE, _) | Head::Simple(_) => {}
            Head::Count(BYTES | TEXT, length) => {
                reader.take(length)?;
            }
            Head::Count(LIST, count) => left += reader.count(count, 1)?,
            Head::Count(MAP, count) => left += 2 * reader.count(count, 2)?,
            Head::Count(TAG, LINK_TAG) => found.push(reader.link()?),
            Head::Count(..) => return Err(reader.malformed("unhandled cbor tag", at)),
        }
    }
    reader.finish()?;
    Ok(found)
}

pub(super) fn decode_as(dialect: Dialect, bytes: &Bytes) -> Result<Ipld, CodecError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        codec: dialect.codec,
    };
    let mut builder = Builder::new(dialect.codec);
    // For each open list or map: entries to come, and whether they have keys.
    let mut open: Vec<(u64, bool)> = Vec::new();
    loop {
        if let Some((_, true)) = open.last() {
            let at = reader.at;
            let Head::Count(TEXT, length) = reader.head()? else {
                return Err(reader.malformed("a map key is not text", at));
            };
            builder.key(reader.text(length)?)?;
        }
        let at = reader.at;
        let value = match reader.head()? {
            Head::Count(UNSIGNED, number) => Some(Ipld::Integer(number.into())),
            Head::Count(NEGATIVE, number) => Some(Ipld::Integer(-1 - i128::from(number))),
            Head::Count(BYTES, length) => Some(Ipld::Bytes(bytes.slice(reader.take(length)?))),
            Head::Count(TEXT, length) => Some(Ipld::String(reader.text(length)?)),
            Head::Count(LIST, count) => {
                builder.open_list()?;
                open.push((reader.count(count, 1)?, false));
                None
            }
            Head::Count(MAP, count) => {
                builder.open_map()?;
                open.push((reader.count(count, 2)?, true));
                None
            }
            Head::Count(TAG, LINK_TAG) if dialect.links => Some(Ipld::Link(reader.link()?)),
            Head::Count(..) => return Err(reader.malformed("unhandled cbor tag", at)),
            Head::Simple(Simple::Null) => Some(Ipld::Null),
            Head::Simple(Simple::Bool(value)) => Some(Ipld::Bool(value)),
            Head::Simple(Simple::Float(value)) if value.is_finite() => Some(Ipld::Float(value)),
            Head::Simple(Simple::Float(_)) => {
                return Err(reader.malformed("a float is NaN or infinite", at));
            }
        };
        let mut next = value;
        loop {
            if let Some(value) = next.take() {
                if let Some(whole) = builder.value(value)? {
                    reader.finish()?;
                    return Ok(whole);
                }
                if let Some((left, _)) = open.last_mut() {
                    *left -= 1;
                }
            }
            match open.last() {
                Some((0, _)) => {
                    open.pop();
                    next = Some(builder.close()?);
                }
                _ => break,
            }
        }
    }
}

/// The head of an item.
enum Head {
    /// A major type below 7 and its number.
    Count(u8, u64),
    Simple(Simple),
}

enum Simple {
    Null,
    Bool(bool),
    Float(f64),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    codec: &'static str,
}

impl Reader<'_> {
    fn malformed(&self, reason: &'static str, at: usize) -> CodecError {
        CodecError::Malformed {
            codec: self.codec,
            reason,
            at,
        }
    }

    fn truncated(&self) -> CodecError {
        CodecError::Truncated(self.codec)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let bytes = *rest.first_chunk().ok_or_else(|| self.truncated())?;
        self.at += N;
        Ok(bytes)
    }

    #[inline]
    fn head(&mut self) -> Result<Head, CodecError> {
        let at = self.at;
        let [first] = self.fixed()?;
        let (major, low) = (first >> 5, first & 0x1f);
        if major == 7 {
            return Ok(Head::Simple(match low {
                20 | 21 => Simple::Bool(low == 21),
                22 | 23 => Simple::Null,
                25 => Simple::Float(half(u16::from_be_bytes(self.fixed()?))),
                26 => Simple::Float(f32::from_be_bytes(self.fixed()?).into()),
                27 => Simple::Float(f64::from_be_bytes(self.fixed()?)),
                _ => return Err(self.malformed("unknown simple value", at)),
            }));
        }
        let count = match low {
            0..24 => low.into(),
            24 => self.fixed::<1>()?[0].into(),
            25 => u16::from_be_bytes(self.fixed()?).into(),
            26 => u32::from_be_bytes(self.fixed()?).into(),
            27 => u64::from_be_bytes(self.fixed()?),
            31 => return Err(self.malformed("indefinite lengths are not allowed", at)),
            _ => return Err(self.malformed("invalid head", at)),
        };
        Ok(Head::Count(major, count))
    }

    /// The range of the next bytes.
    #[inline]
    fn take(&mut self, length: u64) -> Result<std::ops::Range<usize>, CodecError> {
        let start = self.at;
        match usize::try_from(length) {
            Ok(length) if length <= self.bytes.len() - start => {
                self.at = start + length;
                Ok(start..self.at)
            }
            _ => Err(self.truncated()),
        }
    }

    fn text(&mut self, length: u64) -> Result<String, CodecError> {
        let range = self.take(length)?;
        let at = range.start;
        let text = std::str::from_utf8(self.bytes.get(range).unwrap_or_default());
        text.map(str::to_owned)
            .map_err(|_| self.malformed("text is not UTF-8", at))
    }

    /// Checks a count of entries, each of which takes some bytes at least, against the bytes that are left.
    #[inline]
    fn count(&self, count: u64, each: u64) -> Result<u64, CodecError> {
        let left = (self.bytes.len() - self.at) as u64;
        if count > left / each {
            Err(self.truncated())
        } else {
            Ok(count)
        }
    }

    /// The CID behind tag 42: bytes, of which the first is the prefix of the identity base.
    fn link(&mut self) -> Result<Cid, CodecError> {
        let at = self.at;
        let Head::Count(BYTES, length) = self.head()? else {
            return Err(self.malformed("a link is not bytes", at));
        };
        let range = self.take(length)?;
        let at = range.start;
        match self.bytes.get(range).and_then(<[u8]>::split_first) {
            Some((0, cid)) => Cid::from_bytes(cid).map_err(|source| CodecError::Link {
                codec: self.codec,
                at,
                source,
            }),
            _ => Err(self.malformed("invalid multibase on IPLD link", at)),
        }
    }

    fn finish(&self) -> Result<(), CodecError> {
        if self.at < self.bytes.len() {
            return Err(self.malformed("unexpected content after end of cbor object", self.at));
        }
        Ok(())
    }
}

/// The value of a 16-bit float.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + mantissa / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests;
