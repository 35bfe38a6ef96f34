//! Iterates over all blocks of an open store.

use cairn_primitives::{Cid, Multihash};

use super::super::traits::{BlockEntry, BlockError};
use super::engine::Engine;
use super::entries::KeyPosition;
use super::index;
use super::record::{self, MAX_HEAD, RecordStart};

/// Reads every block that `keys` names, and tells how it went, until `seen` has enough; then checks the index.
pub(super) fn verify(
    engine: &Engine,
    keys: impl Iterator<Item = Result<BlockEntry, BlockError>>,
    seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
) -> Result<(), BlockError> {
    if engine.each_lost(seen)? {
        return Ok(());
    }
    let mut misplaced = false;
    for entry in keys {
        let key = match entry {
            Ok(entry) => entry.key,
            // Damage of the index has it rebuilt.
            Err(error) => return Err(engine.check_entries().err().unwrap_or(error)),
        };
        let whole = match engine.get_by(&key, true) {
            // Removed meanwhile.
            Ok(None) => continue,
            whole => whole.map(drop),
        };
        misplaced |= matches!(whole, Err(BlockError::Damaged { .. })) && engine.is_misplaced(&key);
        if !seen(&key, whole) {
            return Ok(());
        }
    }
    if misplaced {
        return Err(engine.condemn_index());
    }
    engine.check_entries()
}

/// Calls `each` with the CIDs in the fronts of all records that the index knows.
pub(super) fn cids(engine: &Engine, each: &mut dyn FnMut(Cid) -> bool) -> Result<(), BlockError> {
    engine.settle(engine.last_id());
    engine.checkpoint()?;
    let mut place = KeyPosition::default();
    loop {
        let mut piece: Vec<(u32, u64)> = Vec::new();
        let more = engine.scan_piece(&mut place, PIECE, &mut |_, entry| {
            piece.push((entry.segment, entry.offset));
            Ok(())
        })?;
        piece.sort_unstable();
        for (segment, offset) in piece {
            let front = engine
                .files
                .get(segment)
                .and_then(|file| file.read_to_vec(offset, MAX_HEAD));
            let Ok(RecordStart::Record(head)) = front.map(|bytes| record::front(&bytes)) else {
                continue;
            };
            if !each(head.cid) {
                return Ok(());
            }
        }
        if !more {
            return Ok(());
        }
    }
}

/// Entries that are read at a time.
const PIECE: usize = 4096;

/// Walks past all blocks: first those that wait for the index, then the index.
pub(super) struct Keys<'a> {
    engine: &'a Engine,
    first: std::vec::IntoIter<(Multihash, u32)>,
    seen: std::collections::HashSet<Multihash>,
    piece: std::vec::IntoIter<Result<BlockEntry, BlockError>>,
    place: KeyPosition,
    /// Whether the index may have more behind the piece.
    more: bool,
    ended: bool,
}

impl<'a> Keys<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        let first = engine.pending.lock().keys();
        let seen = first.iter().map(|(key, _)| key.clone()).collect();
        Self {
            engine,
            first: first.into_iter(),
            seen,
            piece: Vec::new().into_iter(),
            place: KeyPosition::default(),
            more: true,
            ended: false,
        }
    }
}

impl Iterator for Keys<'_> {
    type Item = Result<BlockEntry, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Err(closed) = self.engine.check_open() {
            self.ended = true;
            return Some(Err(closed));
        }
        if let Some((key, size)) = self.first.next() {
            return Some(Ok(BlockEntry { key, size }));
        }
        loop {
            if let Some(entry) = self.piece.next() {
                return Some(entry);
            }
            if !self.more {
                self.ended = true;
                return None;
            }
            let mut piece = Vec::new();
            let seen = &self.seen;
            let scanned = self
                .engine
                .scan_piece(&mut self.place, PIECE, &mut |key, entry| {
                    let size = entry.data;
                    match Multihash::from_bytes(key).map_err(index::broken) {
                        Ok(key) if seen.contains(&key) => {}
                        parsed => piece.push(parsed.map(|key| BlockEntry { key, size })),
                    }
                    Ok(())
                });
            match scanned {
                Ok(more) => self.more = more,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
            self.piece = piece.into_iter();
        }
    }
}
