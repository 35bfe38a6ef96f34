//! Touches: a block that is present is protected from collection by the hold.

use std::sync::atomic::Ordering;

use cairn_primitives::Multihash;

use super::super::holds::{HoldState, Touch};
use super::super::traits::BlockError;
use super::engine::Engine;

/// The outcome of a touch.
enum TouchResult {
    /// Whether the block is there.
    Found(bool),
    /// It is there once a sync has settled it.
    Unsettled {
        id: u64,
        /// Whether damaged copies are being replaced.
        repairing: bool,
    },
}

impl Engine {
    fn begin_touch(&self, hold: &HoldState, key: &Multihash) -> Result<TouchResult, BlockError> {
        self.check_open()?;
        let gate = self.gate.read();
        let waiting = {
            let pending = self.pending.lock();
            pending.get(key).map(|slot| {
                hold.record(slot.entry.id);
                slot.entry.id
            })
        };
        if let Some(id) = waiting {
            let repairing = self.pending.lock().is_repairing();
            if repairing || id > self.settled.load(Ordering::Acquire) {
                return Ok(TouchResult::Unsettled { id, repairing });
            }
            return Ok(TouchResult::Found(true));
        }
        let entry = self
            .index
            .get(key.as_bytes())?
            .filter(|entry| gate.get(key) != Some(&entry.id));
        if let Some(entry) = entry {
            hold.record(entry.id);
        }
        let whole = entry.is_some_and(|entry| !self.damaged.has(key, &entry));
        Ok(TouchResult::Found(whole))
    }
}

impl Touch for Engine {
    fn touch(&self, hold: &HoldState, key: &Multihash) -> Result<bool, BlockError> {
        let (id, repairing) = match self.begin_touch(hold, key)? {
            TouchResult::Found(found) => return Ok(found),
            TouchResult::Unsettled { id, repairing } => (id, repairing),
        };
        if id > self.settled.load(Ordering::Acquire) {
            self.settle(id);
            if let Some(lost) = hold.lost() {
                return Err(lost.clone());
            }
        }
        if repairing {
            self.switch_repaired()?;
        }
        Ok(true)
    }

    fn try_touch(&self, hold: &HoldState, key: &Multihash) -> Result<Option<bool>, BlockError> {
        Ok(match self.begin_touch(hold, key)? {
            TouchResult::Found(found) => Some(found),
            TouchResult::Unsettled { .. } => None,
        })
    }
}
