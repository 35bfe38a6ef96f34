//! Checks the index as a whole.
//!
//! redb verifies no page that it reads. Damage inside a page can therefore hide an entry from lookups: the block would be
//! reported as absent, although its segment has it. A verification finds that, and the next opening rebuilds the index.

use std::collections::BTreeMap;

use cairn_primitives::Multihash;
use redb::ReadableTable as _;

use super::super::traits::BlockError;
use super::engine::{Engine, FoundBlock};
use super::entry::{Entry, SegmentRow};
use super::index::{BLOCKS, SEGMENTS, lookup};
use super::record::{self, MAX_HEAD, RecordStart};

/// Entries between two checks of whether the store is being closed.
const STEP: u64 = 16 << 10;

fn damaged(what: &str) -> redb::Error {
    redb::Error::Corrupted(what.to_owned())
}

impl Engine {
    /// Checks that entries are in order, that lookups find each of them, and that the rows of the segments count them. Works on
    /// one snapshot, so that the index cannot reuse pages meanwhile.
    ///
    /// # Errors
    /// When they do not: nothing more is written to the index then, and the next opening rebuilds it.
    pub(super) fn check_entries(&self) -> Result<(), BlockError> {
        let checked = self.index.read(|transaction| {
            let table = transaction.open_table(BLOCKS)?;
            let mut counts: BTreeMap<u32, SegmentRow> = BTreeMap::new();
            let mut last: Option<Vec<u8>> = None;
            for (at, row) in (0_u64..).zip(table.iter()?) {
                if at % STEP == 0 && self.check_open().is_err() {
                    return Ok(());
                }
                let (key, row) = row?;
                let key = key.value();
                if last.as_deref().is_some_and(|last| last >= key) {
                    return Err(damaged("its keys are not in order"));
                }
                if Multihash::from_bytes(key).is_err() {
                    return Err(damaged("a key is no multihash"));
                }
                let entry = Entry::decode(row.value()).ok_or_else(|| damaged("a block row"))?;
                if lookup(&table, key)? != Some(entry) {
                    return Err(damaged("lookups do not find all of its blocks"));
                }
                counts.entry(entry.segment).or_default().add(&entry);
                let last = last.get_or_insert_default();
                last.clear();
                last.extend_from_slice(key);
            }
            for row in transaction.open_table(SEGMENTS)?.iter()? {
                let (number, row) = row?;
                let row =
                    SegmentRow::decode(row.value()).ok_or_else(|| damaged("a segment row"))?;
                let found = counts.remove(&number.value()).unwrap_or_default();
                if (row.blocks, row.records, row.data) != (found.blocks, found.records, found.data)
                {
                    return Err(damaged("blocks of a segment are missing in it"));
                }
            }
            if counts.is_empty() {
                Ok(())
            } else {
                Err(damaged("it has blocks of unknown segments"))
            }
        });
        checked.inspect_err(|_| self.check_index())?;
        self.check_open()
    }

    /// Whether the record of a damaged block is an intact one of another block: then its entry is wrong, not the segment.
    pub(super) fn is_misplaced(&self, key: &Multihash) -> bool {
        let Ok(Some(FoundBlock { entry, .. })) = self.find(key) else {
            return false;
        };
        let Ok(file) = self.files.get(entry.segment) else {
            return false;
        };
        let front = file.read_to_vec(entry.offset, MAX_HEAD);
        let Ok(RecordStart::Record(head)) = front.map(|bytes| record::front(&bytes)) else {
            return false;
        };
        let at = entry.offset.saturating_add(u64::from(head.len));
        let size = usize::try_from(head.data).unwrap_or(usize::MAX);
        head.cid.hash() != key
            && file
                .read_to_vec(at, size)
                .is_ok_and(|data| head.cid.hash().matches(&data).unwrap_or(false))
    }

    /// Has the index rebuilt by the next opening.
    pub(super) fn condemn_index(&self) -> BlockError {
        let what = damaged("an entry has the place of another block");
        let error = self.index.refused("verify", what);
        self.check_index();
        error
    }
}
