//! CARv2: a header with offsets, a CARv1, and an optional index.
//!
//! Spec: <https://ipld.io/specs/transport/car/carv2/>

use super::CarError;

/// The first bytes of a CARv2: the header of a CARv1 whose version is 2.
pub const PRAGMA: [u8; 11] = *b"\x0a\xa1\x67version\x02";
/// Bytes of [`Header`], which follows the pragma.
pub const HEADER_LEN: usize = 40;
/// Where data begins at the earliest.
pub const MIN_DATA_OFFSET: u64 = (PRAGMA.len() + HEADER_LEN) as u64;

/// The bit of [`Header::characteristics`] that says that the index has every section.
const FULLY_INDEXED: u128 = 1 << 7;

/// The header of a CARv2, with offsets in bytes from its front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Flags. See [`Header::is_fully_indexed`].
    pub characteristics: u128,
    /// Where the CARv1 begins.
    pub data_offset: u64,
    /// How many bytes it has.
    pub data_size: u64,
    /// Where the index begins; 0 when there is none.
    pub index_offset: u64,
}

impl Header {
    /// The header of an archive without padding: CARv1 straight behind, then the index, if there is to be one.
    #[must_use]
    pub fn new(data_size: u64, has_index: bool) -> Self {
        Self {
            characteristics: 0,
            data_offset: MIN_DATA_OFFSET,
            data_size,
            index_offset: if has_index {
                MIN_DATA_OFFSET.saturating_add(data_size)
            } else {
                0
            },
        }
    }

    /// Whether the index has every section, those of `identity` CIDs too.
    #[must_use]
    pub fn is_fully_indexed(&self) -> bool {
        self.characteristics & FULLY_INDEXED != 0
    }

    /// Reads the header that follows the pragma.
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, CarError> {
        let (flags, offsets) = bytes.split_at(16);
        let number = |index: usize| {
            offsets
                .get(8 * index..)
                .and_then(<[u8]>::first_chunk)
                .map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let header = Self {
            characteristics: flags
                .first_chunk()
                .map_or(0, |bytes| u128::from_le_bytes(*bytes)),
            data_offset: number(0),
            data_size: number(1),
            index_offset: number(2),
        };
        let fits = |value: u64| i64::try_from(value).is_ok();
        if header.data_offset < MIN_DATA_OFFSET || !fits(header.data_offset) {
            return Err(CarError::DataOffset(header.data_offset));
        }
        if header.data_size == 0 || !fits(header.data_size) {
            return Err(CarError::DataSize(header.data_size));
        }
        if !fits(header.index_offset) {
            return Err(CarError::IndexOffset(header.index_offset));
        }
        Ok(header)
    }

    /// Appends pragma and header.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&PRAGMA);
        out.extend_from_slice(&self.characteristics.to_le_bytes());
        for number in [self.data_offset, self.data_size, self.index_offset] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refuses() {
        let mut bytes = Vec::new();
        let header = Header {
            characteristics: FULLY_INDEXED,
            ..Header::new(448, true)
        };
        header.write(&mut bytes);
        assert_eq!(bytes.len() as u64, MIN_DATA_OFFSET);
        let body = bytes[PRAGMA.len()..].first_chunk().unwrap();
        let read = Header::decode(body).unwrap();
        assert_eq!(read, header);
        assert!(read.is_fully_indexed());
        assert_eq!(read.index_offset, 499);
        for (bad, error) in [
            (
                Header {
                    data_offset: 50,
                    ..header
                },
                CarError::DataOffset(50),
            ),
            (
                Header {
                    data_offset: u64::MAX,
                    ..header
                },
                CarError::DataOffset(u64::MAX),
            ),
            (
                Header {
                    data_size: 0,
                    ..header
                },
                CarError::DataSize(0),
            ),
            (
                Header {
                    data_size: 1 << 63,
                    ..header
                },
                CarError::DataSize(1 << 63),
            ),
            (
                Header {
                    index_offset: 1 << 63,
                    ..header
                },
                CarError::IndexOffset(1 << 63),
            ),
        ] {
            let mut bytes = Vec::new();
            bad.write(&mut bytes);
            let body = bytes[PRAGMA.len()..].first_chunk().unwrap();
            assert_eq!(Header::decode(body), Err(error));
        }
    }
}
