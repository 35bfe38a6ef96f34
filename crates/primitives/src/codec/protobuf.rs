//! The parts of the protobuf wire format that dag-pb, UnixFS and keys need.
//!
//! Spec: <https://protobuf.dev/programming-guides/encoding/>

use std::ops::Range;

/// Wire type of a varint.
pub(crate) const VARINT: u8 = 0;
/// Wire type of bytes behind their length.
pub(crate) const BYTES: u8 = 2;
/// Wire type of eight bytes.
const FIXED64: u8 = 1;
/// Wire type of four bytes.
pub(crate) const FIXED32: u8 = 5;

/// Why a protobuf could not be read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WireError {
    pub(crate) reason: &'static str,
    pub(crate) at: usize,
}

/// Walks over the fields of one message, which is a range of a longer input: positions count from the input's front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            end: input.len(),
        }
    }

    /// A reader of a message inside this one, as [`Self::bytes`] gave its range.
    pub(crate) fn within(&self, range: &Range<usize>) -> Self {
        Self {
            input: self.input,
            at: range.start,
            end: range.end.min(self.end),
        }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    pub(crate) fn error(&self, reason: &'static str) -> WireError {
        WireError {
            reason,
            at: self.at,
        }
    }

    /// A field's number and wire type.
    pub(crate) fn tag(&mut self) -> Result<(u64, u8), WireError> {
        let at = self.at;
        let tag = self.varint()?;
        let field = tag >> 3;
        if field == 0 || field > 0x1fff_ffff {
            return Err(WireError {
                reason: "invalid field number",
                at,
            });
        }
        Ok((field, (tag & 7) as u8))
    }

    /// A varint of at most 64 bits. Protobuf, unlike the multiformats, allows padding.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, WireError> {
        let rest = self.input.get(self.at..self.end).unwrap_or_default();
        if let Some(&first) = rest.first()
            && first < 0x80
        {
            self.at += 1;
            return Ok(u64::from(first));
        }
        let mut value = 0u64;
        for (index, &byte) in rest.iter().enumerate().take(10) {
            if index == 9 && byte > 1 {
                return Err(self.error("varint overflow"));
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.at += index + 1;
                return Ok(value);
            }
        }
        Err(self.error("unexpected end"))
    }

    /// The range in the input of bytes that stand behind their length.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<Range<usize>, WireError> {
        let length = self.varint()?;
        let start = self.at;
        let left = self.end - start;
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                self.at = start + length;
                Ok(start..self.at)
            }
            _ => Err(self.error("unexpected end")),
        }
    }

    /// The next `N` bytes.
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let rest = self.input.get(self.at..self.end).unwrap_or_default();
        let bytes = rest
            .first_chunk()
            .ok_or_else(|| self.error("unexpected end"))?;
        self.at += N;
        Ok(*bytes)
    }

    /// Skips the payload of a field that is not known.
    pub(crate) fn skip(&mut self, wire: u8) -> Result<(), WireError> {
        match wire {
            VARINT => self.varint().map(drop),
            FIXED64 => self.fixed::<8>().map(drop),
            BYTES => self.bytes().map(drop),
            FIXED32 => self.fixed::<4>().map(drop),
            _ => Err(self.error("wire type is not supported")),
        }
    }

    pub(crate) fn slice(&self, range: &Range<usize>) -> &'a [u8] {
        self.input.get(range.clone()).unwrap_or_default()
    }
}
