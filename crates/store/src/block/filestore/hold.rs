//! Holds over both: the store below, and the references.

use std::sync::Arc;

use cairn_primitives::Multihash;

use super::super::future::ReadFuture;
use super::super::holds::{HoldState, Holds, Touch};
use super::super::traits::{BlockError, Hold, HoldGuard};
use super::Shared;

/// A hold of the store below, and one of the references.
#[derive(Debug)]
pub(super) struct FileHold {
    below: Hold,
    /// Of `holds`, as [`FileHold::new`] takes care.
    own: Hold,
    state: Arc<HoldState>,
}

impl FileHold {
    pub(super) fn new(below: Hold, own: Hold, holds: &Arc<Holds>) -> Self {
        // A hold that was just given out is always recognised.
        let state = holds.of(&own).map(Arc::clone).unwrap_or_default();
        Self { below, own, state }
    }

    /// The state of a hold of this store.
    pub(super) fn of<'a>(hold: &'a Hold, holds: &Arc<Holds>) -> Result<&'a Self, BlockError> {
        let any: &dyn std::any::Any = &**hold;
        let hold = any.downcast_ref::<Self>().ok_or(BlockError::OtherHold)?;
        holds.of(&hold.own)?;
        Ok(hold)
    }

    pub(super) fn below(&self) -> &Hold {
        &self.below
    }

    /// Records that the operation relies on a reference.
    pub(super) fn record(&self, id: u64) {
        self.state.record(id);
    }
}

impl HoldGuard for FileHold {
    fn touch<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        match self.below.touch(key).into_ready() {
            Ok(Ok(false)) => self.own.touch(key),
            Ok(below) => ReadFuture::ready(below),
            Err(below) => {
                ReadFuture::waiting(async move { Ok(below.await? || self.own.touch(key).await?) })
            }
        }
    }

    fn touch_blocking(&self, key: &Multihash) -> Result<bool, BlockError> {
        Ok(self.below.touch_blocking(key)? || self.own.touch_blocking(key)?)
    }
}

impl Touch for Shared {
    fn touch(&self, hold: &HoldState, key: &Multihash) -> Result<bool, BlockError> {
        let _gate = self.gate.read();
        self.touch_within(hold, key)
    }

    fn try_touch(&self, hold: &HoldState, key: &Multihash) -> Result<Option<bool>, BlockError> {
        // A collection holds it for as long as a transaction takes.
        let Some(_gate) = self.gate.try_read() else {
            return Ok(None);
        };
        self.touch_within(hold, key).map(Some)
    }
}

impl Shared {
    /// Touches a block while the gate is held.
    fn touch_within(&self, hold: &HoldState, key: &Multihash) -> Result<bool, BlockError> {
        let found = self.find(key)?;
        Ok(found.map(|found| hold.record(found.id)).is_some())
    }
}
