//! Reads blocks that were written past the page cache into it, while the store is idle.
//!
//! Direct writes are faster, but leave nothing in memory, and what was just added is often read next. So when the
//! store has been idle for a moment, the newest writes are read once, a piece at a time, until the next request.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::disk::{ALIGN, DiskFile, spare_memory};
use super::engine::Engine;

/// How long the store must have been idle.
pub(super) const REST: Duration = Duration::from_millis(50);
/// Bytes a piece. They only pass through; what counts is that the system has read them.
const PIECE: u64 = 256 << 10;
/// Bytes that are remembered at most; the oldest go.
const MOST: u64 = 1 << 30;
/// The share of the memory that the system can spare that is filled at most.
const SHARE: u64 = 4;

/// Removed files that wait to be closed, at most.
const GONE: usize = 64;

/// A stretch of a segment.
type SegmentRange = (u32, Range<u64>);

/// What was written and not read since.
#[derive(Debug, Default)]
pub(super) struct Warm {
    fresh: Mutex<RecentWrites>,
    uses: AtomicU64,
    /// Files of segments that were removed.
    gone: Mutex<Vec<Arc<dyn DiskFile>>>,
}

#[derive(Debug, Default)]
struct RecentWrites {
    stretches: VecDeque<SegmentRange>,
    bytes: u64,
}

impl RecentWrites {
    fn push(&mut self, segment: u32, bytes: Range<u64>) {
        match self.stretches.back_mut() {
            Some((last, stretch)) if *last == segment && stretch.end == bytes.start => {
                stretch.end = bytes.end;
            }
            _ => self.stretches.push_back((segment, bytes.clone())),
        }
        self.bytes += bytes.end - bytes.start;
        self.keep(MOST);
    }

    /// Forgets the oldest beyond this many bytes.
    fn keep(&mut self, most: u64) {
        while let Some((_, oldest)) = self.stretches.front_mut()
            && self.bytes > most
        {
            let cut = (self.bytes - most).min(oldest.end - oldest.start);
            oldest.start += cut;
            self.bytes -= cut;
            if oldest.start == oldest.end {
                self.stretches.pop_front();
            }
        }
    }

    /// The oldest bytes: a file is mostly read from its front.
    fn pop(&mut self) -> Option<SegmentRange> {
        let (segment, oldest) = self.stretches.front_mut()?;
        let segment = *segment;
        let end = oldest.end.min(oldest.start + PIECE);
        let piece = oldest.start..end;
        oldest.start = end;
        if oldest.start == oldest.end {
            self.stretches.pop_front();
        }
        self.bytes -= piece.end - piece.start;
        Some((segment, piece))
    }
}

impl Warm {
    /// Records whole sectors that were written. Whether there was nothing before.
    pub(super) fn written(&self, segment: u32, from: u64, to: u64) -> bool {
        let to = to - to % ALIGN as u64;
        if to <= from {
            return false;
        }
        let mut fresh = self.fresh.lock();
        let first = fresh.stretches.is_empty();
        fresh.push(segment, from..to);
        first
    }

    /// Takes a file of which nothing is needed any more, so that closing it keeps nobody waiting.
    pub(super) fn close_later(&self, file: Arc<dyn DiskFile>) {
        let mut gone = self.gone.lock();
        // Where nobody closes them, or not soon enough, the one that comes waits.
        if gone.len() < GONE {
            gone.push(file);
        }
    }

    /// Closes what was left to be closed.
    pub(super) fn close_removed(&self) {
        let gone = std::mem::take(&mut *self.gone.lock());
        drop(gone);
    }

    /// Takes note that somebody reads or writes.
    pub(super) fn used(&self) {
        // Two at once may count as one: it only has to change.
        let uses = self.uses.load(Ordering::Relaxed);
        self.uses.store(uses.wrapping_add(1), Ordering::Relaxed);
    }

    /// Changes whenever somebody reads or writes.
    pub(super) fn uses(&self) -> u64 {
        self.uses.load(Ordering::Relaxed)
    }

    /// Whether there is anything to do.
    pub(super) fn is_waiting(&self) -> bool {
        self.fresh.lock().bytes > 0
    }

    /// Forgets what there would be no room for.
    fn drop_excess(&self) {
        // Where it is not known what can be spared, nothing is.
        self.fresh
            .lock()
            .keep(spare_memory().map_or(0, |bytes| bytes / SHARE));
    }
}

impl Engine {
    /// Reads what was written, until it is all in memory, or somebody reads, writes or collects, or the store closes.
    pub(super) fn warm_up(&self) {
        self.warm.drop_excess();
        let uses = self.warm.uses();
        let mut buffer = vec![0; PIECE as usize];
        while self.warm.uses() == uses
            && !self.collecting.is_locked()
            && !self.closed.load(Ordering::Acquire)
        {
            let Some((segment, piece)) = self.warm.fresh.lock().pop() else {
                return;
            };
            // Gone since, or unreadable: whoever asks for it learns that.
            let Ok(file) = self.files.get(segment) else {
                continue;
            };
            let len = usize::try_from(piece.end - piece.start).unwrap_or(buffer.len());
            if let Some(bytes) = buffer.get_mut(..len) {
                let _ = file.read_at(piece.start, bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ALIGN, MOST, PIECE, RecentWrites, Warm};

    const SECTOR: u64 = ALIGN as u64;

    #[test]
    fn neighbours_are_one_stretch() {
        let mut fresh = RecentWrites::default();
        fresh.push(1, 0..SECTOR);
        fresh.push(1, SECTOR..3 * SECTOR);
        fresh.push(2, 0..SECTOR);
        assert_eq!(fresh.stretches, [(1, 0..3 * SECTOR), (2, 0..SECTOR)]);
        assert_eq!(fresh.bytes, 4 * SECTOR);
    }

    #[test]
    fn pieces_come_from_the_oldest_on() {
        let mut fresh = RecentWrites::default();
        fresh.push(1, 0..PIECE + SECTOR);
        fresh.push(2, 0..SECTOR);
        assert_eq!(fresh.pop(), Some((1, 0..PIECE)));
        assert_eq!(fresh.pop(), Some((1, PIECE..PIECE + SECTOR)));
        assert_eq!(fresh.pop(), Some((2, 0..SECTOR)));
        assert_eq!(fresh.pop(), None);
        assert_eq!(fresh.bytes, 0);
    }

    #[test]
    fn the_oldest_go_beyond_the_bound() {
        let mut fresh = RecentWrites::default();
        fresh.push(1, 0..SECTOR);
        fresh.push(2, 0..MOST);
        assert_eq!(fresh.stretches, [(2, 0..MOST)]);
        fresh.keep(SECTOR);
        assert_eq!(fresh.stretches, [(2, MOST - SECTOR..MOST)]);
        fresh.keep(0);
        assert_eq!((fresh.stretches.len(), fresh.bytes), (0, 0));
    }

    #[test]
    fn a_sector_that_is_not_full_is_written_again() {
        let warm = Warm::default();
        assert!(!warm.written(1, 0, SECTOR - 1));
        assert!(warm.written(1, 0, SECTOR + 1));
        assert!(!warm.written(1, SECTOR, 2 * SECTOR));
        assert!(warm.is_waiting());
    }
}
