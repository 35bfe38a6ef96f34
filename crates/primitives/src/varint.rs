//! Unsigned varints of the multiformats: LEB128, at most 63 bits in 9 bytes, minimal form.
//!
//! Spec: <https://github.com/multiformats/unsigned-varint>

/// Maximum length of a varint in bytes, when decoded.
pub const MAX_LEN: usize = 9;
/// Largest number that is read: 63 bits.
pub const MAX_VALUE: u64 = u64::MAX >> 1;

/// Why bytes are not a varint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VarintError {
    /// The bytes end inside the number.
    #[error("the data ends inside a varint")]
    Truncated,
    /// The number needs more than 63 bits.
    #[error("a varint has more than 63 bits")]
    Overflow,
    /// The number is padded with zero groups.
    #[error("a varint is not minimally encoded")]
    NotMinimal,
}

/// Reads a varint from the front; returns it and its length.
#[inline]
pub fn decode(bytes: &[u8]) -> Result<(u64, usize), VarintError> {
    if let Some(&first) = bytes.first()
        && first < 0x80
    {
        return Ok((u64::from(first), 1));
    }
    decode_long(bytes)
}

fn decode_long(bytes: &[u8]) -> Result<(u64, usize), VarintError> {
    let mut value = 0u64;
    for (at, &byte) in bytes.iter().enumerate().take(MAX_LEN) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return if byte == 0 && at > 0 {
                Err(VarintError::NotMinimal)
            } else {
                Ok((value, at + 1))
            };
        }
    }
    Err(if bytes.len() < MAX_LEN {
        VarintError::Truncated
    } else {
        VarintError::Overflow
    })
}

/// Appends a varint. Numbers above [`MAX_VALUE`] are written, as protobuf allows them, but [`decode`] refuses them.
pub fn encode(mut value: u64, out: &mut impl Extend<u8>) {
    while value >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits are meant")]
        out.extend([(value as u8) | 0x80]);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than 0x80")]
    out.extend([value as u8]);
}

/// How many bytes a varint takes.
#[must_use]
pub fn len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refuses() {
        for value in [0, 1, 127, 128, 300, 1 << 62, MAX_VALUE, u64::MAX] {
            let mut out = Vec::new();
            encode(value, &mut out);
            assert_eq!(out.len(), len(value));
            let expected = if value > MAX_VALUE {
                Err(VarintError::Overflow)
            } else {
                Ok((value, out.len()))
            };
            assert_eq!(decode(&out), expected);
        }
        assert_eq!(decode(&[]), Err(VarintError::Truncated));
        assert_eq!(decode(&[0x80]), Err(VarintError::Truncated));
        assert_eq!(decode(&[0x80, 0x00]), Err(VarintError::NotMinimal));
        assert_eq!(decode(&[0xff; 11]), Err(VarintError::Overflow));
    }
}
