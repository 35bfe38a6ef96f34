//! The index of a CARv2: the offsets of sections by digest.
//!
//! An index is an unverified hint: verify what is read at an offset.
//!
//! Spec: <https://ipld.io/specs/transport/car/carv2/#index-payload>

use std::collections::BTreeMap;

use bytes::Bytes;

use super::CarError;
use crate::multihash::Multihash;
use crate::varint;

/// `IndexSorted`: by digest.
const SORTED: u64 = 0x0400;
/// `MultihashIndexSorted`: by hash function and digest.
const MULTIHASH_SORTED: u64 = 0x0401;
/// Bytes of the offset behind each digest.
const OFFSET_LEN: usize = 8;

/// The two kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexKind {
    /// By digest alone.
    Sorted,
    /// By hash function and digest: what go-car writes.
    #[default]
    MultihashSorted,
}

/// Collects where sections begin, and writes an index of it.
#[derive(Clone, Debug, Default)]
pub struct IndexWriter {
    records: Vec<(Multihash, u64)>,
}

impl IndexWriter {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a section by its offset in bytes from the front of the CARv1. `identity` hashes need none.
    pub fn add(&mut self, hash: Multihash, offset: u64) {
        self.records.push((hash, offset));
    }

    /// Appends the index with its codec.
    pub fn write(self, kind: IndexKind, out: &mut Vec<u8>) {
        // code (0 where it does not count) -> width -> records
        let mut codes: BTreeMap<u64, BTreeMap<usize, Vec<(Multihash, u64)>>> = BTreeMap::new();
        for (hash, offset) in self.records {
            let code = match kind {
                IndexKind::Sorted => 0,
                IndexKind::MultihashSorted => hash.code(),
            };
            let width = hash.digest().len() + OFFSET_LEN;
            codes
                .entry(code)
                .or_default()
                .entry(width)
                .or_default()
                .push((hash, offset));
        }
        match kind {
            IndexKind::Sorted => {
                varint::encode(SORTED, out);
                write_widths(codes.remove(&0).unwrap_or_default(), out);
            }
            IndexKind::MultihashSorted => {
                varint::encode(MULTIHASH_SORTED, out);
                write_count(codes.len(), out);
                for (code, widths) in codes {
                    out.extend_from_slice(&code.to_le_bytes());
                    write_widths(widths, out);
                }
            }
        }
    }
}

fn write_widths(widths: BTreeMap<usize, Vec<(Multihash, u64)>>, out: &mut Vec<u8>) {
    write_count(widths.len(), out);
    for (width, mut records) in widths {
        records.sort_by(|a, b| (a.0.digest(), a.1).cmp(&(b.0.digest(), b.1)));
        write_count(width, out);
        out.extend_from_slice(&((width * records.len()) as u64).to_le_bytes());
        for (hash, offset) in records {
            out.extend_from_slice(hash.digest());
            out.extend_from_slice(&offset.to_le_bytes());
        }
    }
}

/// A count of hash functions or widths, or a width: a few hundred at most.
#[expect(
    clippy::cast_possible_truncation,
    reason = "digests are at most 128 bytes long"
)]
fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

/// An index that was read. It shares the memory of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    buckets: Vec<Bucket>,
}

/// Records of one width.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bucket {
    /// The hash function; none in an index where it does not count.
    code: Option<u64>,
    width: usize,
    records: Bytes,
}

impl Index {
    /// Reads an index with its codec. Only its structure is checked; nothing is allocated beyond a few words a
    /// bucket, of which there are at most one in 12 bytes.
    pub fn decode(bytes: &Bytes) -> Result<Self, CarError> {
        let (codec, used) = varint::decode(bytes)?;
        let mut reader = Reader {
            bytes,
            at: used,
            buckets: Vec::new(),
        };
        match codec {
            SORTED => reader.widths(None)?,
            MULTIHASH_SORTED => {
                for _ in 0..reader.count()? {
                    let code = u64::from_le_bytes(reader.take()?);
                    reader.widths(Some(code))?;
                }
            }
            _ => return Err(CarError::IndexCodec(codec)),
        }
        Ok(Self {
            buckets: reader.buckets,
        })
    }

    /// Where the sections of a multihash begin, in bytes from the front of the CARv1.
    pub fn find<'a>(&'a self, hash: &'a Multihash) -> impl Iterator<Item = u64> + 'a {
        let code = hash.code();
        let digest = hash.digest();
        self.buckets
            .iter()
            .filter(move |bucket| {
                bucket.width == digest.len() + OFFSET_LEN && bucket.code.is_none_or(|of| of == code)
            })
            .flat_map(move |bucket| bucket.find(digest))
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.iter().map(Bucket::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Bucket {
    fn len(&self) -> usize {
        self.records.len() / self.width
    }

    fn record(&self, index: usize) -> Option<(&[u8], u64)> {
        let start = index.checked_mul(self.width)?;
        let record = self.records.get(start..start.checked_add(self.width)?)?;
        let (digest, offset) = record.split_last_chunk::<OFFSET_LEN>()?;
        Some((digest, u64::from_le_bytes(*offset)))
    }

    fn find<'a>(&'a self, digest: &'a [u8]) -> impl Iterator<Item = u64> + 'a {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.record(middle) {
                Some((found, _)) if found < digest => low = middle + 1,
                _ => high = middle,
            }
        }
        (low..self.len())
            .map_while(|index| self.record(index))
            .take_while(move |(found, _)| *found == digest)
            .map(|(_, offset)| offset)
    }
}

struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
    buckets: Vec<Bucket>,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CarError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let bytes = rest.first_chunk().ok_or(CarError::Truncated)?;
        self.at += N;
        Ok(*bytes)
    }

    /// A count, which go-car reads as signed.
    fn count(&mut self) -> Result<u32, CarError> {
        let count = u32::from_le_bytes(self.take()?);
        if i32::try_from(count).is_err() {
            return Err(CarError::Index("a count is negative"));
        }
        Ok(count)
    }

    fn widths(&mut self, code: Option<u64>) -> Result<(), CarError> {
        for _ in 0..self.count()? {
            let width = u32::from_le_bytes(self.take()?) as usize;
            if width < OFFSET_LEN {
                return Err(CarError::Index("width must be at least 8"));
            }
            let length = u64::from_le_bytes(self.take()?);
            let length = usize::try_from(length).map_err(|_| CarError::Truncated)?;
            if !length.is_multiple_of(width) {
                return Err(CarError::Index("length is not a multiple of the width"));
            }
            let end = self.at.checked_add(length).ok_or(CarError::Truncated)?;
            if end > self.bytes.len() {
                return Err(CarError::Truncated);
            }
            self.buckets.push(Bucket {
                code,
                width,
                records: self.bytes.slice(self.at..end),
            });
            self.at = end;
        }
        Ok(())
    }
}
