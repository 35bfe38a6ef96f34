//! Live holds, and the blocks that a collection must keep because of them.
//!
//! Every block has a small id, assigned in the order of writing and never reused. A collection may only take ids
//! below its *floor*: the lowest id that any operation that was active at its start could have written. Ids below it
//! that a hold touched are kept: by the hold's own bitmap while it lives, afterwards by the collection's.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use cairn_primitives::Multihash;
use parking_lot::Mutex;
use roaring::RoaringTreemap;

use super::future::{ReadFuture, unblock};
use super::traits::{BlockError, Hold, HoldGuard};

/// Answers touches for a store's holds.
pub(super) trait Touch: Send + Sync + 'static {
    /// Looks up a block and, if present, records it in the hold, atomically with respect to removals. May wait for a
    /// sync.
    fn touch(&self, hold: &HoldState, key: &Multihash) -> Result<bool, BlockError>;

    /// As [`Touch::touch`], but `None` if it would have to wait; the block may be recorded anyway.
    fn try_touch(&self, hold: &HoldState, key: &Multihash) -> Result<Option<bool>, BlockError> {
        self.touch(hold, key).map(Some)
    }
}

/// The state of a hold.
#[derive(Debug, Default)]
pub(super) struct HoldState {
    /// Ids of the blocks that the operation wrote or found present.
    ids: Mutex<RoaringTreemap>,
    /// Why blocks of this operation were lost, once some were.
    lost: OnceLock<BlockError>,
}

impl HoldState {
    /// Records that the operation relies on a block.
    pub(super) fn record(&self, id: u64) {
        self.ids.lock().insert(id);
    }

    /// The failure that lost blocks of this operation.
    pub(super) fn lost(&self) -> Option<&BlockError> {
        self.lost.get()
    }
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    /// Live holds with the floor of each.
    live: HashMap<u64, (u64, Arc<HoldState>)>,
    /// What holds touched that ended while the running collection runs.
    inherited: Option<RoaringTreemap>,
}

/// The holds of one store.
#[derive(Debug, Default)]
pub(super) struct Holds {
    inner: Mutex<Inner>,
}

impl Holds {
    /// Creates a hold. `next_id` is read while no collection can take its position.
    pub(super) fn give<S: Touch>(
        self: &Arc<Self>,
        store: &Arc<S>,
        next_id: impl FnOnce() -> u64,
    ) -> Hold {
        let state = Arc::new(HoldState::default());
        let mut inner = self.inner.lock();
        inner.next += 1;
        let number = inner.next;
        inner.live.insert(number, (next_id(), Arc::clone(&state)));
        drop(inner);
        Arc::new(StoreHold {
            number,
            state,
            holds: Arc::clone(self),
            store: Arc::downgrade(store) as Weak<dyn Touch>,
        })
    }

    /// The state of a hold of this store.
    pub(super) fn of<'a>(
        self: &Arc<Self>,
        hold: &'a Hold,
    ) -> Result<&'a Arc<HoldState>, BlockError> {
        let any: &dyn std::any::Any = &**hold;
        match any.downcast_ref::<StoreHold>() {
            Some(own) if Arc::ptr_eq(&own.holds, self) => Ok(&own.state),
            _ => Err(BlockError::OtherHold),
        }
    }

    /// Whether at most one operation that writes is under way.
    pub(super) fn is_one_at_most(&self) -> bool {
        self.inner.lock().live.len() <= 1
    }

    /// Takes a collection's position among the holds; returns its floor.
    pub(super) fn begin_collection(&self, next_id: impl FnOnce() -> u64) -> u64 {
        let mut inner = self.inner.lock();
        inner.inherited = Some(RoaringTreemap::new());
        let next = next_id();
        inner
            .live
            .values()
            .map(|(floor, _)| *floor)
            .fold(next, u64::min)
    }

    /// Ends a collection.
    pub(super) fn end_collection(&self) {
        self.inner.lock().inherited = None;
    }

    /// Removes from `victims` the blocks that a hold keeps. Call it while no touch can be active.
    pub(super) fn spare<T>(&self, victims: &mut Vec<T>, id: impl Fn(&T) -> u64) {
        let inner = self.inner.lock();
        let live: Vec<_> = inner
            .live
            .values()
            .map(|(_, state)| state.ids.lock())
            .collect();
        victims.retain(|victim| {
            let id = id(victim);
            !inner.inherited.as_ref().is_some_and(|ids| ids.contains(id))
                && !live.iter().any(|ids| ids.contains(id))
        });
    }

    /// Records that the blocks of an id range were lost: operations that rely on them fail.
    pub(super) fn lose(&self, ids: std::ops::Range<u64>, why: &BlockError) {
        for (_, state) in self.inner.lock().live.values() {
            let relied = state.ids.lock().range_cardinality(ids.clone()) > 0;
            if relied {
                let _ = state.lost.set(why.clone());
            }
        }
    }

    /// The failure of some live hold that has lost blocks.
    pub(super) fn any_lost(&self) -> Option<BlockError> {
        self.inner
            .lock()
            .live
            .values()
            .find_map(|(_, state)| state.lost().cloned())
    }
}

struct StoreHold {
    number: u64,
    state: Arc<HoldState>,
    holds: Arc<Holds>,
    store: Weak<dyn Touch>,
}

impl StoreHold {
    fn store(&self) -> Result<Arc<dyn Touch>, BlockError> {
        self.store.upgrade().ok_or(BlockError::Closed)
    }
}

impl HoldGuard for StoreHold {
    fn touch<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        if key.identity_data().is_some() {
            return ReadFuture::ready(Ok(true));
        }
        let store = match self.store() {
            Ok(store) => store,
            Err(closed) => return ReadFuture::ready(Err(closed)),
        };
        match store.try_touch(&self.state, key) {
            Ok(Some(found)) => ReadFuture::ready(Ok(found)),
            Err(error) => ReadFuture::ready(Err(error)),
            Ok(None) => {
                let (state, key) = (Arc::clone(&self.state), key.clone());
                ReadFuture::waiting(unblock(move || store.touch(&state, &key)))
            }
        }
    }

    fn touch_blocking(&self, key: &Multihash) -> Result<bool, BlockError> {
        if key.identity_data().is_some() {
            return Ok(true);
        }
        self.store()?.touch(&self.state, key)
    }
}

impl Drop for StoreHold {
    fn drop(&mut self) {
        let mut inner = self.holds.inner.lock();
        inner.live.remove(&self.number);
        if let Some(inherited) = &mut inner.inherited {
            *inherited |= &*self.state.ids.lock();
        }
    }
}

impl fmt::Debug for StoreHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
