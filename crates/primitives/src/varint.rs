//! Unsigned varints (LEB128, at most 63 bits in 9 bytes, minimal form), the integers of the multiformats.
//!
//! Spec: <https://github.com/multiformats/unsigned-varint>

/// Most bytes that a varint takes.
pub const MAX_LEN: usize = 10;

/// Why bytes are not a varint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VarintError {
    /// The bytes end inside the number.
    #[error("the bytes end inside a varint")]
    Truncated,
    /// The number needs more than 64 bits.
    #[error("a varint is larger than 64 bits")]
    Overflow,
    /// The number is padded with zero groups.
    #[error("a varint is not in its shortest form")]
    NotMinimal,
}

/// Reads a varint from the front; returns it and the count of bytes it took.
pub fn decode(bytes: &[u8]) -> Result<(u64, usize), VarintError> {
    let mut value = 0u64;
    for (at, &byte) in bytes.iter().enumerate().take(MAX_LEN) {
        let group = u64::from(byte & 0x7f);
        if at == 9 && byte > 1 {
            return Err(VarintError::Overflow);
        }
        value |= group << (7 * at);
        if byte & 0x80 == 0 {
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

/// Appends a varint.
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
        for value in [0, 1, 127, 128, 300, 1 << 62, u64::MAX] {
            let mut out = Vec::new();
            encode(value, &mut out);
            assert_eq!(out.len(), len(value));
            assert_eq!(decode(&out), Ok((value, out.len())));
        }
        assert_eq!(decode(&[]), Err(VarintError::Truncated));
        assert_eq!(decode(&[0x80]), Err(VarintError::Truncated));
        assert_eq!(decode(&[0x80, 0x00]), Err(VarintError::NotMinimal));
        assert_eq!(decode(&[0xff; 11]), Err(VarintError::Overflow));
    }
}
