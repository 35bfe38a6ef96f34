//! Pins in memory.

use std::sync::Arc;

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::MemoryRows;
use crate::meta::{Pin, PinChange, PinFilter, PinOwner, PinRows, RowError};

impl MemoryRows {
    fn apply(&self, changes: Vec<PinChange>) -> Result<(), RowError> {
        let mut state = self.state.write();
        state.open()?;
        let pins = Arc::make_mut(&mut state.pins);
        for change in changes {
            match change {
                PinChange::Set(pin) => {
                    pins.insert((pin.cid.to_bytes(), pin.owner), pin);
                }
                PinChange::Remove(cid, owner) => {
                    pins.remove(&(cid.to_bytes(), owner));
                }
            }
        }
        Ok(())
    }
}

/// Whether a pin passes a filter.
fn passes(filter: &PinFilter, pin: &Pin) -> bool {
    filter.mode.is_none_or(|wanted| wanted == pin.mode)
        && filter.owner.is_none_or(|wanted| wanted == pin.owner)
        && filter
            .name_contains
            .as_deref()
            .is_none_or(|part| pin.name.contains(part))
}

impl PinRows for MemoryRows {
    fn pin(&self, cid: &Cid, owner: PinOwner) -> Result<Option<Pin>, RowError> {
        let key = (cid.to_bytes(), owner);
        Ok(self.state.read().open()?.pins.get(&key).cloned())
    }

    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError> {
        // The lock is not held while `each` runs: it may change pins itself.
        let view = Arc::clone(&self.state.read().open()?.pins);
        for pin in view.values().filter(|pin| passes(filter, pin)) {
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
}
