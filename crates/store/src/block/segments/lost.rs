//! The list of blocks that were lost with their segments, stored next to the segments and independent of the index.
//!
//! One line per block: `CID SIZE SEGMENT`, the CID as CIDv1 raw.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::io;

use cairn_primitives::{Cid, Codec, Multihash};
use redb::ReadableTable as _;

use super::super::disk::{self, Access, Disk};
use super::super::traits::BlockError;
use super::engine::Engine;
use super::entry::{Entry, Rows, SegmentRow, SegmentState};
use super::index::{self, BLOCKS, Index, failed};
use super::options::LostSegment;
use super::record;

/// The list.
const PATH: &str = "lost.txt";
/// Maximum number of bytes of the list that are read; the rest stays on disk and is not reported.
const LIMIT: usize = 256 << 20;

/// The blocks of the list, with sizes and segments.
pub(super) type LostBlocks = BTreeMap<Multihash, (u32, u32)>;

/// Reads the list. A line that makes no sense is skipped.
pub(super) fn read(disk: &dyn Disk) -> io::Result<LostBlocks> {
    let bytes = disk::read_small(disk, PATH, LIMIT)?.unwrap_or_default();
    let mut lost = LostBlocks::new();
    for line in String::from_utf8_lossy(&bytes).lines() {
        let mut parts = line.split(' ');
        let (Some(cid), Some(size), Some(segment)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if let (Ok(cid), Ok(size), Ok(segment)) =
            (cid.parse::<Cid>(), size.parse(), segment.parse())
        {
            lost.insert(cid.hash().clone(), (size, segment));
        }
    }
    Ok(lost)
}

/// Replaces the list; one without blocks goes.
pub(super) fn write(disk: &dyn Disk, lost: &LostBlocks) -> io::Result<()> {
    if lost.is_empty() {
        match disk.remove(PATH) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        return disk.sync_dir("");
    }
    let mut text = String::new();
    for (key, (size, segment)) in lost {
        let cid = Cid::v1(Codec::RAW, key.clone());
        let _ = writeln!(text, "{cid} {size} {segment}");
    }
    disk::replace(disk, "", PATH, text.as_bytes())
}

/// How long the files of the segments are that the index knows more of, or whose file is gone (`None`).
pub(super) fn shortened(disk: &dyn Disk, rows: &Rows) -> io::Result<BTreeMap<u32, Option<u64>>> {
    let mut short = BTreeMap::new();
    for (number, row) in rows {
        if matches!(row.state, SegmentState::Dropped | SegmentState::Copying) || row.end == 0 {
            continue;
        }
        let len = match disk.open(&record::path(*number), Access::Read, false) {
            Ok(file) => Some(file.len()?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if len.is_none_or(|len| len < row.end) {
            short.insert(*number, len.filter(|len| *len > 0));
        }
    }
    Ok(short)
}

/// Takes the blocks of what is gone of segments out of the index, and puts them on the list.
pub(super) fn give_up(
    disk: &dyn Disk,
    index: &Index,
    rows: &mut Rows,
    short: &BTreeMap<u32, Option<u64>>,
) -> Result<Vec<LostSegment>, BlockError> {
    let next = index.next()?;
    let (gone, ends) = index.read(|transaction| {
        let mut gone: Vec<(Vec<u8>, Entry)> = Vec::new();
        let mut ends: BTreeMap<u32, u64> = BTreeMap::new();
        for row in transaction.open_table(BLOCKS)?.iter()? {
            let (key, value) = row?;
            let entry = Entry::decode(value.value())
                .ok_or_else(|| redb::Error::Corrupted("a block row".to_owned()))?;
            match short.get(&entry.segment) {
                None => {}
                Some(Some(len)) if entry.end() <= *len => {
                    let end = ends.entry(entry.segment).or_default();
                    *end = entry.end().max(*end);
                }
                Some(_) => gone.push((key.value().to_vec(), entry)),
            }
        }
        Ok((gone, ends))
    })?;
    let mut told: BTreeMap<u32, LostSegment> = BTreeMap::new();
    for (number, len) in short {
        let lost = LostSegment {
            segment: *number,
            partly: len.is_some(),
            blocks: 0,
            bytes: 0,
        };
        told.insert(*number, lost);
    }
    // The list first: what is not in the index any more is on it then.
    let mut list = read(disk).map_err(|error| failed("read the lost blocks of", error))?;
    for (key, entry) in &gone {
        if let Some(lost) = told.get_mut(&entry.segment) {
            lost.blocks += 1;
            lost.bytes += u64::from(entry.data);
        }
        let key = Multihash::from_bytes(key).map_err(index::broken)?;
        list.insert(key, (entry.data, entry.segment));
    }
    write(disk, &list).map_err(|error| failed("write the lost blocks of", error))?;
    let mut fresh = rows.clone();
    index.write("take lost blocks out of", |transaction| {
        let mut table = transaction.open_table(BLOCKS)?;
        for (key, entry) in &gone {
            table.remove(key.as_slice())?;
            if let Some(row) = fresh.get_mut(&entry.segment) {
                row.sub(entry);
            }
        }
        for number in short.keys() {
            let row = fresh.entry(*number).or_default();
            match ends.get(number) {
                // What is left ends with a whole record, and is not continued.
                Some(end) => {
                    row.end = *end;
                    row.state = SegmentState::Sealed;
                    row.damaged = true;
                }
                None => {
                    *row = SegmentRow {
                        state: SegmentState::Dropped,
                        ..SegmentRow::default()
                    };
                }
            }
        }
        index::write_rows(transaction, rows, &fresh, next)
    })?;
    *rows = fresh;
    for lost in told.values() {
        tracing::error!(
            segment = lost.segment,
            blocks = lost.blocks,
            bytes = lost.bytes,
            partly = lost.partly,
            "a segment was lost"
        );
    }
    Ok(told.into_values().collect())
}

impl Engine {
    /// Takes off the list what is here again and what `also` names; whether anything changed.
    pub(super) fn find_lost(&self, also: &HashSet<Multihash>) -> Result<(), BlockError> {
        let mut lost = self.lost.lock();
        if lost.is_empty() {
            return Ok(());
        }
        let keys: Vec<Multihash> = lost.keys().cloned().collect();
        let mut changed = false;
        for piece in keys.chunks(4096) {
            for (key, found) in piece.iter().zip(self.find_all(piece.iter())?) {
                if found.is_some() || also.contains(key) {
                    lost.remove(key);
                    changed = true;
                }
            }
        }
        if changed && !self.read_only {
            write(&*self.disk, &lost).map_err(|error| failed("write the lost blocks of", error))?;
        }
        Ok(())
    }

    /// Empties the list: no root reaches any of it.
    pub(super) fn forget_lost(&self) -> Result<(), BlockError> {
        let mut lost = self.lost.lock();
        if lost.is_empty() || self.read_only {
            return Ok(());
        }
        lost.clear();
        write(&*self.disk, &lost).map_err(|error| failed("write the lost blocks of", error))
    }

    /// Tells of each block of the list, until `seen` has enough; whether it had.
    pub(super) fn each_lost(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<bool, BlockError> {
        self.find_lost(&HashSet::new())?;
        let lost: Vec<(Multihash, u32)> = (self.lost.lock().iter())
            .map(|(key, (_, segment))| (key.clone(), *segment))
            .collect();
        for (key, segment) in lost {
            let error = BlockError::Lost {
                key: Cid::v1(Codec::RAW, key.clone()),
                segment,
            };
            if !seen(&key, Err(error)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
