//! The entries of blocks and segments in the index, and its owner.

use std::collections::BTreeMap;

use cairn_primitives::{Multihash, varint};

/// Where a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its id: given once, never again.
    pub(super) id: u64,
    /// The segment.
    pub(super) segment: u32,
    /// Where its record begins.
    pub(super) offset: u64,
    /// Bytes of the record before the block's own.
    pub(super) head: u8,
    /// Bytes of the block.
    pub(super) data: u32,
    /// CRC-32 of the block's bytes; `None` in entries of older programs.
    pub(super) check: Option<u32>,
}

/// The checksum that an entry keeps: quick enough to verify every read, where the digest is not.
pub(super) fn checksum(data: &[u8]) -> u32 {
    crc32fast::hash(data)
}

impl Entry {
    /// Bytes of the whole record.
    pub(super) fn total(&self) -> u64 {
        u64::from(self.head) + u64::from(self.data)
    }

    /// Where its record ends.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.total()
    }

    /// Whether bytes that were read are those of the block: by its checksum, or by its digest where there is none or `hash`
    /// asks for it. A hash function that is not built in cannot be checked.
    pub(super) fn is_whole(&self, key: &Multihash, data: &[u8], hash: bool) -> bool {
        match self.check {
            Some(check) if check == checksum(data) => !hash || key.matches(data).unwrap_or(true),
            // The checksum itself may be what is damaged.
            Some(_) => key.matches(data).unwrap_or(false),
            None => key.matches(data).unwrap_or(true),
        }
    }

    /// Whether another entry means the same record.
    pub(super) fn same_place(&self, other: &Self) -> bool {
        (self.segment, self.offset) == (other.segment, other.offset)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.clear();
        for number in [
            self.id,
            u64::from(self.segment),
            self.offset,
            u64::from(self.head),
            u64::from(self.data),
        ] {
            varint::encode(number, out);
        }
        if let Some(check) = self.check {
            out.extend_from_slice(&check.to_le_bytes());
        }
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let ([id, segment, offset, head, data], rest) = leading(bytes)?;
        let check = match rest {
            [] => None,
            rest => Some(u32::from_le_bytes(rest.try_into().ok()?)),
        };
        Some(Self {
            id,
            segment: u32::try_from(segment).ok()?,
            offset,
            head: u8::try_from(head).ok()?,
            data: u32::try_from(data).ok()?,
            check,
        })
    }
}

/// Exactly so many varints.
pub(super) fn numbers<const N: usize>(bytes: &[u8]) -> Option<[u64; N]> {
    let (out, rest) = leading(bytes)?;
    rest.is_empty().then_some(out)
}

/// So many varints, and what follows them.
fn leading<const N: usize>(mut bytes: &[u8]) -> Option<([u64; N], &[u8])> {
    let mut out = [0; N];
    for slot in &mut out {
        let (number, used) = varint::decode(bytes).ok()?;
        *slot = number;
        bytes = bytes.get(used..)?;
    }
    Some((out, bytes))
}

/// The state of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SegmentState {
    /// Written to, or to be taken up again: what follows `end` is not indexed yet.
    #[default]
    Open,
    /// Never written again: what follows `end` does not count and is cut off.
    Sealed,
    /// Being filled by a compaction: does not count until it is sealed.
    Copying,
    /// Given up: its file is removed.
    Dropped,
}

/// What is known of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SegmentRow {
    pub(super) state: SegmentState,
    /// Up to where its records are in the index.
    pub(super) end: u64,
    /// Blocks that the index finds here.
    pub(super) blocks: u64,
    /// Bytes of their records.
    pub(super) records: u64,
    /// Total size of those blocks, in bytes.
    pub(super) data: u64,
    /// Whether a damaged stretch lies in it.
    pub(super) damaged: bool,
}

impl SegmentRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let state = match self.state {
            SegmentState::Open => 0,
            SegmentState::Sealed => 1,
            SegmentState::Copying => 2,
            SegmentState::Dropped => 3,
        };
        let mut out = Vec::with_capacity(24);
        for number in [
            state,
            self.end,
            self.blocks,
            self.records,
            self.data,
            u64::from(self.damaged),
        ] {
            varint::encode(number, &mut out);
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let [state, end, blocks, records, data, damaged] = numbers(bytes)?;
        let state = match state {
            0 => SegmentState::Open,
            1 => SegmentState::Sealed,
            2 => SegmentState::Copying,
            3 => SegmentState::Dropped,
            _ => return None,
        };
        Some(Self {
            state,
            end,
            blocks,
            records,
            data,
            damaged: damaged != 0,
        })
    }

    pub(super) fn add(&mut self, entry: &Entry) {
        self.blocks += 1;
        self.records += entry.total();
        self.data += u64::from(entry.data);
    }

    pub(super) fn sub(&mut self, entry: &Entry) {
        self.blocks = self.blocks.saturating_sub(1);
        self.records = self.records.saturating_sub(entry.total());
        self.data = self.data.saturating_sub(u64::from(entry.data));
    }
}

/// The rows of all segments.
pub(super) type Rows = BTreeMap<u32, SegmentRow>;

/// The format of the index: since 2, an entry may have a checksum.
const FORMAT: u32 = 2;

/// Which store an index belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexOwner {
    pub(super) store: String,
    pub(super) generation: u64,
}

impl IndexOwner {
    pub(super) fn encode(&self) -> Vec<u8> {
        // The number tells programs that know no checksums in entries to rebuild the index.
        format!("{} {} {FORMAT}", self.store, self.generation).into_bytes()
    }

    /// As older programs have it, whose entries have no checksums.
    pub(super) fn encode_first(&self) -> Vec<u8> {
        format!("{} {}", self.store, self.generation).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_with_and_without_a_checksum() {
        let entry = Entry {
            id: 300,
            segment: 7,
            offset: 1 << 40,
            head: 38,
            data: 262_144,
            check: Some(0x0102_0304),
        };
        for entry in [
            entry,
            Entry {
                check: None,
                ..entry
            },
        ] {
            let mut bytes = Vec::new();
            entry.encode(&mut bytes);
            assert_eq!(Entry::decode(&bytes), Some(entry));
            bytes.push(0);
            assert_eq!(Entry::decode(&bytes), None);
        }
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        assert_eq!(Entry::decode(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn bytes_are_checked_by_checksum_or_digest() {
        let (data, key) = (b"bytes", Multihash::sha2_256(b"bytes"));
        let with = |check| Entry {
            id: 1,
            segment: 1,
            offset: 0,
            head: 38,
            data: 5,
            check,
        };
        assert!(with(Some(checksum(data))).is_whole(&key, data, false));
        assert!(with(None).is_whole(&key, data, false));
        assert!(!with(None).is_whole(&key, b"bytez", false));
        assert!(!with(Some(checksum(data))).is_whole(&key, b"bytez", false));
        assert!(with(Some(1)).is_whole(&key, data, false));
        // The checksum is of what was written; the digest is asked as well where every read is hashed.
        assert!(with(Some(checksum(b"bytez"))).is_whole(&key, b"bytez", false));
        assert!(!with(Some(checksum(b"bytez"))).is_whole(&key, b"bytez", true));
    }
}
