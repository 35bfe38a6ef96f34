//! Rows in memory: for tests, and for nodes that keep nothing.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use cairn_primitives::{Cid, Multihash};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

use super::{
    Pin, PinChange, PinFilter, PinMode, Reference, ReferenceChange, ReferenceOrder, RowError, Rows,
};

/// Pins by the CID's bytes: that is the order in which they are listed.
type Pins = BTreeMap<Vec<u8>, Pin>;

/// Rows that live as long as the process. Shares the contract of the durable ones, durability apart.
#[derive(Debug, Default)]
pub struct MemoryRows {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    store_id: Option<String>,
    mfs_root: Option<Cid>,
    /// Shared with listings that run: a change made meanwhile copies the map, so that they keep their view.
    pins: Arc<Pins>,
    references: BTreeMap<Vec<u8>, Reference>,
    closed: bool,
}

impl State {
    fn open(&self) -> Result<&Self, RowError> {
        if self.closed {
            Err(RowError::Closed)
        } else {
            Ok(self)
        }
    }
}

impl MemoryRows {
    /// Empty rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn apply(&self, changes: Vec<PinChange>) -> Result<(), RowError> {
        let mut state = self.state.write();
        state.open()?;
        let pins = Arc::make_mut(&mut state.pins);
        for change in changes {
            match change {
                PinChange::Set(pin) => {
                    pins.insert(pin.cid.to_bytes(), pin);
                }
                PinChange::Remove(cid) => {
                    pins.remove(&cid.to_bytes());
                }
            }
        }
        Ok(())
    }
}

/// Whether a pin passes a filter.
fn passes(filter: &PinFilter, mode: PinMode, name: &str) -> bool {
    filter.mode.is_none_or(|wanted| wanted == mode)
        && filter
            .name_contains
            .as_deref()
            .is_none_or(|part| name.contains(part))
}

/// What references are listed by in the order of their files.
fn place(reference: &Reference) -> (&str, u64, &[u8]) {
    (&reference.path, reference.offset, reference.key.as_bytes())
}

impl Rows for MemoryRows {
    fn store_id(&self) -> Result<Option<String>, RowError> {
        Ok(self.state.read().open()?.store_id.clone())
    }

    fn bind<'a>(&'a self, store_id: &'a str) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(async move {
            let mut state = self.state.write();
            state.open()?;
            state.store_id = Some(store_id.to_owned());
            Ok(())
        })
    }

    fn mfs_root(&self) -> Result<Option<Cid>, RowError> {
        Ok(self.state.read().open()?.mfs_root.clone())
    }

    fn set_mfs_root<'a>(&'a self, root: &'a Cid) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(async move {
            let mut state = self.state.write();
            state.open()?;
            state.mfs_root = Some(root.clone());
            Ok(())
        })
    }

    fn pin(&self, cid: &Cid) -> Result<Option<Pin>, RowError> {
        Ok(self.state.read().open()?.pins.get(&cid.to_bytes()).cloned())
    }

    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError> {
        // The lock is not held while `each` runs: it may change pins itself.
        let view = Arc::clone(&self.state.read().open()?.pins);
        for pin in view
            .values()
            .filter(|pin| passes(filter, pin.mode, &pin.name))
        {
            if !each(pin.clone()) {
                break;
            }
        }
        Ok(())
    }

    fn pin_count(&self) -> Result<u64, RowError> {
        Ok(self.state.read().open()?.pins.len() as u64)
    }

    fn change_pins(&self, changes: Vec<PinChange>) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move { self.apply(changes) })
    }

    fn references(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, RowError> {
        let state = self.state.read();
        let references = &state.open()?.references;
        Ok(keys
            .iter()
            .map(|key| references.get(key.as_bytes()).cloned())
            .collect())
    }

    fn reference_page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, RowError> {
        let state = self.state.read();
        let references = &state.open()?.references;
        if order == ReferenceOrder::Key {
            let from = after.map_or(Bound::Unbounded, |last| {
                Bound::Excluded(last.key.as_bytes().to_vec())
            });
            let page = references.range((from, Bound::Unbounded));
            return Ok(page.take(limit).map(|(_, found)| found.clone()).collect());
        }
        let mut page: Vec<&Reference> = references
            .values()
            .filter(|found| after.is_none_or(|last| place(found) > place(last)))
            .collect();
        page.sort_unstable_by_key(|found| place(found));
        Ok(page.into_iter().take(limit).cloned().collect())
    }

    fn reference_count(&self) -> Result<u64, RowError> {
        Ok(self.state.read().open()?.references.len() as u64)
    }

    fn last_reference(&self) -> Result<u64, RowError> {
        let state = self.state.read();
        let ids = state.open()?.references.values().map(|found| found.id);
        Ok(ids.max().unwrap_or(0))
    }

    fn change_references(
        &self,
        changes: Vec<ReferenceChange>,
    ) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            let mut state = self.state.write();
            state.open()?;
            for change in changes {
                match change {
                    ReferenceChange::Set(new) => {
                        state.references.insert(new.key.as_bytes().to_vec(), new);
                    }
                    ReferenceChange::Remove(key) => {
                        state.references.remove(key.as_bytes());
                    }
                    ReferenceChange::RemoveId(id) => {
                        state.references.retain(|_, found| found.id != id);
                    }
                }
            }
            Ok(())
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            self.state.write().closed = true;
            Ok(())
        })
    }
}
