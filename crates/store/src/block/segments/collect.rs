//! Garbage collection, concurrent with writers: removes what is not reachable from a root or kept by a hold.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cairn_primitives::{Cid, Multihash};

use super::super::traits::{BlockError, Collected, Collector, Root};
use super::checkpoint::{Removal, Removed};
use super::engine::Engine;
use super::entries;
use super::ids::IdSet;
use super::index::broken;
use super::mark::ExternalLinks;

/// Ends a collection's place among the holds, however it ends.
struct CollectionEnd<'a>(&'a Engine);

impl Drop for CollectionEnd<'_> {
    fn drop(&mut self) {
        self.0.holds.end_collection();
    }
}

/// Victims are removed in one walk when one in so many entries is one.
const DENSE: usize = 8;

/// Blocks to be removed together.
#[derive(Default)]
struct Batch {
    /// In the order of their keys.
    victims: Vec<Removed>,
    /// Entries among which they were found.
    passed: usize,
}

/// How long each part takes.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self) -> Duration {
        let began = std::mem::replace(&mut self.0, Instant::now());
        began.elapsed()
    }
}

impl Engine {
    /// Collects; see [`super::super::BlockStore::collect`].
    pub(super) fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        let collector = RefCell::new(collector);
        self.collect_with(
            &mut || collector.borrow_mut().roots(),
            &mut |cids| collector.borrow_mut().elsewhere(cids),
            &mut |key| collector.borrow_mut().removed(key),
            &|| collector.borrow().cancelled(),
        )
    }

    /// Collects, asking each question by a function of its own; nothing is elsewhere.
    pub(super) fn collect_by(
        &self,
        roots: &mut dyn FnMut() -> Result<Vec<Root>, BlockError>,
        removed: &mut dyn FnMut(&Multihash),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Collected, BlockError> {
        let elsewhere = &mut |cids: &[Cid]| Ok(vec![None; cids.len()]);
        self.collect_with(roots, elsewhere, removed, cancelled)
    }

    fn collect_with(
        &self,
        roots: &mut dyn FnMut() -> Result<Vec<Root>, BlockError>,
        elsewhere: ExternalLinks<'_>,
        removed: &mut dyn FnMut(&Multihash),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Collected, BlockError> {
        self.check_writable()?;
        let _one = self.collecting.lock();
        // On a full disk, the reserve is what the index and the copies of a compaction live on.
        if self.measure_free() < 4 * self.limits.margin {
            self.reserve.release();
        }
        let done = self.collect_alone(roots, elsewhere, removed, cancelled);
        self.free.lock().forget();
        if let Err(error) = self.reserve.fill() {
            tracing::warn!(%error, "cannot refill the reserve file of the block store");
        }
        done
    }

    fn collect_alone(
        &self,
        roots: &mut dyn FnMut() -> Result<Vec<Root>, BlockError>,
        elsewhere: ExternalLinks<'_>,
        removed: &mut dyn FnMut(&Multihash),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Collected, BlockError> {
        let before = self.disk_bytes();
        let mut clock = Clock::start();
        self.checkpoint()?;
        let indexing = clock.lap();
        // First the floor, then the roots: a pin that commits before the roots are read is among them, and one that
        // commits later has a hold that lives now.
        let floor = self
            .holds
            .begin_collection(|| self.next_id.load(Ordering::Acquire));
        let place = CollectionEnd(self);
        let roots = roots()?;
        let mut alive = self.alive()?;
        let scanning = clock.lap();
        let marks = self.mark(&roots, &alive, elsewhere, cancelled)?;
        if marks.unseen.count > 0 {
            return Err(BlockError::Unreadable(Arc::new(marks.unseen)));
        }
        let marking = clock.lap();
        let mut done = Collected {
            missing: marks.missing,
            ..Collected::default()
        };
        let mut batch = Batch::default();
        let mut at = entries::KeyPosition::default();
        let mut more = true;
        while more {
            more = self.scan_piece(&mut at, entries::PIECE, &mut |key, entry| {
                batch.passed += 1;
                if entry.id < floor && !marks.marked.contains(entry.id) {
                    let key = Multihash::from_bytes(key).map_err(broken)?;
                    batch.victims.push((key, entry));
                }
                Ok(())
            })?;
            if batch.victims.len() >= self.limits.sweep || !more {
                let batch = std::mem::take(&mut batch);
                self.sweep(batch, removed, cancelled, &mut alive, &mut done)?;
            }
        }
        drop(place);
        // Everything that a root reaches is here.
        self.forget_lost()?;
        if done.blocks > 0 {
            self.drop_stale_links(|id| id >= floor || alive.contains(id))?;
        }
        let sweeping = clock.lap();
        self.compact(cancelled)?;
        let compacting = clock.lap();
        let rows = self.rows.lock();
        if let Err(error) = self.index.shrink(
            rows.values().map(|row| row.blocks).sum(),
            self.limits.shrink_from,
        ) {
            tracing::warn!(%error, "cannot shrink the block index");
            self.check_index();
        }
        drop(rows);
        tracing::debug!(
            ?indexing,
            ?scanning,
            ?marking,
            ?sweeping,
            ?compacting,
            shrinking = ?clock.lap(),
            blocks = done.blocks,
            "collected"
        );
        done.disk_bytes = before.saturating_sub(self.disk_bytes());
        Ok(done)
    }

    fn sweep(
        &self,
        batch: Batch,
        removed: &mut dyn FnMut(&Multihash),
        cancelled: &dyn Fn() -> bool,
        alive: &mut IdSet,
        done: &mut Collected,
    ) -> Result<(), BlockError> {
        if cancelled() {
            return Err(BlockError::Cancelled);
        }
        if batch.victims.is_empty() {
            return Ok(());
        }
        let dense = batch.victims.len() * DENSE >= batch.passed;
        let taken = self.take(
            batch.victims,
            |victims| self.holds.spare(victims, |(_, entry)| entry.id),
            if dense {
                Removal::SweptDense
            } else {
                Removal::Swept
            },
        )?;
        for (key, entry) in &taken {
            done.blocks += 1;
            done.bytes += u64::from(entry.data);
            alive.remove(entry.id);
            removed(key);
        }
        Ok(())
    }

    /// Bytes on disk.
    fn disk_bytes(&self) -> u64 {
        self.sums.lock().disk_bytes + self.index.path_len() + self.active_slack()
    }
}
