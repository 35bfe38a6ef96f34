//! Copies blocks from writers to the staging buffers, or waits for room.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cairn_primitives::Block;
use tokio::sync::oneshot;

use super::super::holds::HoldState;
use super::super::traits::{BlockError, MAX_BLOCK};
use super::damage::Present;
use super::engine::Engine;
use super::entry::{Entry, checksum};
use super::index;
use super::link_rows::{self, NewLinks};

/// How long a measurement of the free space holds.
const MEASURED: Duration = Duration::from_millis(200);

/// The free space, measured at intervals.
#[derive(Debug, Default)]
pub(super) struct FreeSpace {
    at: Option<Instant>,
    bytes: u64,
}

impl FreeSpace {
    /// Measures again at the next write.
    pub(super) fn forget(&mut self) {
        self.at = None;
    }
}

/// How far a write got.
#[derive(Debug)]
pub(super) enum Progress {
    /// All blocks are handed over; those up to this id have to become durable for them to be.
    Done(u64),
    /// There is no room; try again when this resolves.
    Wait(oneshot::Receiver<()>),
}

/// Blocks that are being handed over.
#[derive(Debug)]
pub(super) struct Handover {
    blocks: std::vec::IntoIter<Block>,
    /// Blocks to come first: what found no room, and what takes the place of a damaged entry.
    first: Vec<(Block, Option<Entry>)>,
    present: Present,
    relies_on: u64,
}

impl Handover {
    pub(super) fn new(blocks: Vec<Block>) -> Result<Self, BlockError> {
        if let Some(block) = blocks.iter().find(|block| block.data.len() > MAX_BLOCK) {
            return Err(BlockError::TooBig {
                size: block.data.len(),
            });
        }
        Ok(Self {
            blocks: blocks.into_iter(),
            first: Vec::new(),
            present: Present::default(),
            relies_on: 0,
        })
    }

    fn next(&mut self) -> Option<(Block, Option<Entry>)> {
        self.first
            .pop()
            .or_else(|| self.blocks.next().map(|block| (block, None)))
    }
}

enum Step {
    Next,
    /// The block has this entry; whether it is as it was written remains to be seen.
    Present(Block, Entry),
    NoRoom(Block, oneshot::Receiver<()>),
}

impl Engine {
    /// Hands over blocks until there is no room.
    pub(super) fn advance(
        &self,
        hold: &HoldState,
        handover: &mut Handover,
    ) -> Result<Progress, BlockError> {
        self.check_writable()?;
        if let Some(lost) = hold.lost() {
            return Err(lost.clone());
        }
        loop {
            let Some((block, bad)) = handover.next() else {
                if handover.present.blocks.is_empty() {
                    return Ok(Progress::Done(handover.relies_on));
                }
                self.check_present(handover)?;
                continue;
            };
            if block.cid.hash().identity_data().is_some() {
                continue;
            }
            match self.step(hold, block, bad.as_ref(), &mut handover.relies_on)? {
                Step::Next => {}
                Step::Present(block, entry) => {
                    handover.present.push(block, entry);
                    if handover.present.is_full() {
                        self.check_present(handover)?;
                    }
                }
                Step::NoRoom(block, room) => {
                    handover.first.push((block, bad));
                    self.to_write.raise();
                    self.to_index.raise();
                    return Ok(Progress::Wait(room));
                }
            }
        }
    }

    /// Compares what is present with what is written; what is bad is written again.
    fn check_present(&self, handover: &mut Handover) -> Result<(), BlockError> {
        for (block, entry) in self.compare(&mut handover.present) {
            self.prepare_repair(block.cid.hash(), &entry)?;
            handover.first.push((block, Some(entry)));
        }
        Ok(())
    }

