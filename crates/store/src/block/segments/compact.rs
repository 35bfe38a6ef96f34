//! Compaction: copies the live blocks of mostly dead segments, and frees their space.
//!
//! A segment is copied from its end, so that on a nearly full disk it can be cut piece by piece behind the copy. The order
//! is always: the copy is durable, the index says so durably, and only then the old bytes go.

use std::collections::BTreeMap;

use cairn_primitives::Multihash;

use super::super::disk::ALIGN;
use super::super::traits::BlockError;
use super::engine::Engine;
use super::entry::{Entry, SegmentRow, SegmentState};
use super::index::{broken, failed};
use super::record::{self};

/// A segment is worth copying when less than this share (in percent) of it lives.
const WORTH: u64 = 85;
/// Bytes on disk that a collection leaves at most, in percent of the bytes that live; see [`Engine::worth_copying`].
const MOST: u64 = 125;

impl Engine {
    /// The segments to copy, deadest first: as many as it takes for the disk to hold no more than [`MOST`] percent of what
    /// lives. Copying more would cost the time of a collection for space that is soon used again.
    fn worth_copying(&self) -> Vec<(u32, SegmentRow)> {
        let rows = self.rows.lock();
        let live: u64 = rows.values().map(|row| row.data).sum();
        let mut disk = self.index.path_len() + rows.values().map(|row| row.end).sum::<u64>();
        let mut worth: Vec<(u32, SegmentRow)> = rows
            .iter()
            .filter(|(_, row)| row.state == SegmentState::Sealed)
            .filter(|(_, row)| row.records * 100 < row.end * WORTH)
            .map(|(number, row)| (*number, *row))
            .collect();
        drop(rows);
        worth.sort_by_key(|(_, row)| row.records.saturating_mul(1000) / row.end.max(1));
        let needed = worth.iter().take_while(|(_, row)| {
            let too_much = disk.saturating_mul(100) > live.saturating_mul(MOST);
            disk = disk.saturating_sub(row.end - row.records.min(row.end));
            too_much
        });
        let count = needed.count();
        worth.truncate(count);
        worth
    }

    /// Rewrites the segments that are mostly dead.
    pub(super) fn compact(&self, cancelled: &dyn Fn() -> bool) -> Result<(), BlockError> {
        self.seal_wasteful();
        self.checkpoint()?;
        self.drop_dead()?;
        let worth = self.worth_copying();
        let mut rest = worth.as_slice();
        while !rest.is_empty() {
            // A group's entries are found in one pass over the index, and must fit in memory.
            let mut blocks = 0;
            let group = rest.iter().take_while(|(_, row)| {
                let first = blocks == 0;
                blocks += row.blocks;
                first || blocks <= self.limits.moves as u64
            });
            let (group, later) = rest.split_at(group.count().max(1));
            rest = later;
            let mut living: BTreeMap<u32, Vec<(Multihash, Entry)>> = group
                .iter()
                .map(|(number, _)| (*number, Vec::new()))
                .collect();
            self.scan_blocks(|key, entry| {
                if let Some(of) = living.get_mut(&entry.segment) {
                    of.push((Multihash::from_bytes(key).map_err(broken)?, entry));
                }
                Ok(())
            })?;
            for (number, _) in group {
                if cancelled() {
                    return Err(BlockError::Cancelled);
                }
                let Some(mut of) = living.remove(number) else {
                    continue;
                };
                of.sort_unstable_by_key(|(_, entry)| entry.offset);
                match self.rewrite(*number, of) {
                    Ok(()) => {}
                    // The segment stays as it is: whatever can still be read of it must not go.
                    Err(error @ BlockError::Damaged { .. }) => {
                        tracing::error!(%error, segment = *number, "a segment with a damaged block is not compacted");
                    }
                    Err(error @ BlockError::Full { .. }) => {
                        tracing::warn!(%error, "no room to compact further");
                        return Ok(());
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Seals the active segment when much of it is dead, so that it can be rewritten.
    fn seal_wasteful(&self) {
        let Some(active) = self.stage.lock().active() else {
            return;
        };
        let wasteful = self
            .rows
            .lock()
            .get(&active)
            .is_some_and(|row| row.records * 100 < row.end * WORTH);
        if wasteful {
            self.seal_active();
        }
    }

    /// Removes segments in which nothing lives.
    fn drop_dead(&self) -> Result<(), BlockError> {
        let dead: Vec<u32> = {
            let mut rows = self.rows.lock();
            let dead: Vec<u32> = rows
                .iter()
                .filter(|(_, row)| row.state == SegmentState::Sealed && row.blocks == 0)
                .map(|(number, _)| *number)
                .collect();
            if !dead.is_empty() {
                self.change(&mut rows, "drop a segment of", |_, rows| {
                    for number in &dead {
                        rows.insert(
                            *number,
                            SegmentRow {
                                state: SegmentState::Dropped,
                                ..SegmentRow::default()
                            },
                        );
                    }
                    Ok(())
                })?;
            }
            dead
        };
        self.unlink(&dead)
    }

    /// Removes the files of dropped segments, and then the rows that kept them from being taken for new ones.
    pub(super) fn unlink(&self, dropped: &[u32]) -> Result<(), BlockError> {
        if dropped.is_empty() {
            return Ok(());
        }
        // The system frees a large file when it is closed, and that can take a while. Where room is scarce it is needed now.
        let plenty = self.measure_free() > 4 * self.limits.segment;
        for number in dropped {
            if plenty && let Ok(file) = self.files.get(*number) {
                self.warm.close_later(file);
            }
            self.discard(&record::path(*number))
                .map_err(|error| failed("remove a segment of", error))?;
            self.files.forget(*number);
        }
        self.to_warm.raise();
        self.disk
            .sync_dir("segments")
            .map_err(|error| failed("sync the folder of", error))?;
        let mut rows = self.rows.lock();
        // Rows that come back after a crash are dropped at the next opening.
        self.change_lazily(&mut rows, "drop a segment of", |_, rows| {
            for number in dropped {
                rows.remove(number);
            }
            Ok(())
        })
    }

    /// Copies the living blocks of a segment to a new one, and removes it.
    fn rewrite(&self, number: u32, mut living: Vec<(Multihash, Entry)>) -> Result<(), BlockError> {
        let bytes: u64 = living.iter().map(|(_, entry)| entry.total()).sum();
        let free = self.measure_free();
        // When the copy does not fit beside the original, it goes in pieces.
        let piece = if free / 2 > bytes { u64::MAX } else { free / 4 };
        if piece < ALIGN as u64 {
            return Err(BlockError::Full {
                free,
                needed: 4 * ALIGN as u64,
            });
        }
        while !living.is_empty() {
            let mut taken = 0;
            let keep = living.iter().rposition(|(_, entry)| {
                let first = taken == 0;
                taken += entry.total();
                !first && taken > piece
            });
            let group = living.split_off(keep.map_or(0, |last| last + 1));
            let cut = if living.is_empty() {
                None
            } else {
                group.first().map(|(_, entry)| entry.offset)
            };
            self.move_blocks(number, group, cut)?;
        }
        self.drop_dead()
    }
}
