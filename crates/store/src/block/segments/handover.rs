//! Handing blocks over: from whoever writes them to the staging buffers, or a wait for room.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cairn_primitives::Block;
use tokio::sync::oneshot;

use super::super::holds::HoldState;
use super::super::traits::{BlockError, MAX_BLOCK};
use super::engine::Engine;
use super::entry::Entry;
use super::index::{self, BLOCKS};
use super::link_rows::{self, FreshLinks};

/// How long a measurement of the free space holds.
const MEASURED: Duration = Duration::from_millis(200);

/// The free space, measured at intervals.
#[derive(Debug, Default)]
pub(super) struct FreeSpace {
    at: Option<Instant>,
    bytes: u64,
}

impl FreeSpace {
    /// Measures anew at the next write.
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
    current: Option<Block>,
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
            current: None,
            relies_on: 0,
        })
    }

    fn next(&mut self) -> Option<Block> {
        self.current.take().or_else(|| self.blocks.next())
    }
}

enum Step {
    Next,
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
        while let Some(block) = handover.next() {
            if block.cid.hash().identity_data().is_some() {
                continue;
            }
            match self.step(hold, block, &mut handover.relies_on)? {
                Step::Next => {}
                Step::NoRoom(block, room) => {
                    handover.current = Some(block);
                    self.to_write.raise();
                    self.to_index.raise();
                    return Ok(Progress::Wait(room));
                }
            }
        }
        Ok(Progress::Done(handover.relies_on))
    }

    fn step(
        &self,
        hold: &HoldState,
        block: Block,
        relies_on: &mut u64,
    ) -> Result<Step, BlockError> {
        let key = block.cid.hash();
        let gate = self.gate.read();
        let epoch = self.epoch.load(Ordering::Acquire);
        let mut known = self.indexed(key, &gate)?;
        let total = key.as_bytes().len() + 32 + block.data.len();
        let mut below = None;
        if known.is_none() {
            self.check_space(total as u64)?;
            below = link_rows::of(&block.cid, &block.data);
        }
        let mut stage = self.stage.lock();
        let mut pending = self.pending.lock();
        if let Some(slot) = pending.get(key) {
            hold.record(slot.entry.id);
            *relies_on = (*relies_on).max(slot.entry.id);
            return Ok(Step::Next);
        }
        if known.is_none() && self.epoch.load(Ordering::Acquire) != epoch {
            // It may have gone from the pending entries to the index since we looked there.
            known = self.indexed(key, &gate)?;
        }
        if let Some(entry) = known {
            hold.record(entry.id);
            return Ok(Step::Next);
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
            },
            block.data,
        );
        if let Some(cids) = below {
            let codec = block.cid.codec();
            pending.push_links(FreshLinks { id, codec, cids });
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
        gate: &super::engine::Dying,
    ) -> Result<Option<Entry>, BlockError> {
        let entry = self
            .index
            .read(|transaction| index::lookup(&transaction.open_table(BLOCKS)?, key.as_bytes()))?;
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
