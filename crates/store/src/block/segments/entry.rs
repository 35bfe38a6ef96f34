//! What the index keeps of blocks and segments.

use std::collections::BTreeMap;

use cairn_primitives::varint;

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
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let [id, segment, offset, head, data] = numbers(bytes)?;
        Some(Self {
            id,
            segment: u32::try_from(segment).ok()?,
            offset,
            head: u8::try_from(head).ok()?,
            data: u32::try_from(data).ok()?,
        })
    }
}

/// Exactly so many varints.
pub(super) fn numbers<const N: usize>(mut bytes: &[u8]) -> Option<[u64; N]> {
    let mut out = [0; N];
    for slot in &mut out {
        let (number, used) = varint::decode(bytes).ok()?;
        *slot = number;
        bytes = bytes.get(used..)?;
    }
    bytes.is_empty().then_some(out)
}

/// What becomes of a segment.
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
    /// Bytes of those blocks.
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
