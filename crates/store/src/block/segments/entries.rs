//! Iterates over the entries of the index in key order.
//!
//! It works in batches: a long-lived snapshot would prevent the index from reusing its pages.

use std::cell::RefCell;
use std::ops::Bound;

use super::super::traits::BlockError;
use super::engine::Engine;
use super::entry::Entry;
use super::ids::IdSet;
use super::index::BLOCKS;

/// Entries a piece, where all are walked past at once.
pub(super) const PIECE: usize = 16 << 10;

/// A place between two keys.
#[derive(Debug, Default)]
pub(super) struct KeyPosition {
    /// The last key that was passed; `None` at the front.
    after: Option<Vec<u8>>,
}

impl KeyPosition {
    fn bound(&self) -> Bound<&[u8]> {
        self.after
            .as_deref()
            .map_or(Bound::Unbounded, Bound::Excluded)
    }

    fn pass(&mut self, key: &[u8]) {
        let after = self.after.get_or_insert_default();
        after.clear();
        after.extend_from_slice(key);
    }
}

impl Engine {
    /// The ids of all blocks that the index has.
    pub(super) fn alive(&self) -> Result<IdSet, BlockError> {
        let mut alive = IdSet::default();
        self.scan_blocks(|_, entry| {
            alive.insert(entry.id);
            Ok(())
        })?;
        Ok(alive)
    }

    /// Walks past all entries of the index.
    pub(super) fn scan_blocks(
        &self,
        mut see: impl FnMut(&[u8], Entry) -> Result<(), BlockError>,
    ) -> Result<(), BlockError> {
        let mut place = KeyPosition::default();
        while self.scan_piece(&mut place, PIECE, &mut see)? {}
        Ok(())
    }

    /// Walks past up to `limit` entries; whether there may be more after it. `see` must not change the index.
    pub(super) fn scan_piece(
        &self,
        place: &mut KeyPosition,
        limit: usize,
        see: &mut impl FnMut(&[u8], Entry) -> Result<(), BlockError>,
    ) -> Result<bool, BlockError> {
        self.check_open()?;
        // The index may have to be read twice; the second read continues after what was seen.
        let state = RefCell::new((place, see, Ok(())));
        let full = self.index.read(|transaction| {
            let (place, see, seen) = &mut *state.borrow_mut();
            let table = transaction.open_table(BLOCKS)?;
            let range = table.range::<&[u8]>((place.bound(), Bound::Unbounded))?;
            let mut left = limit;
            for row in range.take(limit) {
                let (key, row) = row?;
                let entry = Entry::decode(row.value())
                    .ok_or_else(|| redb::Error::Corrupted("a block row".to_owned()))?;
                *seen = see(key.value(), entry);
                if seen.is_err() {
                    return Ok(false);
                }
                place.pass(key.value());
                left -= 1;
            }
            Ok(left == 0)
        });
        let full = full.inspect_err(|_| self.check_index())?;
        state.into_inner().2.map(|()| full)
    }
}
