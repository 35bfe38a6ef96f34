//! Reads the items of DAG-CBOR and CBOR one by one.

use std::borrow::Cow;
use std::ops::Range;

use super::{BREAK, BYTES, Dialect, LINK_TAG, LIST, MAP, NEGATIVE, TAG, TEXT, UNSIGNED};
use crate::cid::Cid;
use crate::codec::CodecError;

/// A list or map that is being read.
pub(super) struct Frame {
    /// Entries to come; `None` when a break ends them.
    left: Option<u64>,
    /// Whether they have keys.
    pub(super) keys: bool,
}

impl Frame {
    /// Whether no entry follows; skips the break.
    pub(super) fn ends(&self, reader: &mut Reader<'_>) -> bool {
        match self.left {
            Some(left) => left == 0,
            None => reader.breaks(),
        }
    }

    pub(super) fn count(&mut self) {
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
    }
}

/// A value, or the start of a list or map.
pub(super) enum Item<'a> {
    Integer(i128),
    Text(Cow<'a, [u8]>),
    Bytes(Span),
    Link(Cid),
    Simple(SimpleValue),
    Open(Frame),
}

/// Where bytes are.
pub(super) enum Span {
    /// In the input.
    Whole(Range<usize>),
    /// In chunks, joined here.
    Chunks(Vec<u8>),
}

/// The head of an item.
enum Head {
    /// A major type below 7 and its number.
    Count(u8, u64),
    /// A major type whose length is open: a break ends it.
    Open(u8),
    Simple(SimpleValue),
}

pub(super) enum SimpleValue {
    Null,
    Bool(bool),
    Float(f64),
}

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    codec: &'static str,
    links: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(dialect: Dialect, bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            codec: dialect.codec,
            links: dialect.links,
        }
    }

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
                20 | 21 => SimpleValue::Bool(low == 21),
                22 | 23 => SimpleValue::Null,
                25 => SimpleValue::Float(half(u16::from_be_bytes(self.fixed()?))),
                26 => SimpleValue::Float(f32::from_be_bytes(self.fixed()?).into()),
                27 => SimpleValue::Float(f64::from_be_bytes(self.fixed()?)),
                _ => return Err(self.malformed("unknown simple value", at)),
            }));
        }
        let count = match low {
            0..24 => low.into(),
            24 => self.fixed::<1>()?[0].into(),
            25 => u16::from_be_bytes(self.fixed()?).into(),
            26 => u32::from_be_bytes(self.fixed()?).into(),
            27 => u64::from_be_bytes(self.fixed()?),
            31 if (BYTES..=MAP).contains(&major) => return Ok(Head::Open(major)),
            _ => return Err(self.malformed("invalid head", at)),
        };
        Ok(Head::Count(major, count))
    }

    /// The next value, without the tag before it: of tags, only the one of links means anything.
    pub(super) fn item(&mut self) -> Result<Item<'a>, CodecError> {
        let at = self.at;
        let mut head = self.head()?;
        let mut tag = None;
        if let Head::Count(TAG, number) = head {
            if number > i64::MAX as u64 {
                return Err(self.malformed("a tag is out of range", at));
            }
            tag = Some(number);
            head = self.head()?;
        }
        Ok(match head {
            Head::Count(UNSIGNED, number) => Item::Integer(number.into()),
            Head::Count(NEGATIVE, number) => Item::Integer(-1 - i128::from(number)),
            Head::Count(BYTES, _) | Head::Open(BYTES) => {
                let start = self.at;
                let span = match head {
                    Head::Count(_, length) => Span::Whole(self.take(length)?),
                    _ => Span::Chunks(self.chunks(BYTES)?),
                };
                match tag {
                    None => Item::Bytes(span),
                    Some(LINK_TAG) if self.links => Item::Link(self.link(&span, start)?),
                    Some(_) => return Err(self.malformed("unsupported tag", at)),
                }
            }
            Head::Count(TEXT, length) => Item::Text(Cow::Borrowed(self.slice(length)?)),
            Head::Open(TEXT) => Item::Text(Cow::Owned(self.chunks(TEXT)?)),
            Head::Count(LIST, count) => Item::Open(Frame {
                left: Some(self.count(count, 1)?),
                keys: false,
            }),
            Head::Count(MAP, count) => Item::Open(Frame {
                left: Some(self.count(count, 2)?),
                keys: true,
            }),
            Head::Open(major) => Item::Open(Frame {
                left: None,
                keys: major == MAP,
            }),
            Head::Count(..) => {
                return Err(self.malformed("more than one tag on a value", at));
            }
            Head::Simple(simple) => Item::Simple(simple),
        })
    }

    /// The next key of a map.
    pub(super) fn key(&mut self) -> Result<Cow<'a, [u8]>, CodecError> {
        let at = self.at;
        match self.item()? {
            Item::Text(text) => Ok(text),
            _ => Err(self.malformed("a map key is not text", at)),
        }
    }

    /// Skips a break, if one is next.
    fn breaks(&mut self) -> bool {
        let is_break = self.bytes.get(self.at) == Some(&BREAK);
        self.at += usize::from(is_break);
        is_break
    }

    /// The chunks up to a break, joined.
    fn chunks(&mut self, major: u8) -> Result<Vec<u8>, CodecError> {
        let mut joined = Vec::new();
        while !self.breaks() {
            let at = self.at;
            match self.head()? {
                Head::Count(found, length) if found == major => {
                    joined.extend_from_slice(self.slice(length)?);
                }
                _ => return Err(self.malformed("a chunk is of another type", at)),
            }
        }
        Ok(joined)
    }

    /// The range of the next bytes.
    #[inline]
    fn take(&mut self, length: u64) -> Result<Range<usize>, CodecError> {
        let start = self.at;
        match usize::try_from(length) {
            Ok(length) if length <= self.bytes.len() - start => {
                self.at = start + length;
                Ok(start..self.at)
            }
            _ => Err(self.truncated()),
        }
    }

    /// The next bytes.
    fn slice(&mut self, length: u64) -> Result<&'a [u8], CodecError> {
        let range = self.take(length)?;
        Ok(self.bytes.get(range).unwrap_or_default())
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
    fn link(&self, span: &Span, at: usize) -> Result<Cid, CodecError> {
        let bytes = match span {
            Span::Whole(range) => self.bytes.get(range.clone()).unwrap_or_default(),
            Span::Chunks(joined) => joined,
        };
        match bytes.split_first() {
            Some((0, cid)) => Cid::from_bytes(cid).map_err(|source| CodecError::Link {
                codec: self.codec,
                at,
                source,
            }),
            _ => Err(self.malformed("a link does not begin with the multibase prefix 0x00", at)),
        }
    }

    pub(super) fn finish(&self) -> Result<(), CodecError> {
        if self.at < self.bytes.len() {
            return Err(self.malformed("data after the end of the value", self.at));
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