    fn step(
        &self,
        hold: &HoldState,
        block: Block,
        bad: Option<&Entry>,
        relies_on: &mut u64,
    ) -> Result<Step, BlockError> {
        let key = block.cid.hash();
        let gate = self.gate.read();
        let epoch = self.epoch.load(Ordering::Acquire);
        // A damaged entry counts as none, and is replaced.
        let is_bad = |entry: &Entry| bad.is_some_and(|bad| bad.same_place(entry));
        let mut found = self.indexed(key, &gate)?;
        let mut known = found.filter(|entry| !is_bad(entry));
        let total = key.as_bytes().len() + 32 + block.data.len();
        let mut below = None;
        let mut check = None;
        if known.is_none() {
            self.check_space(total as u64)?;
            below = link_rows::of(&block.cid, &block.data);
            check = Some(checksum(&block.data));
        }
        let mut stage = self.stage.lock();
        let mut pending = self.pending.lock();
        if let Some(slot) = pending.get(key) {
            hold.record(slot.entry.id);
            *relies_on = (*relies_on).max(slot.entry.id);
            return Ok(match slot.data {
                Some(_) => Step::Next,
                None => Step::Present(block, slot.entry),
            });
        }
        if known.is_none() && self.epoch.load(Ordering::Acquire) != epoch {
            // It may have gone from the pending entries to the index since we looked there.
            found = self.indexed(key, &gate)?;
            known = found.filter(|entry| !is_bad(entry));
        }
        if let Some(entry) = known {
            hold.record(entry.id);
            return Ok(Step::Present(block, entry));
        }
        if pending.waiting() >= self.limits.pending || !stage.make_room(self, total) {
            // Closing wakes those who wait, once.
            self.check_open()?;
            let (room, wait) = oneshot::channel();
            stage.waiting.push(room);
            return Ok(Step::NoRoom(block, wait));
        }
        let Some((segment, offset, head)) = stage.append(&block) else {
            return Err(index::broken("a record does not fit its buffer"));
        };
        let id = self.next_id.fetch_add(1, Ordering::AcqRel);
        stage.last_id = id;
        hold.record(id);
        *relies_on = id;
        let data = u32::try_from(block.data.len()).map_err(|_| BlockError::TooBig {
            size: block.data.len(),
        })?;
        pending.push(
            key.clone(),
            Entry {
                id,
                segment,
                offset,
                head,
                data,
                check,
            },
            block.data,
        );
        if let Some(bad) = found {
            pending.repairs(id, &bad);
            self.damaged.forget(key);
        }
        if let Some(cids) = below {
            let codec = block.cid.codec();
            pending.push_links(NewLinks { id, codec, cids });
        }
        let waiting = pending.waiting();
        drop(pending);
        let ready = !stage.jobs.is_empty();
        drop(stage);
        if ready {
            self.to_write.raise();
        }
        if waiting >= self.limits.pending / 4 && waiting.is_multiple_of(1024) {
            self.to_index.raise();
        }
        Ok(Step::Next)
    }

    fn indexed(
        &self,
        key: &cairn_primitives::Multihash,
        gate: &super::engine::BlocksBeingRemoved,
    ) -> Result<Option<Entry>, BlockError> {
        let entry = self.index.get(key.as_bytes())?;
        Ok(entry.filter(|entry| gate.get(key) != Some(&entry.id)))
    }

    fn check_space(&self, needed: u64) -> Result<(), BlockError> {
        let mut free = self.free.lock();
        let margin = self.limits.margin;
        let stale =
            free.at.is_none_or(|at| at.elapsed() > MEASURED) || free.bytes < needed + margin;
        if stale {
            // Near the end, every write measures; elsewhere few do.
            free.bytes = self.measure_free();
            free.at = Some(Instant::now());
        }
        if free.bytes < needed + margin {
            return Err(BlockError::Full {
                free: free.bytes,
                needed: needed + margin,
            });
        }
        free.bytes -= needed;
        Ok(())
    }

    /// Sync requests reach every block handed over before.
    pub(super) fn last_id(&self) -> u64 {
        self.stage.lock().last_id
    }
}
